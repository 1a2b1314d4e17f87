import { describe, expect, test } from "vitest";
import { RULES, transition } from "../../../src/ledger/rules.ts";
import {
  type Delivery,
  type LedgerEvent,
  lapse,
  lapsesAt,
  type Pay,
  type PaymentState,
} from "../../../src/ledger/state.ts";
import { DAY, DELIVERIES, EVENTS, HASH, LEASE, NOW, PAYS, stateOf, TERMS } from "./fixtures.ts";

type Kind = LedgerEvent["kind"];
const kinds = Object.keys(EVENTS) as readonly Kind[];

const ALL = DELIVERIES;
const NONE = ["none"] as const;
const SETTLED_FROM = PAYS.filter((pay) => pay !== "settled");
const WORTH = ["settled", "owed", "unknown", "failed", "undetermined"] as const;

/** Every report of a live attempt that counts: from where, and to where; `=` leaves it as it is. */
const counting: readonly (readonly [Kind, readonly Pay[], readonly Delivery[], Pay | "=", Delivery | "="])[] = [
  ["release", ["claimed"], NONE, "released", "="],
  ["pinned", ["claimed"], NONE, "=", "="],
  ["uncharged", ["claimed", "owed"], NONE, "uncharged", "="],
  ["rejected", ["claimed"], NONE, "rejected", "="],
  ["served", ["claimed"], NONE, "owed", "="],
  ["metered", ["claimed", "owed", "unknown"], ALL, "=", "="],
  ["waived", ["owed"], ["delivered", "truncated", "undelivered", "redeemed", "expired"], "uncharged", "="],
  ["waived", ["owed"], NONE, "uncharged", "truncated"],
  ["lost", ["claimed", "unknown"], ALL, "unknown", "="],
  ["lost", ["owed"], ["delivered", "truncated", "undelivered", "redeemed", "expired"], "unknown", "="],
  ["lost", ["owed"], NONE, "unknown", "truncated"],
  ["settled", SETTLED_FROM, ALL, "settled", "="],
  ["postponed", ["owed", "unknown"], ALL, "=", "="],
  ["failed", ["unknown"], ALL, "failed", "="],
  ["failed", ["owed"], ["delivered", "truncated", "undelivered", "redeemed", "expired"], "failed", "="],
  ["failed", ["owed"], NONE, "failed", "truncated"],
  ["undetermined", ["unknown"], ALL, "undetermined", "="],
  ["undetermined", ["owed"], ["delivered", "truncated", "undelivered", "redeemed", "expired"], "undetermined", "="],
  ["undetermined", ["owed"], NONE, "undetermined", "truncated"],
  ["delivering", ["settled"], ["none", "undelivered", "truncated"], "=", "none"],
  ["delivering", ["owed", "unknown", "failed", "undetermined"], ["none", "undelivered", "truncated"], "=", "="],
  ["delivered", WORTH, ["none", "undelivered", "truncated"], "=", "delivered"],
  ["truncated", WORTH, ["none", "undelivered"], "=", "truncated"],
  ["undelivered", ["settled"], NONE, "=", "undelivered"],
  ["undelivered", ["settled"], ["undelivered", "truncated"], "=", "="],
  ["redeemed", ["settled"], ["undelivered", "truncated"], "=", "redeemed"],
  // Said once more, they change nothing.
  ["release", ["released"], ALL, "=", "="],
  ["uncharged", ["uncharged"], ALL, "=", "="],
  ["rejected", ["rejected"], ALL, "=", "="],
  ["waived", ["uncharged"], ALL, "=", "="],
  ["served", ["owed"], ALL, "=", "="],
  ["settled", ["settled"], ALL, "=", "="],
  ["failed", ["failed"], ALL, "=", "="],
  ["undetermined", ["undetermined"], ALL, "=", "="],
  ["delivered", PAYS, ["delivered"], "=", "="],
  ["truncated", PAYS, ["truncated"], "=", "="],
  ["redeemed", PAYS, ["redeemed"], "=", "="],
];

/** `pay/delivery` after the event, or null where it does not count. */
function expected(kind: Kind, pay: Pay, delivery: Delivery): string | null {
  const row = counting.find(([event, pays, from]) => event === kind && pays.includes(pay) && from.includes(delivery));
  return row ? `${row[3] === "=" ? pay : row[3]}/${row[4] === "=" ? delivery : row[4]}` : null;
}

function report(state: PaymentState | null, kind: Kind, attempt = "mine", nowMs = NOW): PaymentState | string {
  const result = transition(state, EVENTS[kind], attempt, nowMs, TERMS);
  return result.ok ? result.value : result.error;
}

function following(state: PaymentState, kind: Kind, nowMs = NOW): PaymentState {
  const next = report(state, kind, "mine", nowMs);
  if (typeof next === "string") throw new Error(next);
  return next;
}

const brief = (next: PaymentState | string): string | null =>
  typeof next === "string" ? null : `${next.pay}/${next.delivery}`;

