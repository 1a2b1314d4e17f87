// A metered call in its payer's book: what is charged is known only after the goods went out.

import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { Book } from "../../../src/ledger/book.ts";
import type { LedgerEvent } from "../../../src/ledger/state.ts";
import { openStore } from "../../support/sqlite.ts";
import { claimOf, EVENTS, HASH, ID, idOf, LEASE, NOW, presentationOf } from "./fixtures.ts";

const { served, metered, settled, delivered, truncated, release, uncharged } = EVENTS;
/** Of 10000 that were authorized; 100 where nobody ever says what was used. */
const CLAIM = { mode: "async", charge: "100", settleBody: '{"amount":"100"}' } as const;
const REPORT = { id: ID, attempt: "a-1", nowMs: NOW, answer: null };

let book: Book;
const record = (...events: readonly LedgerEvent[]): boolean => book.record({ ...REPORT, events });
const entry = () => book.entry(ID, NOW);
const dueAt = (nowMs: number) => book.sweep(nowMs, () => "s-1").due[0];

beforeEach(() => {
  book = new Book(openStore(new DatabaseSync(":memory:")), true);
  expect(book.claim(claimOf(CLAIM)).kind).toBe("granted");
});

describe("a metered call", () => {
  test("is charged what it used, and the books say how that came to be", () => {
    expect(record(served, delivered, metered, settled)).toBe(true);
    expect(entry()).toMatchObject({ pay: "settled", amount: "1858", calculation: "1858 units" });
  });

  test("is settled later in the words that name what it used", () => {
    record(served, delivered, metered);
    expect(dueAt(NOW + LEASE)).toMatchObject({ amount: "10000", charge: "1858", settleBody: '{"amount":"1858"}' });
  });

  test("whose use nobody said is settled as the table says", () => {
    record(served);
    expect(dueAt(NOW + LEASE)).toMatchObject({ charge: "100", settleBody: '{"amount":"100"}', isOwed: true });
    expect(entry()).toMatchObject({ amount: "100", calculation: null });
  });

  test("says what was used where the attempt is past its lease", () => {
    record(served, truncated);
    book.claim(claimOf({ ...CLAIM, id: idOf(2), attempt: "a-2" }));
    expect(book.record({ ...REPORT, nowMs: NOW + LEASE, events: [metered] })).toBe(true);
    expect(dueAt(NOW + LEASE)).toMatchObject({ charge: "1858" });
  });

  test("that settled says its charge once, whoever says it again", () => {
    record(served, metered, { kind: "settled", transaction: HASH, charge: "1857" });
    record({ kind: "settled", transaction: HASH, charge: "1" });
    expect(entry()).toMatchObject({ amount: "1857", transaction: HASH });
  });

  test("whose charge only the chain knows has the chain's", () => {
    record(served);
    record({ kind: "settled", transaction: HASH, charge: "1858" });
    expect(entry()).toMatchObject({ pay: "settled", amount: "1858", calculation: null });
  });

  test("is still the payment that was signed to who presents it again", () => {
    record(served, delivered, metered, settled);
    const { caps: _, ...presentation } = claimOf({ attempt: "p-1" });
    expect(book.present(presentation)).toMatchObject({ kind: "settled" });
    expect(book.present({ ...presentation, terms: { amount: "1858", payTo: "0xseller" } })).toEqual({
      kind: "bound_elsewhere",
    });
  });

  test("is told to the seller's books when its charge is known, and when it is settled", () => {
    const told = (): unknown => {
      const { entries } = book.sweep(NOW + 120_000, () => "s");
      book.reported(entries);
      return entries.map(({ pay, amount }) => [pay, amount]);
    };
    record(served, delivered);
    expect(told()).toEqual([["owed", "100"]]);
    book.record({ ...REPORT, attempt: "s", events: [metered] });
    expect(told()).toEqual([["owed", "1858"]]);
  });
});

