// Numbers of an answer and of a table.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decimalText,
  parseDecimal,
  plus,
  readNumber,
  readText,
  roundUp,
  times,
} from "../../../src/metering/decimal.ts";

describe("a number of JSON", () => {
  test.each([
    ["0", "0"],
    ["12", "12"],
    ["0.1", "0.1"],
    ["12.50", "12.5"],
    ["1e-7", "0.0000001"],
    ["1.25E-10", "0.000000000125"],
    ["1e3", "1000"],
    ["1.5E+2", "150"],
    ["1.25e1", "12.5"],
    ["-0", "0"],
    ["-0.0e5", "0"],
    ["0e999", "0"],
    ["1e-0003", "0.001"],
    ["9007199254740993", "9007199254740993"],
    ["9".repeat(30), "9".repeat(30)],
    ["1e29", `1${"0".repeat(29)}`],
    [`0.${"0".repeat(29)}1`, `0.${"0".repeat(29)}1`],
    [`${"1".repeat(30)}e-30`, `0.${"1".repeat(30)}`],
    ["5e-324", `0.${"0".repeat(323)}5`],
  ])("that is written %s is %s", (text, value) => {
    const decimal = readNumber(text);
    expect(decimal && decimalText(decimal)).toBe(value);
    expect(decimal?.scale).toBeGreaterThanOrEqual(0);
  });

  test.each([
    "-1",
    "-0.1",
    "-1e-400",
    "1".repeat(31),
    "1e30",
    `${"1".repeat(30)}e1`,
    "1e999999999",
    "1e-401",
    `0.${"1".repeat(31)}`,
  ])("is none that anybody used where it is written %s", (text) => {
    expect(readNumber(text)).toBeNull();
  });

  test("is what JSON.parse reads there, whatever it is", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e29, noNaN: true }), (number) => {
        const decimal = readNumber(JSON.stringify(number));
        expect(decimal && Number(decimalText(decimal))).toBe(Math.abs(number));
      }),
    );
  });
});

describe("a number in a text", () => {
  test.each([
    ["12", "12"],
    [" 0.30 ", "0.3"],
    ["007", "7"],
  ])("that is written %j is %s", (text, value) => {
    const decimal = readText(text);
    expect(decimal && decimalText(decimal)).toBe(value);
  });

  test.each(["", "-1", "1e3", "1,5", ".5", "5.", "x", "1".repeat(31)])("is not what is written %j", (text) => {
    expect(readText(text)).toBeNull();
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
