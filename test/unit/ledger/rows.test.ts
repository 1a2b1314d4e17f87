import { describe, expect, test } from "vitest";
import { columnsOf, dueOf, entryOf, keptOf, openOf, pageOf, type Row, termsOf } from "../../../src/ledger/rows.ts";
import { claimOf, ID, LEASE, NOW, stateOf, TERMS } from "./fixtures.ts";

const row: Row = { ...pageOf(claimOf({ keyDigest: "k-1" }), NOW), answer_until: null };

describe("a claim", () => {
  test("lies in a row that is due when its lease ends, matters to the next claim, and is no news yet", () => {
    expect(row).toMatchObject({
      id: ID,
      pay: "claimed",
      delivery: "none",
      attempt: "a-1",
      courier: "a-1",
      lease_until: NOW + LEASE,
      due_at: NOW + LEASE,
      live: 1,
      report_at: null,
      key_digest: "k-1",
    });
  });
});

test("a claim lasts no longer than it may, however late it is granted", () => {
  const claim = claimOf({ leaseEndsMs: NOW + LEASE - 1 });
  expect(pageOf(claim, 1)).toMatchObject({ lease_until: NOW + LEASE - 1, due_at: NOW + LEASE - 1 });
});

describe("a row", () => {
  test("says what state it is in, and takes it back unchanged", () => {
    const state = stateOf("unknown", "truncated", { settleBegan: true, transaction: "0x1", reason: "r", endsMs: 7 });
    const kept = keptOf({ ...row, ...columnsOf(state) }, NOW);
    expect(kept).toEqual({ ...state, fingerprint: "f-1", hasAnswer: false, redemptions: 0 });
  });

  test.each([
    [null, false],
    [NOW, false],
    [NOW + 1, true],
  ])("has an answer until %s: %s", (answer_until, hasAnswer) => {
    expect(keptOf({ ...row, answer_until }, NOW).hasAnswer).toBe(hasAnswer);
  });

  test("says what is open in whole units", () => {
    expect(openOf({ ...row, amount: "340282366920938463463374607431768211455" }, NOW)).toMatchObject({
      id: ID,
      mode: "after",
      amount: 2n ** 128n - 1n,
    });
  });

  test("says its own terms", () => {
    expect(termsOf(row)).toEqual(TERMS);
  });

  test.each([
    ["unknown", "none", false],
    ["unknown", "delivered", true],
    ["unknown", "truncated", true],
    ["owed", "none", true],
  ] as const)("that is %s and %s is to be settled as what is owed: %s", (pay, delivery, isOwed) => {
    expect(dueOf(row, stateOf(pay, delivery)).isOwed).toBe(isOwed);
  });

  test("is handed out with all that is needed to find out", () => {
    expect(
      dueOf(row, stateOf("unknown", "none", { attempt: "s-1", courier: "a-1", settleBegan: true, transaction: "0x1" })),
    ).toEqual({
      id: ID,
      attempt: "s-1",
      courier: "a-1",
      network: "eip155:84532",
      asset: "0xasset",
      payer: "0xpayer",
      payTo: "0xseller",
      amount: "10000",
      route: "/v1/reports",
      charge: "10000",
      facilitator: "https://facilitator.example",
      settleBody: '{"signature":"0x"}',
      isOwed: false,
      settleBegan: true,
      transaction: "0x1",
      createdAtMs: NOW,
      validBeforeMs: NOW + 300_000,
    });
  });

  test("without its settlement's body has none to be asked again with", () => {
    expect(dueOf({ ...row, settle_body: null }, stateOf("unknown", "none")).settleBody).toBe("");
  });

  test("goes to the seller's books without secrets", () => {
    const entry = entryOf(row);
    expect(Object.keys(entry)).not.toContain("settleBody");
    expect(JSON.stringify(entry)).not.toMatch(/signature|k-1|a-1/);
  });
});
