// What a use costs.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Decimal, parseDecimal } from "../../../src/metering/decimal.ts";
import {
  type Authorized,
  chargeFor,
  chargeForMissing,
  type Meter,
  type Rate,
  rateOf,
} from "../../../src/metering/meter.ts";

const decimal = (text: string): Decimal => parseDecimal(text) ?? expect.fail(text);
const NOTHING = decimal("0");

const rate = (title: string, usd: string, per: string, isOptional = false): Rate => ({
  title,
  source: { kind: "bytes" },
  dollars: rateOf(usd, per) ?? expect.fail(usd),
  isOptional,
});

const model: Meter = {
  rates: [rate("prompt", "0.15", "1M"), rate("completion", "0.60", "1M")],
  fixed: NOTHING,
  min: decimal("0.0001"),
  includeUsage: false,
  receiptComment: false,
  onMissingUsage: { left: "nothing", otherwise: "minimum" },
};
const authorized: Authorized = { decimals: 6, max: 50_000n };

describe("a rate", () => {
  test.each([
    ["0.15", "1M", { digits: 15n, scale: 8 }],
    ["2", "1", { digits: 2n, scale: 0 }],
    ["2", "10", { digits: 2n, scale: 1 }],
    ["2", "100K", { digits: 2n, scale: 5 }],
    ["2.50", "1B", { digits: 250n, scale: 11 }],
  ])("of $%s for each %s is what one costs", (usd, per, dollars) => {
    expect(rateOf(usd, per)).toEqual(dollars);
  });

  test.each([
    ["0.15", "2M"],
    ["0.15", "1m"],
    ["0.15", "1G"],
    ["0.15", "1000"],
    ["0.15", ""],
    ["$1", "1M"],
    ["-1", "1M"],
    ["", "1M"],
  ])("is not $%s for each %j", (usd, per) => {
    expect(rateOf(usd, per)).toBeNull();
  });
});

describe("a use", () => {
  test("costs what its rates come to, rounded up once", () => {
    // 0.000153 + 0.0003006 dollars; each rounded up alone they would be a unit more.
    expect(chargeFor(model, [decimal("1020"), decimal("501")], authorized)).toEqual({
      amount: 454n,
      isMissing: false,
      calculation: "1020 prompt + 501 completion = $0.0004536",
    });
  });

  test("costs its fixed part too", () => {
    const { amount, calculation } = chargeFor(
      { ...model, fixed: decimal("0.002") },
      [decimal("10"), NOTHING],
      authorized,
    );
    expect([amount, calculation]).toEqual([2002n, "$0.002 + 10 prompt + 0 completion = $0.0020015"]);
  });

  test("costs no less than the least", () => {
    expect(chargeFor(model, [decimal("1"), decimal("1")], authorized).amount).toBe(100n);
  });

  test("costs what was authorized where that is less than the least", () => {
    expect(chargeFor(model, [decimal("1"), decimal("1")], { decimals: 6, max: 60n }).amount).toBe(60n);
  });

  test("costs no more than was authorized", () => {
    expect(chargeFor(model, [decimal("1000000000"), decimal("1")], authorized).amount).toBe(50_000n);
  });

  test("of nothing costs nothing where there is no least", () => {
    expect(chargeFor({ ...model, min: NOTHING }, [NOTHING, NOTHING], authorized).amount).toBe(0n);
  });

  test.each<[Meter["onMissingUsage"]["left"], bigint]>([
    ["minimum", 100n],
    ["maximum", 50_000n],
    ["nothing", 0n],
  ])("that cannot be read costs the %s where the table says so, for this reason", (rule, amount) => {
    const meter = (changes: object): Meter => ({ ...model, onMissingUsage: { ...model.onMissingUsage, ...changes } });
    const usage = [decimal("10"), null];
    expect(chargeFor(meter({ otherwise: rule }), usage, authorized)).toEqual({
      amount,
      isMissing: true,
      calculation: `completion missing: ${rule}`,
    });
    expect(chargeFor(meter({ left: rule }), usage, authorized, true)).toEqual({
      amount,
      isMissing: true,
      calculation: `completion missing, its buyer left: ${rule}`,
    });
    expect(chargeFor(meter({ otherwise: rule }), [], authorized).amount).toBe(amount);
    expect(chargeForMissing(meter({ otherwise: rule }), authorized, "otherwise")).toBe(amount);
  });
});

test("the least that a use costs has its fixed part in it, also where that cannot be read", () => {
  const meter = { ...model, fixed: decimal("0.002") };
  expect(chargeFor(meter, [null, null], authorized).amount).toBe(2000n);
  expect(chargeFor({ ...meter, min: decimal("0.003") }, [null, null], authorized).amount).toBe(3000n);
  expect(chargeForMissing(meter, { decimals: 6, max: 60n }, "otherwise")).toBe(60n);
});

const counts = fc
  .tuple(fc.bigInt(0n, 10n ** 12n), fc.integer({ min: 0, max: 6 }))
  .map(([digits, scale]): Decimal => ({ digits, scale }));
const rates = fc.tuple(
  fc.integer({ min: 0, max: 999_999 }),
  fc.integer({ min: 0, max: 6 }),
  fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 9, 11),
);
const PER = ["1", "10", "100", "1K", "10K", "100K", "1M", "", "", "1B", "", "100B"];

test("whatever is used and whatever it costs, the charge is the exact sum rounded up once, within its bounds", () => {
  const uses = fc.array(fc.tuple(rates, counts), { minLength: 1, maxLength: 5 });
  const limits = fc.tuple(fc.integer({ min: 0, max: 18 }), fc.bigInt(0n, 10n ** 9n), fc.bigInt(1n, 10n ** 20n));
  fc.assert(
    fc.property(uses, limits, (used, [decimals, leastDigits, max]) => {
      const priced = used.map(([[digits, scale, power]], i) => {
        const text = String(digits).padStart(scale + 1, "0");
        const usd = scale > 0 ? `${text.slice(0, -scale)}.${text.slice(-scale)}` : text;
        return rate(`r${i}`, usd, PER[power] as string);
      });
      const min = { digits: leastDigits, scale: 6 };
      const meter: Meter = {
        rates: priced,
        fixed: NOTHING,
        min,
        includeUsage: false,
        receiptComment: false,
        onMissingUsage: model.onMissingUsage,
      };
      const usage = used.map(([, count]) => count);
      // The same as fractions over one large denominator, in another way.
      const denominator = 10n ** 40n;
      const numerator = used.reduce((sum, [[digits, scale, power], count]) => {
        const places = BigInt(scale + power + count.scale);
        return sum + (BigInt(digits) * count.digits * denominator) / 10n ** places;
      }, 0n);
      const units = (numerator * 10n ** BigInt(decimals) + denominator - 1n) / denominator;
      const least = (leastDigits * 10n ** BigInt(decimals) + 999_999n) / 1_000_000n;
      const atLeast = units < least ? least : units;
      expect(chargeFor(meter, usage, { decimals, max }).amount).toBe(atLeast > max ? max : atLeast);
    }),
  );
});