describe("a stream that broke off, once it is charged, can be redeemed at once", () => {
  const waived = { ...EVENTS.waived, reason: "usage_missing" } as const;
  const atEnd = NOW + LEASE;
  const alarm = (...events: readonly LedgerEvent[]): void => {
    const due = dueAt(atEnd);
    expect(book.record({ ...REPORT, attempt: due?.attempt ?? "", nowMs: atEnd, events })).toBe(true);
  };

  test.each<[string, number, () => void]>([
    ["before it was settled", NOW, () => record(served, truncated, metered, settled)],
    ["after it was settled", NOW, () => record(served, metered, settled, truncated)],
    ["and its settlement was lost", NOW, () => record(served, truncated, metered, EVENTS.lost, settled)],
    ["and the book heard nothing of that", NOW, () => record(served, settled, truncated)],
    [
      "and the alarm settled it",
      atEnd,
      () => {
        record(served, truncated, metered);
        alarm(settled);
      },
    ],
    [
      "with its invocation",
      atEnd,
      () => {
        record(served);
        alarm(settled);
      },
    ],
    [
      "and was waived, and the chain has it moved all the same",
      NOW,
      () => record(served, truncated, { ...metered, charge: "0" }, waived, settled),
    ],
  ])("%s", (_, nowMs, happens) => {
    happens();
    expect(entry()).toMatchObject({ pay: "settled", delivery: "truncated" });
    const presented = presentationOf({ attempt: "p-1", nowMs, isRedeemer: true });
    expect(book.present(presented)).toEqual({ kind: "redeem", id: ID, transaction: HASH });
  });
});

describe("a call that is charged nothing", () => {
  const waive = (reason: Extract<LedgerEvent, { kind: "waived" }>["reason"]): boolean =>
    record(served, delivered, { ...metered, charge: "0" }, { kind: "waived", reason });
  const claimNext = (unchargedMax: number) => {
    const caps = { ...claimOf().caps, unchargedMax };
    return book.claim(claimOf({ ...CLAIM, id: idOf(2), attempt: "a-2", fingerprint: "f-2", caps }));
  };

  test("because it used nothing is over, and is held against nobody", () => {
    expect(waive("no_usage")).toBe(true);
    expect(entry()).toMatchObject({ pay: "uncharged", delivery: "delivered", amount: "0" });
    expect(claimNext(1)).toMatchObject({ kind: "granted" });
    expect(dueAt(NOW + 365 * 86_400_000)?.id).not.toBe(ID);
  });

  test("because nobody can say what it used is counted for an hour: its payer may have seen to that", () => {
    expect(waive("usage_missing")).toBe(true);
    expect(claimNext(1)).toEqual({ kind: "over_cap", cap: "uncharged" });
    expect(claimNext(2)).toMatchObject({ kind: "granted" });
  });

  test("is not what was given back or was not for sale", () => {
    record(uncharged);
    expect(record({ kind: "waived", reason: "no_usage" })).toBe(true);
    expect(entry()).toMatchObject({ pay: "uncharged", delivery: "none" });
    book.claim(claimOf({ ...CLAIM, id: idOf(3), attempt: "a-3" }));
    const report = { ...REPORT, id: idOf(3), attempt: "a-3" };
    expect(book.record({ ...report, events: [release] })).toBe(true);
    expect(book.record({ ...report, events: [{ kind: "waived", reason: "no_usage" }] })).toBe(false);
  });
});

describe("what a payer may have under way", () => {
  const claimNext = (inFlightMax: number) => {
    const caps = { ...claimOf().caps, inFlightMax };
    return book.claim(claimOf({ ...CLAIM, id: idOf(2), attempt: "a-2", fingerprint: "f-2", caps }));
  };

  test.each([
    ["while it is owed and nobody knows its use", [served], false],
    ["also when its end is known", [served, delivered], false],
    ["no longer when its use is noted", [served, delivered, metered], true],
  ])("counts a stream %s", (_, events, isOver) => {
    record(...events);
    expect(claimNext(1)).toMatchObject(isOver ? { kind: "granted" } : { kind: "over_cap", cap: "in_flight" });
  });

  test("counts no other call that is owed", () => {
    const plain = claimOf({ charge: null, id: idOf(3), attempt: "a-3", fingerprint: "f-3" });
    record(served, delivered, metered);
    book.claim(plain);
    book.record({ ...REPORT, id: idOf(3), attempt: "a-3", events: [served] });
    expect(claimNext(1)).toMatchObject({ kind: "granted" });
  });
});

describe("what a payer may have unsettled", () => {
  const caps = { inFlightMax: 100, unsettledMax: 20_000n, unchargedMax: 100 };
  const claimNext = (nonce: number) =>
    book.claim(claimOf({ ...CLAIM, id: idOf(nonce), attempt: `a-${nonce}`, fingerprint: `f-${nonce}`, caps }));

  test("counts all that a call is authorized to cost until its use is known, and then its charge", () => {
    record(served, delivered);
    expect(claimNext(2)).toMatchObject({ kind: "granted" });
    expect(claimNext(3)).toEqual({ kind: "over_cap", cap: "unsettled" });
    record(metered);
    expect(claimNext(3)).toEqual({ kind: "over_cap", cap: "unsettled" });
    book.record({ ...REPORT, id: idOf(2), attempt: "a-2", events: [served, delivered, metered] });
    expect(claimNext(3)).toMatchObject({ kind: "granted" });
  });
});
