// What a use costs.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Decimal, decimalText, parseDecimal } from "../../../src/metering/decimal.ts";
import { Gauge } from "../../../src/metering/gauge.ts";
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

const decimals = (digitsMax: bigint, scaleMax: number) =>
  fc
    .tuple(fc.bigInt(0n, digitsMax), fc.integer({ min: 0, max: scaleMax }))
    .map(([digits, scale]): Decimal => ({ digits, scale }));
const PER: readonly (readonly [text: string, power: number])[] = [
  ["1", 0],
  ["10", 1],
  ["100", 2],
  ["1K", 3],
  ["10K", 4],
  ["100K", 5],
  ["1M", 6],
  ["1B", 9],
  ["100B", 11],
];
/** What one rate says, and what was used of it; null where an answer need not say that, and does not. */
const uses = fc.record({
  usd: decimals(999_999n, 6),
  per: fc.constantFrom(...PER),
  count: fc.option(decimals(10n ** 12n, 6)),
});

test("whatever is used and whatever it costs, the charge is the exact sum rounded up once, within its bounds", () => {
  const prices = fc.record({
    used: fc.array(uses, { minLength: 1, maxLength: 5 }),
    fixed: decimals(10n ** 9n, 18),
    min: decimals(10n ** 9n, 18),
  });
  const limits = fc.record({ decimals: fc.integer({ min: 0, max: 18 }), max: fc.bigInt(1n, 10n ** 20n) });
  fc.assert(
    fc.property(prices, limits, ({ used, fixed, min }, authorized) => {
      const rates = used.map(({ usd, per: [per], count }, i): Rate => {
        const source = { kind: "header", name: `use-${i}` } as const;
        return { ...rate(`r${i}`, decimalText(usd), per, count === null), source };
      });
      const headers = new Headers();
      for (const [i, { count }] of used.entries()) if (count) headers.set(`use-${i}`, decimalText(count));
      const meter: Meter = { ...model, rates, fixed, min };
      const usage = new Gauge(meter, { headers }).end(0, true);
      // The same as fractions over one large denominator, in another way.
      const denominator = 10n ** 40n;
      const fraction = (digits: bigint, scale: number): bigint => (digits * denominator) / 10n ** BigInt(scale);
      const ceiling = (numerator: bigint): bigint =>
        (numerator * 10n ** BigInt(authorized.decimals) + denominator - 1n) / denominator;
      const numerator = used.reduce(
        (sum, { usd, per: [, power], count }) => {
          const { digits, scale } = count ?? NOTHING;
          return sum + fraction(usd.digits * digits, usd.scale + power + scale);
        },
        fraction(fixed.digits, fixed.scale),
      );
      const [units, least, { max }] = [ceiling(numerator), ceiling(fraction(min.digits, min.scale)), authorized];
      const atLeast = units < least ? least : units;
      expect(chargeFor(meter, usage, authorized).amount).toBe(atLeast > max ? max : atLeast);
    }),
  );
});
