// The verdict of `npm run test:memory`: one that finds nothing wrong guards nothing.

import { expect, test } from "vitest";
import { type Figures, flawOf, GROWTH_BYTES_MAX, line, MEBIBYTE, type Run } from "../../memory/figures.ts";

const run: Run = { bytes: 64 * MEBIBYTE, peakBytes: 100 * MEBIBYTE, heldBytes: null, ms: 500, flaw: null };
const large: Run = { ...run, bytes: 1024 * MEBIBYTE };
const figures: Figures = { name: "a download", small: run, large };

test("a peak that grows by what is allowed is right", () => {
  const peakBytes = run.peakBytes + GROWTH_BYTES_MAX;
  expect(flawOf({ ...figures, large: { ...large, peakBytes } })).toBeNull();
});

test("a peak that grows by more is wrong", () => {
  const peakBytes = run.peakBytes + GROWTH_BYTES_MAX + 1;
  expect(flawOf({ ...figures, large: { ...large, peakBytes } })).toBe("a download: the peak grew by 32.0 MiB");
});

test("a reader that stopped is wrong where everything was taken for it, and right where the writer was held", () => {
  const stopped = (heldBytes: number): string | null => flawOf({ ...figures, small: { ...run, heldBytes } });
  expect(stopped(10 * MEBIBYTE)).toBeNull();
  expect(stopped(run.bytes)).toBe("a download: all of 64.0 MiB was taken for a reader that had stopped");
});

test("an exchange that was not what it was to be is wrong, whatever its peak", () => {
  expect(flawOf({ ...figures, small: { ...run, flaw: "502: {}" } })).toBe("a download, 64.0 MiB: 502: {}");
  expect(flawOf({ ...figures, large: { ...large, flaw: "late" } })).toBe("a download, 1024.0 MiB: late");
});

test("a line holds the figures in MiB", () => {
  const peakBytes = run.peakBytes + 1.5 * MEBIBYTE;
  expect(line({ ...figures, large: { ...large, peakBytes, ms: 2000 } }).split(/\s{2,}/)).toEqual([
    ...["a download", "1024", "101.5", "100.0", "1.5", "512"],
  ]);
});
