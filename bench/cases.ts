// What is asked of a Worker, and what it should answer.

import { type Expected, type Measurement, measure, PASSED, refusedWith, SOLD, type Stage } from "./measure.ts";
import { forge, type Signed } from "./payments.ts";
import { paying, plain, type Running } from "./running.ts";

/** Of one Worker in one round. */
export interface Wallet {
  /** Signed and not used yet; those that were sent are taken off its front. */
  fresh: readonly Signed[];
  /** Sent last, and taken. */
  spent: readonly Signed[];
}

export interface Order {
  readonly connections: number;
  readonly durationMs: number;
  readonly beginWithinMs?: number;
}

export interface Case {
  readonly name: string;
  /** Null where the Worker has no such thing. */
  readonly run: (stage: Stage, running: Running, order: Order, wallet: Wallet) => Promise<Measurement | null>;
  readonly isPaid?: true;
  /** At one connection only. */
  readonly isAlone?: true;
}

const SPENT = 500;
const FORGED = 2000;

/** Payments enough that no Worker here uses them up while one is measured; one that does is measured for less long. */
export const paymentsFor = ({ connections, durationMs }: Order): number =>
  Math.round(((connections > 1 ? 2500 : 1000) * durationMs) / 1000);

export const free: Case = {
  name: "free path",
  run: (stage, running, order) =>
    measure(stage, running.runtime, { ...order, requests: plain(running, "/free"), isOnce: false }, PASSED),
};

export const unpaid: Case = {
  name: "unpaid, 402",
  run: (stage, running, order) =>
    measure(stage, running.runtime, { ...order, requests: plain(running, "/priced"), isOnce: false }, refusedWith(402)),
};

export const paid: Case = {
  name: "paid call",
  isPaid: true,
  async run(stage, running, order, wallet) {
    const payments = wallet.fresh.slice(0, paymentsFor(order));
    const requests = await paying(running, payments);
    const measured = await measure(stage, running.runtime, { ...order, requests, isOnce: true }, SOLD);
    wallet.fresh = wallet.fresh.slice(measured.count);
    wallet.spent = payments.slice(0, measured.count).slice(-SPENT);
    return measured;
  },
};

export const replayed: Case = {
  name: "replayed payment",
  run: (stage, running, order, { spent }) => refused(stage, running, order, spent, "replayed"),
};

export const forged: Case = {
  name: "forged payment",
  run: (stage, running, order, { fresh }) =>
    refused(stage, running, order, fresh.slice(0, FORGED).map(forge), "forged"),
};

/** From when the upstream sent its first event to when the client has it. */
export const firstEvent: Case = {
  name: "paid SSE, first event",
  isPaid: true,
  isAlone: true,
  async run(stage, running, order, wallet) {
    const expected: Expected = { ...SOLD, bodyBytes: null };
    const requests = await paying(running, wallet.fresh.slice(0, STREAMS), { path: "/stream" });
    const load = { connections: 1, durationMs: order.durationMs, requests, isOnce: true, isStream: true };
    const measured = await measure(stage, running.runtime, load, expected);
    wallet.fresh = wallet.fresh.slice(measured.count);
    return measured;
  },
};

/** A stream takes a tenth of a second. */
const STREAMS = 100;

async function refused(
  stage: Stage,
  running: Running,
  order: Order,
  payments: readonly Signed[],
  kind: "replayed" | "forged",
): Promise<Measurement | null> {
  const { refusals } = running.subject;
  if (refusals === null) return null;
  const requests = await paying(running, payments);
  return measure(stage, running.runtime, { ...order, requests, isOnce: false }, refusedWith(refusals[kind]));
}
