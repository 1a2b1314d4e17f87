import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costOf, feesOf, replacing } from "../../../src/direct/fees.ts";
import { GWEI } from "./fixtures.ts";

const CAP = 100n * GWEI;
const MILLI = GWEI / 1000n;

describe("what is offered for the gas", () => {
  test.each([
    ["leaves room for the base fee to double", 10n, 11n, { maxFeePerGas: 21n, maxPriorityFeePerGas: 1n }],
    ["is never more than the cap", 90n, 95n, { maxFeePerGas: 100n, maxPriorityFeePerGas: 5n }],
    ["is nothing where the cap is below the price", 90n, 101n, null],
    ["may be just the cap", 90n, 100n, { maxFeePerGas: 100n, maxPriorityFeePerGas: 10n }],
  ] as const)("%s", (_, base, price, fees) => {
    const expected = fees && {
      maxFeePerGas: fees.maxFeePerGas * GWEI,
      maxPriorityFeePerGas: fees.maxPriorityFeePerGas * GWEI,
    };
    expect(feesOf({ baseFee: base * GWEI, gasPrice: price * GWEI }, CAP)).toEqual(expected);
  });

  test.each([
    ["where a node sees no need", 10n * GWEI],
    ["where the base fee rose since it was asked", 5n * GWEI],
  ])("has a little on top, %s", (_, gasPrice) => {
    expect(feesOf({ baseFee: 10n * GWEI, gasPrice }, CAP)?.maxPriorityFeePerGas).toBe(MILLI);
  });

  test("works where gas is free", () => {
    expect(feesOf({ baseFee: 0n, gasPrice: 0n }, CAP)).toEqual({ maxFeePerGas: MILLI, maxPriorityFeePerGas: MILLI });
  });
});

test("a transaction costs at most its gas, and a quarter of that beside", () => {
  expect(costOf(100_000, 2n * GWEI)).toBe(250_000n * GWEI);
});

describe("a replacement", () => {
  const old = { maxFeePerGas: 16n, maxPriorityFeePerGas: 8n };

  test("offers an eighth more of both", () => {
    expect(replacing(old, null, CAP)).toEqual({ maxFeePerGas: 18n, maxPriorityFeePerGas: 9n });
  });

  test("offers today's price where that is higher", () => {
    const today = { maxFeePerGas: 40n, maxPriorityFeePerGas: 20n };
    expect(replacing(old, today, CAP)).toEqual(today);
  });

  test("is none where an eighth more is above the cap", () => {
    expect(replacing(old, null, 17n)).toBeNull();
    expect(replacing(old, null, 18n)).not.toBeNull();
  });

  const fee = fc.bigInt({ min: 1n, max: CAP });
  const fees = fc
    .tuple(fee, fee)
    .map(([a, b]) =>
      a > b ? { maxFeePerGas: a, maxPriorityFeePerGas: b } : { maxFeePerGas: b, maxPriorityFeePerGas: a },
    );

  test("is one that nodes take, under the cap, or none", () => {
    const run = fc.property(fees, fc.option(fees), (before, today) => {
      const after = replacing(before, today, CAP);
      if (after === null) {
        expect(before.maxFeePerGas * 9n).toBeGreaterThan(CAP * 8n);
        return;
      }
      expect(after.maxFeePerGas * 8n).toBeGreaterThanOrEqual(before.maxFeePerGas * 9n);
      expect(after.maxPriorityFeePerGas * 8n).toBeGreaterThanOrEqual(before.maxPriorityFeePerGas * 9n);
      expect(after.maxFeePerGas).toBeLessThanOrEqual(CAP);
      expect(after.maxPriorityFeePerGas).toBeLessThanOrEqual(after.maxFeePerGas);
    });
    fc.assert(run, { numRuns: 500 });
  });
});