describe("a report of the live attempt", () => {
  test("says who settles instead of the one that it was claimed with, and until when it will have", () => {
    for (const [nowMs, leaseUntilMs] of [
      [NOW + 40_000, NOW + 40_000 + LEASE],
      [NOW + DAY - 1, NOW + DAY],
    ] as const) {
      const pinned = { facilitator: "https://other.example", leaseUntilMs };
      expect(following(stateOf("claimed", "none"), "pinned", nowMs)).toEqual(stateOf("claimed", "none", pinned));
    }
    expect(report(stateOf("claimed", "none"), "pinned", "other")).toBe("stale_attempt");
  });

  test("says that a stream goes on, which is nobody's credit until it ends, also where its time was over", () => {
    const gone = stateOf("settled", "undelivered", { leaseUntilMs: 0, endsMs: NOW + 5 });
    expect(following(gone, "delivering")).toEqual(stateOf("settled", "none", { leaseUntilMs: NOW + LEASE }));
    const later = stateOf("settled", "none", { leaseUntilMs: NOW + DAY });
    expect(following(later, "delivering")).toEqual(later);
    const owed = stateOf("owed", "truncated", { leaseUntilMs: 0 });
    expect(following(owed, "delivering")).toEqual(owed);
  });

  const cases = kinds.flatMap((kind) => PAYS.map((pay) => [kind, pay] as const));
  test.each(cases)("that says %s of what is %s counts where it may, whatever became of the goods", (kind, pay) => {
    const found = DELIVERIES.map((delivery) => brief(report(stateOf(pay, delivery), kind)));
    expect(found).toEqual(DELIVERIES.map((delivery) => expected(kind, pay, delivery)));
  });

  test.each(kinds)("that says %s twice leaves what it left the first time", (kind) => {
    for (const pay of PAYS) {
      for (const delivery of DELIVERIES) {
        const once = report(stateOf(pay, delivery), kind);
        if (typeof once === "string") continue;
        expect(report(once, kind, "mine", NOW)).toEqual(once);
      }
    }
  });

  test.each(kinds)("that says %s leaves no end that nothing comes to", (kind) => {
    for (const pay of PAYS) {
      for (const delivery of DELIVERIES) {
        const next = report(stateOf(pay, delivery), kind);
        if (typeof next === "string" || next.endsMs === null) continue;
        expect(lapsesAt(next), `${pay}/${delivery}`).not.toBeNull();
      }
    }
  });
});

describe("a report that is not the live attempt's", () => {
  const lent = { attempt: "finder", courier: "mine" };
  const ofMoney: readonly Kind[] = ["release", "uncharged", "rejected", "lost", "served", "postponed", "failed"];
  const ofGoods: readonly Kind[] = ["delivering", "delivered", "truncated", "undelivered", "redeemed"];

  test.each([...ofMoney, "undetermined" as const])("about the money does not count: %s", (kind) => {
    for (const pay of PAYS) expect(report(stateOf(pay, "none", lent), kind)).toBe("stale_attempt");
  });

  test.each(ofGoods)("about the goods does not count from who only finds out: %s", (kind) => {
    for (const pay of PAYS) expect(report(stateOf(pay, "none", lent), kind, "finder")).toBe("stale_attempt");
  });

  test("counts where it says that money moved", () => {
    for (const pay of PAYS)
      expect(report(stateOf(pay, "none", lent), "settled", "whoever")).toMatchObject({ pay: "settled" });
  });

  test("counts about the goods from their courier, though somebody else finds out about the money", () => {
    expect(report(stateOf("unknown", "none", lent), "delivered")).toMatchObject({ delivery: "delivered" });
  });

  test("does not count of a payment that is not there", () => {
    for (const kind of kinds) expect(report(null, kind)).toBe("no_such_payment");
  });
});

