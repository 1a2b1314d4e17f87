// What of the runs is wrong: a call that was lost, a run that shows nothing, and others who take longer for the kill.

import { type Spread, spreadOf } from "../../bench/figures.ts";
import type { Call } from "./till.ts";

export interface Run {
  readonly sold: number;
  /** Told that nobody knows whether they settled. */
  readonly unknown: number;
  readonly lost: readonly Call[];
  /** The medians of those sold, before the kill and after it; not a number where none was. */
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** Of the median after the kill by that before it: what other processes do to it stays below. */
const RATIO_MAX = 1.15;
/** Of fewer a single disturbed one could be the median. */
const RUNS_MIN = 5;

/** How long the others take after the kill, by how long before it; of the runs that sold something in both. */
export const ratioOf = (runs: readonly Run[]): Spread =>
  spreadOf(runs.filter((run) => !isIdle(run)).map(({ beforeMs, afterMs }) => afterMs / beforeMs));

/** As sentences; none where all is well. */
export function flawsOf(runs: readonly Run[]): readonly string[] {
  const lost = runs.flatMap((run) => run.lost);
  const idle = runs.filter(isIdle).length;
  const { median } = ratioOf(runs);
  const isSlow = runs.length >= RUNS_MIN && median > RATIO_MAX;
  return [
    ...(lost.length > 0 ? [`${lost.length} lost, such as ${JSON.stringify(lost[0])}`] : []),
    ...(idle > 0 ? [`in ${idle} ${idle === 1 ? "run" : "runs"} nothing was sold before the kill, or after it`] : []),
    ...(isSlow ? [`the median after the kill is ${median.toFixed(2)} of that before it, above ${RATIO_MAX}`] : []),
  ];
}

const isIdle = ({ beforeMs, afterMs }: Run): boolean => Number.isNaN(beforeMs + afterMs);
