// The gate beside the limit and its peers. In every round each Worker starts anew, is warmed, and then they take turns
// case by case: what drifts on the machine meets all of them, and a ratio is always of two neighbours.

import {
  type Case,
  firstEvent,
  forged,
  free,
  type Order,
  paid,
  paymentsFor,
  replayed,
  unpaid,
  type Wallet,
} from "./cases.ts";
import { type Result, type Row, rowsOf } from "./comparison.ts";
import { type Spread, spreadOf } from "./figures.ts";
import type { Stage } from "./measure.ts";
import { newKeys, signPayments } from "./payments.ts";
import { type Running, start } from "./running.ts";
import type { Subject } from "./subjects.ts";

export interface Plan {
  readonly hasPeers: boolean;
  readonly rounds: number;
  readonly cases: readonly Case[];
  readonly connections: readonly number[];
  readonly durationMs: number;
}

export const FULL: Plan = {
  hasPeers: true,
  rounds: 7,
  cases: [free, unpaid, paid, replayed, forged, firstEvent],
  connections: [50, 1],
  durationMs: 2000,
};
export const QUICK: Plan = {
  hasPeers: false,
  rounds: 3,
  cases: [free, unpaid, paid],
  connections: [50],
  durationMs: 2000,
};

/** Their payments take turns, so that one payer's object is not what is measured. */
export const PAYERS = 100;

export interface Comparison {
  readonly startMs: readonly { readonly subject: string; readonly startMs: Spread; readonly gzipKb: number }[];
  readonly rows: readonly Row[];
}

export async function compare(
  stage: Stage,
  subjects: readonly Subject[],
  plan: Plan,
  tell: (line: string) => void,
): Promise<Comparison> {
  const results: Result[] = [];
  const starts = new Map<string, number[]>();
  const keys = newKeys(PAYERS);
  const perRound = plan.connections.reduce(
    (sum, connections) => sum + paymentsFor({ connections, durationMs: plan.durationMs }),
    WARM_PAYMENTS + STREAM_PAYMENTS,
  );
  for (let round = 1; round <= plan.rounds; round += 1) {
    tell(`round ${round} of ${plan.rounds}`);
    const fresh = await signPayments({ count: perRound, keys });
    // Who comes first changes: what the first one leaves warm or busy shall not be one Worker's advantage.
    const inTurn = subjects.map((_, i) => subjects[(i + round - 1) % subjects.length] as Subject);
    const visits = await open(stage, inTurn, fresh);
    for (const { running } of visits) {
      const { name } = running.subject;
      starts.set(name, [...(starts.get(name) ?? []), running.startMs]);
    }
    try {
      results.push(...(await playRound(stage, visits, plan)));
    } finally {
      for (const { running } of visits) await running.runtime.stop();
    }
  }
  return {
    startMs: subjects.map(({ name, gzipKb }) => ({ subject: name, gzipKb, startMs: spreadOf(starts.get(name) ?? []) })),
    rows: rowsOf(results),
  };
}

interface Visit {
  readonly running: Running;
  readonly wallet: Wallet;
}

const WARM_PAYMENTS = 500;
const STREAM_PAYMENTS = 100;
const WARM: Order = { connections: 50, durationMs: 500 };

async function open(stage: Stage, subjects: readonly Subject[], fresh: Wallet["fresh"]): Promise<readonly Visit[]> {
  const visits: Visit[] = [];
  try {
    for (const subject of subjects) {
      const visit: Visit = {
        running: await start(subject),
        wallet: { fresh: fresh.slice(0, WARM_PAYMENTS), spent: [] },
      };
      visits.push(visit);
      for (const { run } of [free, unpaid, paid]) await run(stage, visit.running, WARM, visit.wallet);
      visit.wallet.fresh = fresh.slice(WARM_PAYMENTS);
    }
    return visits;
  } catch (error) {
    for (const { running } of visits) await running.runtime.stop();
    throw error;
  }
}

async function playRound(stage: Stage, visits: readonly Visit[], plan: Plan): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const { name, run, isAlone, isPaid = false } of plan.cases) {
    for (const connections of isAlone ? [1] : plan.connections) {
      for (const { running, wallet } of visits) {
        if (running.subject.isPaidOnly && !isPaid) continue;
        const measurement = await run(stage, running, { connections, durationMs: plan.durationMs }, wallet);
        if (measurement) results.push({ name, connections, subject: running.subject.name, measurement });
      }
    }
  }
  return results;
}
