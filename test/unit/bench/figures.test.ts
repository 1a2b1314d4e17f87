import { describe, expect, test } from "vitest";
import { percentile, ratios, spreadOf } from "../../../bench/figures.ts";

describe("a percentile", () => {
  test.each([
    [[7], 0.99, 7],
    [[1, 2, 3], 0.5, 2],
    [[1, 2, 3, 4], 0.5, 2.5],
    [[0, 100], 0.99, 99],
    [[1, 2, 3], 1, 3],
  ])("of %j at %d is %d", (sorted, share, expected) => {
    expect(percentile(sorted, share)).toBeCloseTo(expected, 10);
  });

  test("of nothing is no number", () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});

test("a spread has the median, and what lay farthest from it, in any order", () => {
  expect(spreadOf([30, 10, 1000])).toEqual({ median: 30, min: 10, max: 1000 });
});

test("a ratio is of one round, not of two medians", () => {
  expect(ratios([10, 200, 30], [20, 100, 30])).toEqual({ median: 1, min: 0.5, max: 2 });
});
