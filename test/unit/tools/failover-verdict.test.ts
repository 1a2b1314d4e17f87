// The verdict of `npm run test:failover`: one that finds nothing wrong guards nothing.

import { expect, test } from "vitest";
import type { Call } from "../../failover/till.ts";
import { flawsOf, type Run } from "../../failover/verdict.ts";

/** @param ratio of the median after the kill by that before it */
const runAt = (ratio: number, changes: Partial<Run> = {}): Run => ({
  ...{ sold: 100, unknown: 1, lost: [], beforeMs: 10, afterMs: 10 * ratio },
  ...changes,
});
const runsAt = (...ratios: readonly number[]): readonly Run[] => ratios.map((ratio) => runAt(ratio));

test("others who take as long as before are right, and so is one run of five that was disturbed", () => {
  expect(flawsOf(runsAt(1, 1, 1.02, 0.98, 1))).toEqual([]);
  expect(flawsOf(runsAt(1.15, 1.15, 1.15, 1, 4))).toEqual([]);
});

test("others who take longer after the kill are wrong, in the median of five runs or more", () => {
  expect(flawsOf(runsAt(1.16, 1.2, 1.3, 1, 1))).toEqual([
    "the median after the kill is 1.16 of that before it, above 1.15",
  ]);
  expect(flawsOf(runsAt(2, 2, 2, 2, 2, 2))).toHaveLength(1);
});

test("fewer than five runs say nothing of how long the others take", () => {
  expect(flawsOf(runsAt(2, 2, 2, 2))).toEqual([]);
});

test("a lost call is wrong, in whichever run", () => {
  const lost: Call = { status: 502, reason: "upstream_unreachable", sentMs: 1, tookMs: 2 };
  expect(flawsOf([runAt(1), runAt(1, { lost: [lost] })])).toEqual([`1 lost, such as ${JSON.stringify(lost)}`]);
});

test("a run in which nothing was sold before the kill, or after it, is wrong", () => {
  const idle = "in 1 run nothing was sold before the kill, or after it";
  expect(flawsOf([runAt(1, { beforeMs: Number.NaN })])).toEqual([idle]);
  expect(flawsOf([...runsAt(1, 1, 1, 1), runAt(1, { afterMs: Number.NaN })])).toEqual([idle]);
});
