// What the parts of a scaling run have in common: a table each, and a Worker that has been warmed.

import { free, paid, unpaid, type Wallet } from "../cases.ts";
import { type Measurement, measure, SOLD, type Stage } from "../measure.ts";
import { newKeys, type Signed, signPayments } from "../payments.ts";
import { paying, type Running, start } from "../running.ts";
import type { Subject } from "../subjects.ts";

/** By the heads of their columns. */
export type Row = { readonly [head: string]: number | string };

export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

export const CONNECTIONS = 50;

const WARM = { connections: CONNECTIONS, durationMs: 500 };
const WARM_PAYMENTS = 500;
const WARM_PAYERS = 100;

/** Runs with a Worker that has sold some calls already, and ends it. */
export async function withWarm<T>(stage: Stage, subject: Subject, use: (running: Running) => Promise<T>): Promise<T> {
  const running = await start(subject);
  try {
    const wallet: Wallet = { fresh: await signed(WARM_PAYMENTS, WARM_PAYERS), spent: [] };
    for (const { run } of [free, unpaid, paid]) await run(stage, running, WARM, wallet);
    return await use(running);
  } finally {
    await running.runtime.stop();
  }
}

/** By payers that nobody knows yet. */
export const signed = (count: number, payers: number): Promise<readonly Signed[]> =>
  signPayments({ count, keys: newKeys(payers) });

/** A figure, or what was wrong in its place. */
export const told = (measurement: Measurement, figure: (right: Measurement) => number): number | string =>
  measurement.wrong === null ? figure(measurement) : `wrong: ${measurement.wrong}`;

export const rate = ({ ratePerSecond }: Measurement): number => ratePerSecond;

/** What takes longer is measured for so long. */
const CALLS_MS_MAX = 300_000;

export async function pay(stage: Stage, running: Running, payments: readonly Signed[]): Promise<Measurement> {
  const requests = await paying(running, payments);
  const load = { connections: CONNECTIONS, durationMs: CALLS_MS_MAX, requests, isOnce: true };
  return measure(stage, running.runtime, load, SOLD);
}

export const callFigures = (measurement: Measurement): Row => ({
  "paid calls/s": told(measurement, rate),
  "p50 ms": measurement.p50Ms,
  "p99 ms": measurement.p99Ms,
  "CPU ms/call": measurement.cpuMsPerCall,
});