describe("what a report leaves", () => {
  test("keeps the transaction that was settled first", () => {
    const settled = following(stateOf("claimed", "none"), "settled");
    const again = transition(settled, { kind: "settled", transaction: "0xother" }, "whoever", NOW, TERMS);
    expect(again).toEqual({ ok: true, value: settled });
    expect(settled.transaction).toBe(HASH);
  });

  test("keeps the hash of a settlement under way until another one is named", () => {
    const named = transition(stateOf("claimed", "none"), { kind: "lost", transaction: "0x1" }, "mine", NOW, TERMS);
    if (!named.ok) throw new Error(named.error);
    expect(following(named.value, "lost")).toMatchObject({ transaction: "0x1", settleBegan: true, leaseUntilMs: 0 });
  });

  test("remembers what was executed in vain for an hour", () => {
    for (const kind of ["uncharged", "rejected"] as const) {
      expect(following(stateOf("claimed", "none"), kind)).toMatchObject({ endsMs: NOW + 3_600_000 });
    }
  });

  test.each(["failed", "undetermined"] as const)(
    "remembers for an hour that the API had worked in vain for what is %s, where nobody got it",
    (kind) => {
      const began = { settleBegan: true };
      expect(following(stateOf("unknown", "none", began), kind).endsMs).toBe(NOW + 3_600_000);
      expect(following(stateOf("unknown", "none"), kind).endsMs).toBeNull();
      expect(following(stateOf("unknown", "delivered", began), "undetermined").endsMs).toBeNull();
    },
  );

  test("remembers nothing as in vain that turns out to have been handed over, in whichever order that is told", () => {
    const unknown = stateOf("unknown", "none", { settleBegan: true });
    expect(following(following(unknown, "undetermined"), "truncated").endsMs).toBeNull();
    expect(following(following(unknown, "truncated"), "undetermined").endsMs).toBeNull();
  });

  test("leaves the goods with an attempt that settled and still delivers", () => {
    const settled = following(stateOf("claimed", "none"), "settled");
    expect(settled).toMatchObject({ delivery: "none", endsMs: null, leaseUntilMs: NOW + LEASE });
  });

  test.each<[string, PaymentState, Delivery]>([
    ["after a settle call that was not answered", following(stateOf("claimed", "none"), "lost"), "undelivered"],
    ["by whoever only found out", stateOf("unknown", "none", { attempt: "finder" }), "undelivered"],
    ["too late", stateOf("claimed", "none", { leaseUntilMs: NOW }), "undelivered"],
    ["too late of what was served", stateOf("owed", "none", { leaseUntilMs: NOW }), "truncated"],
    ["of a stream that broke off", stateOf("owed", "truncated"), "truncated"],
  ])("makes a credit at once of what is settled %s", (_, state, delivery) => {
    expect(following(state, "settled")).toMatchObject({ pay: "settled", delivery, endsMs: NOW + TERMS.creditMs });
  });

  test("ends a debt that is paid after all", () => {
    const debt = following(stateOf("unknown", "delivered"), "failed");
    expect(debt.endsMs).toBe(NOW + TERMS.debtMs);
    expect(following(debt, "settled")).toMatchObject({ delivery: "delivered", endsMs: null });
  });

  test.each([
    ["unknown", "none", null],
    ["unknown", "delivered", NOW + TERMS.debtMs],
    ["unknown", "truncated", NOW + TERMS.debtMs],
    ["owed", "none", NOW + TERMS.debtMs],
  ] as const)("holds a debt against the payer where what failed was served: %s, %s", (pay, delivery, endsMs) => {
    expect(following(stateOf(pay, delivery), "failed").endsMs).toBe(endsMs);
  });

  test.each(["delivered", "truncated"] as const)("holds a debt where what failed is said to be %s later", (kind) => {
    for (const endsMs of [null, NOW + 5]) {
      expect(following(stateOf("failed", "none", { endsMs }), kind).endsMs).toBe(NOW + TERMS.debtMs);
    }
  });

  test("does not begin a debt or a credit again", () => {
    const endsMs = NOW + 5;
    expect(following(stateOf("failed", "truncated", { endsMs }), "delivered").endsMs).toBe(endsMs);
    expect(following(stateOf("settled", "undelivered", { endsMs }), "truncated").endsMs).toBe(endsMs);
    expect(following(stateOf("settled", "truncated", { endsMs }), "undelivered").endsMs).toBe(endsMs);
  });

  test("makes a stream that broke off redeemable at once where it is settled, and goes on settling where it is not", () => {
    expect(following(stateOf("settled", "none"), "truncated")).toMatchObject({
      leaseUntilMs: 0,
      endsMs: NOW + TERMS.creditMs,
    });
    expect(following(stateOf("owed", "none"), "truncated")).toMatchObject({ leaseUntilMs: NOW + LEASE, endsMs: null });
  });

  test("lets the buyer try again at once where a redelivery failed", () => {
    const redeeming = stateOf("settled", "undelivered", { endsMs: NOW + 5 });
    expect(following(redeeming, "undelivered")).toMatchObject({ leaseUntilMs: 0, endsMs: NOW + 5 });
    expect(following(stateOf("settled", "none"), "undelivered").endsMs).toBe(NOW + TERMS.creditMs);
    expect(following(redeeming, "redeemed")).toMatchObject({ delivery: "redeemed", endsMs: null });
  });

  test("is settled for ever", () => {
    for (const delivery of DELIVERIES) {
      for (const kind of kinds) {
        const next = report(stateOf("settled", delivery, { transaction: HASH }), kind);
        if (typeof next !== "string") expect(next).toMatchObject({ pay: "settled", transaction: HASH });
        const later = lapse(stateOf("settled", delivery, { endsMs: NOW }), NOW + LEASE, TERMS);
        expect(later.pay).toBe("settled");
      }
    }
  });
});

test("the rules name every event", () => {
  expect(Object.keys(RULES).sort()).toEqual([...kinds].sort());
});
