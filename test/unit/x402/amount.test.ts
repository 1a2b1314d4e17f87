import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDollars } from "../../../src/x402/amount.ts";

describe("parseDollars", () => {
  test.each<[string, number, bigint]>([
    ["$2.01", 6, 2010000n],
    ["$1", 6, 1000000n],
    ["$0.001", 6, 1000n],
    ["$0.000001", 6, 1n],
    ["$0.1", 6, 100000n],
    ["$0.3", 6, 300000n],
    ["$4.35", 6, 4350000n],
    ["$1.10", 6, 1100000n],
    ["$1.1000000000000", 6, 1100000n],
    ["$007", 6, 7000000n],
    ["$3", 0, 3n],
    ["$3.00", 0, 3n],
    ["$0.000000000000000001", 18, 1n],
    ["$9007199254740993.01", 18, 9007199254740993010000000000000000n],
    [`$${"9".repeat(30)}`, 6, BigInt(`${"9".repeat(30)}000000`)],
  ])("reads %s at %i decimals as %i atomic units", (text, decimals, amount) => {
    expect(parseDollars(text, decimals)).toEqual({ ok: true, value: amount });
  });

  test.each([
    "",
    "$",
    "1",
    "$.5",
    "$1.",
    "$-1",
    "$+1",
    "-$1",
    "$1e3",
    "$0x10",
    "$1,000",
    "$1_000",
    " $1",
    "$1 ",
    "$1\n",
    "$ 1",
    "$1.2.3",
    "€1",
    "$١",
    "$Infinity",
  ])("does not take %j for dollars", (text) => {
    expect(parseDollars(text, 6)).toEqual({ ok: false, error: "not_dollars" });
  });

  test.each(["$0", "$0.0", "$0.000000", "$000.0000000000"])("refuses %s, which is nothing", (text) => {
    expect(parseDollars(text, 6)).toEqual({ ok: false, error: "zero" });
  });

  test.each([
    ["$0.0000001", 6],
    ["$1.00000010", 6],
    ["$0.5", 0],
  ])("refuses %s, which cannot be paid in %i decimals", (text, decimals) => {
    expect(parseDollars(text, decimals)).toEqual({ ok: false, error: "too_precise" });
  });

  test("refuses more digits than any price has", () => {
    expect(parseDollars(`$${"9".repeat(31)}`, 6)).toEqual({ ok: false, error: "too_large" });
  });

  test("agrees with whole-number arithmetic for every price and every number of decimals", () => {
    const price = fc
      .record({ whole: fc.bigInt({ min: 0n, max: 10n ** 30n - 1n }), decimals: fc.nat(18) })
      .chain(({ whole, decimals }) =>
        fc.record({
          whole: fc.constant(whole),
          decimals: fc.constant(decimals),
          fraction: fc.string({
            unit: fc.constantFrom(..."0123456789"),
            minLength: 1,
            maxLength: Math.max(decimals, 1),
          }),
          zeros: fc.nat(20),
        }),
      );
    fc.assert(
      fc.property(price, ({ whole, decimals, fraction, zeros }) => {
        const digits = decimals === 0 ? "" : fraction;
        const text = `$${whole}.${digits}${"0".repeat(zeros + 1)}`;
        const amount =
          whole * 10n ** BigInt(decimals) + BigInt(digits || "0") * 10n ** BigInt(decimals - digits.length);
        expect(parseDollars(text, decimals)).toEqual(
          amount === 0n ? { ok: false, error: "zero" } : { ok: true, value: amount },
        );
      }),
    );
  });
});
