// One measurement: load on one Worker, and what it answered, took and asked behind it. Answers that are not what they
// should be are told as wrong, whatever their speed.

import { setTimeout as sleep } from "node:timers/promises";
import { ANSWER_BYTES, type Backends, type Counts, type Observed } from "./backends.ts";
import { percentile } from "./figures.ts";
import type { Answered, Load, LoadMaker } from "./load.ts";
import type { Runtime } from "./runtime.ts";

export interface Stage {
  readonly backends: Backends;
  readonly loadMaker: LoadMaker;
}

export interface Expected {
  readonly status: number;
  /** Of each request; null where it does not matter. */
  readonly bodyBytes: number | null;
  /** How often each is asked for one request; those that are left out may be asked or not. */
  readonly calls: Partial<Counts>;
}

export interface Measurement {
  readonly count: number;
  readonly ratePerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the runtime's process, with what it did behind the answers. */
  readonly cpuMsPerCall: number;
  /** How much of one core it had: far below 1 at many connections, something else was the limit. */
  readonly busy: number;
  /** How much of one core the client had: near 1, it was the limit. */
  readonly clientBusy: number;
  /** What of a call was spent waiting for the facilitator; calls that run side by side count one after the other. */
  readonly facilitatorMsPerCall: number;
  /** Null, or what was not as it should be. */
  readonly wrong: string | null;
}

export const SOLD: Expected = { status: 200, bodyBytes: ANSWER_BYTES, calls: { upstream: 1, settle: 1 } };
export const PASSED: Expected = { status: 200, bodyBytes: ANSWER_BYTES, calls: { upstream: 1, verify: 0, settle: 0 } };

export const refusedWith = (status: number): Expected => ({
  status,
  bodyBytes: null,
  calls: { upstream: 0, settle: 0 },
});

/** What goes on behind the last answers ends within this. */
const BEHIND_MS = 100;

export async function measure(
  { backends, loadMaker }: Stage,
  runtime: Runtime,
  load: Omit<Load, "port">,
  expected: Expected,
): Promise<Measurement> {
  await backends.observed();
  const before = runtime.cpuMs();
  const answered = await loadMaker.ask({ ...load, port: runtime.port });
  await sleep(BEHIND_MS);
  const cpuMs = runtime.cpuMs() - before;
  const observed = await backends.observed();
  const { latenciesMs, durationMs } = answered;
  const count = latenciesMs.length;
  const sorted = latenciesMs.toSorted();
  return {
    count,
    ratePerSecond: (count / durationMs) * 1000,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    cpuMsPerCall: cpuMs / count,
    busy: cpuMs / durationMs,
    clientBusy: answered.clientCpuMs / durationMs,
    facilitatorMsPerCall: observed.facilitatorMs / count,
    wrong: complaint(answered, observed, expected),
  };
}

function complaint({ statuses, latenciesMs, bodyBytes, broken }: Answered, observed: Observed, expected: Expected) {
  const count = latenciesMs.length;
  if (count === 0) return "nothing was answered";
  if (broken > 0) return `${broken} connections broke`;
  const others = Object.entries(statuses).filter(([status]) => Number(status) !== expected.status);
  if (others.length > 0) return `${others.map(([status, of]) => `${of} of ${count} answered ${status}`).join(", ")}`;
  if (expected.bodyBytes !== null && bodyBytes !== count * expected.bodyBytes) {
    return `the ${count} bodies have ${bodyBytes} bytes`;
  }
  for (const [name, times] of Object.entries(expected.calls)) {
    const asked = observed[name as keyof Counts];
    if (asked !== count * times) return `${name} was asked ${asked} times for ${count} calls`;
  }
  return null;
}
