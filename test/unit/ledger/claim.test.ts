import { describe, expect, test } from "vitest";
import { type Caps, exceededCap, firstOf, hasDebt, isLive, type OpenPayment } from "../../../src/ledger/claim.ts";
import type { Delivery, Pay } from "../../../src/ledger/state.ts";
import { DELIVERIES, NOW, PAYS, stateOf } from "./fixtures.ts";

const ASSET = "0xasset";
const price = { asset: ASSET, amount: 10n };

const open = (pay: Pay, delivery: Delivery = "none", changes: Partial<OpenPayment> = {}): OpenPayment => ({
  ...stateOf(pay, delivery),
  id: `${pay}/${delivery}`,
  fingerprint: "f-1",
  mode: "after",
  hasAnswer: false,
  redemptions: 0,
  asset: ASSET,
  amount: 10n,
  isRunning: pay === "claimed",
  ...changes,
});

const caps: Caps = { inFlightMax: 2, unsettledMax: 40n, unchargedMax: 2 };
const REMEMBERED = { endsMs: NOW + 1 };

describe("a new payment of the same call", () => {
  test("waits for one that may still settle, or is served on the account of one that was not delivered", () => {
    const combinations = PAYS.flatMap((pay) => DELIVERIES.map((delivery) => open(pay, delivery)));
    const firsts = combinations.filter((payment) => firstOf([payment], "f-1")).map(({ id }) => id);
    expect(firsts).toEqual([
      "unknown/none",
      "unknown/undelivered",
      "unknown/redeemed",
      "unknown/expired",
      "settled/truncated",
      "settled/undelivered",
    ]);
  });

  test("has nothing to do with another call's", () => {
    expect(firstOf([open("unknown", "none", { fingerprint: "f-2" })], "f-1")).toBeUndefined();
  });

  test("takes what can be delivered before what is not known", () => {
    const payments = [open("unknown"), open("settled", "undelivered")];
    expect(firstOf(payments, "f-1")?.id).toBe("settled/undelivered");
  });

  test("is a purchase of its own where every redelivery of the first has failed", () => {
    expect(firstOf([open("settled", "undelivered", { redemptions: 3 })], "f-1")).toBeUndefined();
  });
});

describe("a payer", () => {
  test("is in debt for what was served and can never be paid", () => {
    expect(hasDebt([open("settled", "delivered"), open("failed", "delivered")])).toBe(true);
    expect(hasDebt([open("settled", "delivered"), open("unknown", "delivered")])).toBe(false);
  });

  test.each<[string, OpenPayment[], string | null]>([
    ["nothing open", [], null],
    ["one call under way", [open("claimed")], null],
    ["as many calls under way as may be", [open("claimed"), open("claimed")], "in_flight"],
    [
      "as many of them as may be, one of which is owed already",
      [open("claimed"), open("owed", "none", { isRunning: true })],
      "in_flight",
    ],
    ["settlements that nobody is sure of", [open("unknown"), open("owed"), open("unknown")], null],
    ["as much unsettled as may be", [open("unknown"), open("owed"), open("unknown"), open("claimed")], "unsettled"],
    ["the same of another asset", Array.from({ length: 9 }, () => open("unknown", "none", { asset: "0xother" })), null],
    ["an execution in vain", [open("uncharged", "none", REMEMBERED)], null],
    [
      "as many executions in vain as may be",
      [open("uncharged", "none", REMEMBERED), open("rejected", "none", REMEMBERED)],
      "uncharged",
    ],
    [
      "as many whose settlement had begun and came to nothing",
      [open("failed", "none", REMEMBERED), open("undetermined", "none", REMEMBERED)],
      "uncharged",
    ],
    [
      "what failed before anything was executed, a debt and a credit",
      [
        open("failed", "none", { ...REMEMBERED, mode: "before" }),
        open("failed", "delivered", REMEMBERED),
        open("settled", "truncated", REMEMBERED),
      ],
      null,
    ],
    ["executions in vain that are forgotten", Array.from({ length: 9 }, () => open("uncharged")), null],
    [
      "rejections before anything was executed",
      Array.from({ length: 9 }, () => open("rejected", "none", { mode: "before", ...REMEMBERED })),
      null,
    ],
    ["credits", Array.from({ length: 9 }, () => open("settled", "undelivered")), null],
    ["credits that end", Array.from({ length: 9 }, () => open("settled", "undelivered", REMEMBERED)), null],
  ])("with %s may go on unless a cap is reached", (_, payments, cap) => {
    expect(exceededCap(payments, price, caps)).toBe(cap);
  });

  test("may go up to the cap to the last unit", () => {
    expect(exceededCap([open("unknown", "none", { amount: 30n })], price, caps)).toBeNull();
    expect(exceededCap([open("unknown", "none", { amount: 31n })], price, caps)).toBe("unsettled");
  });
});

test("a payment matters to the next claim while it is open, a credit, a debt, or remembered", () => {
  const all = [null, NOW].flatMap((endsMs) =>
    PAYS.flatMap((pay) => DELIVERIES.map((delivery) => stateOf(pay, delivery, { endsMs }))),
  );
  const expected = all.filter(({ pay, delivery, endsMs }) => {
    if (pay === "claimed" || pay === "unknown" || pay === "owed") return true;
    if (pay === "settled") return ["none", "truncated", "undelivered"].includes(delivery);
    return endsMs !== null;
  });
  expect(all.filter(isLive)).toEqual(expected);
});
