// What the rounds of a comparison come to. A ratio is taken in each round, of two Workers that were measured one after the
// other; where one of them answered wrongly in any round there is none.

import { ratios, type Spread, spreadOf } from "./figures.ts";
import type { Measurement } from "./measure.ts";
import { GATE, LIMIT } from "./subjects.ts";

/** Of one Worker in one round. */
export interface Result {
  readonly name: string;
  readonly connections: number;
  readonly subject: string;
  readonly measurement: Measurement;
}

export interface Row {
  readonly name: string;
  readonly connections: number;
  readonly subject: string;
  /** Null where every round was as it should be; then the figures count. */
  readonly wrong: string | null;
  readonly ratePerSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  readonly cpuMsPerCall: Spread;
  readonly busy: Spread;
  readonly clientBusy: Spread;
  /** Of the same round, where both are right. */
  readonly ofLimit: Spread | null;
  readonly cpuOfLimit: Spread | null;
  readonly p50BeyondLimitMs: Spread | null;
  /** The gate's rate by this one's. */
  readonly gateToIt: Spread | null;
}

/** In the order in which they were first measured. */
export function rowsOf(results: readonly Result[]): readonly Row[] {
  const kinds = Map.groupBy(results, ({ name, connections }) => JSON.stringify([name, connections]));
  return [...kinds.values()].flatMap((of) => {
    const rounds = Map.groupBy(of, ({ subject }) => subject);
    const measured = (subject: string): readonly Measurement[] =>
      (rounds.get(subject) ?? []).map(({ measurement }) => measurement);
    const others = { limit: measured(LIMIT), gate: measured(GATE) };
    return [...rounds].flatMap(([subject, [first]]) =>
      first ? [{ name: first.name, connections: first.connections, subject, ...rowOf(measured(subject), others) }] : [],
    );
  });
}

type Others = { readonly limit: readonly Measurement[]; readonly gate: readonly Measurement[] };

const rate = ({ ratePerSecond }: Measurement): number => ratePerSecond;
const cpu = ({ cpuMsPerCall }: Measurement): number => cpuMsPerCall;

function rowOf(own: readonly Measurement[], { limit, gate }: Others): Omit<Row, "name" | "connections" | "subject"> {
  const spread = (of: (one: Measurement) => number): Spread => spreadOf(own.map(of));
  const areRight = (...some: (readonly Measurement[])[]): boolean =>
    some.every((of) => of.length > 0 && of.every(({ wrong }) => wrong === null));
  const isRight = areRight(own, limit);
  return {
    wrong: own.find(({ wrong }) => wrong !== null)?.wrong ?? null,
    ratePerSecond: spread(rate),
    p50Ms: spread(({ p50Ms }) => p50Ms),
    p99Ms: spread(({ p99Ms }) => p99Ms),
    cpuMsPerCall: spread(cpu),
    busy: spread(({ busy }) => busy),
    clientBusy: spread(({ clientBusy }) => clientBusy),
    ofLimit: isRight ? ratios(own.map(rate), limit.map(rate)) : null,
    cpuOfLimit: isRight ? ratios(own.map(cpu), limit.map(cpu)) : null,
    p50BeyondLimitMs: isRight ? spreadOf(own.map(({ p50Ms }, i) => p50Ms - (limit[i]?.p50Ms ?? Number.NaN))) : null,
    gateToIt: areRight(own, gate) ? ratios(gate.map(rate), own.map(rate)) : null,
  };
}
