import { describe, expect, test } from "vitest";
import {
  entrusted,
  isCredit,
  isDebt,
  isOpen,
  isServed,
  lapse,
  lapsesAt,
  lent,
  type PaymentState,
} from "../../../src/ledger/state.ts";
import { DELIVERIES, LEASE, NOW, PAYS, stateOf, TERMS } from "./fixtures.ts";

const END = NOW + 10 * LEASE;
const over = { leaseUntilMs: NOW };

describe("time alone", () => {
  test.each<[string, PaymentState, number, Partial<PaymentState>]>([
    ["a claim past its lease may have settled", stateOf("claimed", "none", over), NOW, { pay: "unknown" }],
    [
      "what was settled and never reported was not delivered",
      stateOf("settled", "none", over),
      NOW,
      { delivery: "undelivered", endsMs: NOW + TERMS.creditMs },
    ],
    ["what was served and never reported broke off", stateOf("owed", "none", over), NOW, { delivery: "truncated" }],
    ["a credit ends", stateOf("settled", "undelivered", { endsMs: END }), END, { delivery: "expired", endsMs: null }],
    [
      "a truncated one too",
      stateOf("settled", "truncated", { endsMs: END }),
      END,
      { delivery: "expired", endsMs: null },
    ],
    [
      "a debt is written off",
      stateOf("failed", "delivered", { endsMs: END }),
      END,
      { pay: "written_off", endsMs: null },
    ],
    ["an uncharged execution is forgotten", stateOf("uncharged", "none", { endsMs: END }), END, { endsMs: null }],
    ["a rejected one too", stateOf("rejected", "none", { endsMs: END }), END, { endsMs: null }],
    ["so is one that failed", stateOf("failed", "none", { endsMs: END }), END, { endsMs: null }],
    ["or nobody knows of", stateOf("undetermined", "none", { endsMs: END }), END, { endsMs: null }],
  ])("says that %s", (_, state, atMs, changes) => {
    expect(lapsesAt(state)).toBe(atMs);
    expect(lapse(state, atMs - 1, TERMS)).toBe(state);
    expect(lapse(state, atMs, TERMS)).toEqual({ ...state, ...changes });
  });

  test("does not cut off who redeems a credit at its end", () => {
    const redeeming = stateOf("settled", "undelivered", { endsMs: NOW, leaseUntilMs: NOW + LEASE });
    expect(lapse(redeeming, NOW, TERMS)).toBe(redeeming);
    expect(lapse(redeeming, NOW + LEASE, TERMS)).toMatchObject({ delivery: "expired" });
  });

  test("leaves a credit alone that has no end", () => {
    const endless = stateOf("settled", "undelivered", { endsMs: null });
    expect(lapsesAt(endless)).toBeNull();
    expect(lapse(endless, END * 2, TERMS)).toBe(endless);
  });

  test("changes every state at the time that it names, and no other", () => {
    for (const pay of PAYS) {
      for (const delivery of DELIVERIES) {
        for (const endsMs of [null, NOW, END]) {
          const state = stateOf(pay, delivery, { endsMs });
          const atMs = lapsesAt(state);
          if (atMs === null) expect(lapse(state, END * 2, TERMS)).toBe(state);
          else expect(lapse(state, atMs, TERMS)).not.toEqual(state);
        }
      }
    }
  });
});

describe("a state", () => {
  const combinations = PAYS.flatMap((pay) => DELIVERIES.map((delivery) => stateOf(pay, delivery)));
  const names = (is: (state: PaymentState) => boolean): string[] =>
    combinations.filter(is).map(({ pay, delivery }) => `${pay}/${delivery}`);

  test("is a credit where it is paid and not whole", () => {
    expect(names(isCredit)).toEqual(["settled/truncated", "settled/undelivered"]);
  });

  test("is a debt where it can never be paid and was served", () => {
    expect(names(isDebt)).toEqual(["failed/delivered", "failed/truncated"]);
  });

  test("is open while somebody has to find out, or to go on settling", () => {
    expect(new Set(combinations.filter(isOpen).map(({ pay }) => pay))).toEqual(new Set(["owed", "unknown"]));
  });

  test("is served where the goods went out, whether to their end or not", () => {
    expect(new Set(combinations.filter(isServed).map(({ delivery }) => delivery))).toEqual(
      new Set(["delivered", "truncated"]),
    );
  });

  test("that is lent keeps its courier", () => {
    const state = stateOf("unknown", "none", { courier: "first" });
    expect(lent(state, "finder", END)).toEqual({ ...state, attempt: "finder", leaseUntilMs: END });
  });

  test("that is entrusted has another courier", () => {
    expect(entrusted(stateOf("settled", "undelivered"), "second", END)).toMatchObject({
      attempt: "second",
      courier: "second",
      leaseUntilMs: END,
    });
  });
});
