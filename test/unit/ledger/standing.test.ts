import { describe, expect, test } from "vitest";
import { isDeliverable, type Kept, type Standing, standingOf } from "../../../src/ledger/standing.ts";
import type { Delivery, Pay } from "../../../src/ledger/state.ts";
import { DELIVERIES, HASH, NOW, PAYS, stateOf } from "./fixtures.ts";

const keptOf = (pay: Pay, delivery: Delivery, changes: Partial<Kept> = {}): Kept => ({
  ...stateOf(pay, delivery, { transaction: pay === "settled" ? HASH : null }),
  fingerprint: "f-1",
  hasAnswer: false,
  redemptions: 0,
  ...changes,
});

const over = { leaseUntilMs: NOW };
const standing = (kept: Kept | null, isBuyer = false, fingerprint = "f-1"): Standing =>
  standingOf(kept, fingerprint, isBuyer, NOW);

describe("a payment", () => {
  test.each<[string, Kept | null, string]>([
    ["is claimable where nobody has claimed it", null, "claimable"],
    ["is claimable where it was given back", keptOf("released", "none"), "claimable"],
    ["is under way while it is claimed", keptOf("claimed", "none"), "in_flight"],
    ["is under way while it is settled behind its answer", keptOf("owed", "delivered"), "in_flight"],
    ["is not known while somebody finds out", keptOf("unknown", "none"), "unknown"],
    ["is to be found out about where nobody does", keptOf("unknown", "none", over), "unresolved"],
    ["is settled", keptOf("settled", "delivered"), "settled"],
    ["has ended where it was uncharged", keptOf("uncharged", "none"), "ended"],
    ["has ended where it was rejected", keptOf("rejected", "none"), "ended"],
    ["has ended where it failed", keptOf("failed", "none"), "ended"],
    ["has ended where nobody could find out", keptOf("undetermined", "none"), "ended"],
    ["has ended where it was written off", keptOf("written_off", "delivered"), "ended"],
  ])("%s", (_, kept, kind) => {
    expect(standing(kept).kind).toBe(kind);
  });

  test("says why it ended, or how", () => {
    expect(standing(keptOf("rejected", "none", { reason: "no_funds" }))).toEqual({ kind: "ended", reason: "no_funds" });
    expect(standing(keptOf("failed", "none"))).toEqual({ kind: "ended", reason: "failed" });
  });

  test("is bound to what it bought, unless it was given back", () => {
    for (const pay of PAYS) {
      const kind = pay === "released" ? "claimable" : "bound_elsewhere";
      expect(standing(keptOf(pay, "none"), true, "f-2").kind).toBe(kind);
    }
  });

  test("gives nothing to who only has its payload", () => {
    for (const delivery of DELIVERIES) {
      for (const leaseUntilMs of [NOW, NOW + 1]) {
        const kept = keptOf("settled", delivery, { hasAnswer: true, leaseUntilMs });
        expect(standing(kept)).toMatchObject({ kind: "settled", transaction: HASH });
      }
    }
  });

  test("gives nothing to anybody before it is settled", () => {
    for (const pay of PAYS.filter((pay) => pay !== "settled")) {
      const { kind } = standing(keptOf(pay, "none", { hasAnswer: true, ...over }), true);
      expect(["answerable", "redeemable"]).not.toContain(kind);
    }
  });
});

describe("the buyer", () => {
  test.each<[string, Kept, string]>([
    ["waits while it is delivered", keptOf("settled", "none"), "in_flight"],
    ["waits while it is redeemed", keptOf("settled", "undelivered"), "in_flight"],
    ["gets the kept answer again", keptOf("settled", "delivered", { hasAnswer: true }), "answerable"],
    ["gets the kept answer of a credit", keptOf("settled", "truncated", { hasAnswer: true, ...over }), "answerable"],
    ["redeems what was not delivered", keptOf("settled", "undelivered", over), "redeemable"],
    ["redeems what broke off", keptOf("settled", "truncated", over), "redeemable"],
    ["redeems a third time", keptOf("settled", "truncated", { redemptions: 2, ...over }), "redeemable"],
    ["does not redeem a fourth time", keptOf("settled", "truncated", { redemptions: 3, ...over }), "settled"],
    ["does not redeem what expired", keptOf("settled", "expired", over), "settled"],
    ["does not redeem what was redeemed", keptOf("settled", "redeemed", over), "settled"],
    ["does not redeem what was delivered", keptOf("settled", "delivered", over), "settled"],
  ])("%s", (_, kept, kind) => {
    expect(standing(kept, true).kind).toBe(kind);
  });

  test("hears whether something is left to be delivered", () => {
    expect(standing(keptOf("settled", "truncated", { redemptions: 3, ...over }), true)).toMatchObject({
      isCredit: true,
    });
    expect(standing(keptOf("settled", "expired", over), true)).toMatchObject({ isCredit: false });
  });

  test("is told of a settlement without a hash, where none was named", () => {
    expect(standing(keptOf("settled", "delivered", { transaction: null }))).toMatchObject({ transaction: "" });
  });
});

test("a credit is deliverable as long as an answer is kept or a redelivery is left", () => {
  expect(isDeliverable(keptOf("settled", "undelivered", { redemptions: 3 }))).toBe(false);
  expect(isDeliverable(keptOf("settled", "undelivered", { redemptions: 3, hasAnswer: true }))).toBe(true);
  expect(isDeliverable(keptOf("settled", "undelivered"))).toBe(true);
  expect(isDeliverable(keptOf("settled", "delivered", { hasAnswer: true }))).toBe(false);
});
