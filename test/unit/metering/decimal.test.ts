// Numbers of an answer and of a table.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalText, parseDecimal, plus, readDecimal, roundUp, times } from "../../../src/metering/decimal.ts";

describe("a number", () => {
  test.each<[unknown, string]>([
    [0, "0"],
    [12, "12"],
    [0.1, "0.1"],
    [12.5, "12.5"],
    [1e-7, "0.0000001"],
    [1.25e-10, "0.000000000125"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
    ["12", "12"],
    [" 0.30 ", "0.3"],
    ["007", "7"],
  ])("that is written %j is %s", (value, text) => {
    const decimal = readDecimal(value);
    expect(decimal && decimalText(decimal)).toBe(text);
  });

  test.each([
    -1,
    -0.1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    1e21,
    "",
    "-1",
    "1e3",
    "1,5",
    ".5",
    "5.",
    "x",
    "1".repeat(31),
    null,
    undefined,
    true,
    [1],
    {},
  ])("is not what is written %j", (value) => {
    expect(readDecimal(value)).toBeNull();
  });

  test("is read from JSON as it is printed there, whatever it is", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e15, noNaN: true }), (number) => {
        fc.pre(!Number.isInteger(number) || Number.isSafeInteger(number));
        const decimal = readDecimal(number);
        expect(decimal && Number(decimalText(decimal))).toBe(Math.abs(number));
      }),
    );
  });
});

const decimals = fc
  .tuple(fc.bigInt(0n, 10n ** 30n), fc.integer({ min: 0, max: 30 }))
  .map(([digits, scale]) => ({ digits, scale }));

test("what is written is read as the same", () => {
  fc.assert(
    fc.property(decimals, (decimal) => {
      const read = parseDecimal(decimalText(decimal));
      if (decimal.digits / 10n ** BigInt(decimal.scale) >= 10n ** 30n) return;
      expect(read && read.digits * 10n ** BigInt(decimal.scale)).toBe(
        decimal.digits * 10n ** BigInt((read ?? decimal).scale),
      );
    }),
  );
});

/** As a fraction of one denominator. */
const UNIT = 10n ** 90n;
const exact = ({ digits, scale }: { readonly digits: bigint; readonly scale: number }): bigint =>
  (digits * UNIT) / 10n ** BigInt(scale);

test("sums and products are exact", () => {
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      expect(exact(plus(a, b))).toBe(exact(a) + exact(b));
      expect(exact(times(a, b)) * UNIT).toBe(exact(a) * exact(b));
    }),
  );
});

test("is rounded up to a token's unit, and only up, and by less than one", () => {
  fc.assert(
    fc.property(decimals, fc.integer({ min: 0, max: 36 }), (decimal, places) => {
      const units = roundUp(decimal, places);
      const value = exact(decimal) * 10n ** BigInt(places);
      expect(units * UNIT >= value && (units - 1n) * UNIT < value).toBe(true);
    }),
  );
});
