import { beforeEach, describe, expect, test } from "vitest";
import { Book } from "../../../src/ledger/book.ts";
import { Pages } from "../../../src/ledger/pages.ts";
import type { LedgerEvent } from "../../../src/ledger/state.ts";
import type { Claim, ClaimAnswer, Presentation, Report } from "../../../src/ledger/words.ts";
import { openStore, type TestStore } from "../../support/sqlite.ts";
import { answer, claimOf, DAY, EVENTS, HASH, ID, idOf, LEASE, NOW, presentationOf, TERMS } from "./fixtures.ts";

const KEY = { keyDigest: "k-1", isKeySecret: true };
const { settled, delivered, undelivered, lost, release, uncharged, rejected, served, postponed } = EVENTS;

let store: TestStore;
let book: Book;
let names: number;
beforeEach(() => {
  store = openStore();
  book = new Book(store, false);
  names = 0;
});

const newId = (): string => `s-${++names}`;
const claim = (changes: Partial<Claim> = {}): ClaimAnswer => book.claim(claimOf(changes));
const present = (changes: Partial<Presentation> = {}) => book.present(presentationOf({ attempt: "p-1", ...changes }));
const record = (events: readonly LedgerEvent[], changes: Partial<Report> = {}): boolean =>
  book.record({ id: ID, attempt: "a-1", nowMs: NOW, events, answer: null, ...changes });
const column = (name: string, id = ID): unknown =>
  store.sql.exec(`SELECT ${name} AS value FROM payments WHERE id = ?`, id).toArray()[0]?.["value"];
const stateAt = (nowMs: number, id = ID): string => {
  const entry = book.entry(id, nowMs);
  return `${entry?.pay}/${entry?.delivery}`;
};

/** A claim whose attempt reported that. */
function claimed(events: readonly LedgerEvent[], changes: Partial<Claim> = {}): void {
  expect(claim(changes)).toMatchObject({ kind: "granted" });
  const { id = ID, attempt = "a-1", nowMs = NOW } = changes;
  if (events.length > 0) expect(record(events, { id, attempt, nowMs })).toBe(true);
}

describe("a claim", () => {
  test("is granted once, and to others the payment is under way", () => {
    expect(claim()).toMatchObject({ kind: "granted" });
    expect(claim({ attempt: "a-2" })).toEqual({ kind: "in_flight" });
    expect(present()).toEqual({ kind: "in_flight" });
  });

  test("of what is served first is told what its payer has open of the asset, itself among it, also when it is asked for again", () => {
    const served = { mode: "async" } as const;
    const [first, third] = [
      { id: ID, amount: "10000" },
      { id: idOf(3), amount: "500" },
    ];
    expect(claim(served)).toEqual({ kind: "granted", unsettled: [first] });
    claim({ ...served, id: idOf(2), fingerprint: "f-2", asset: "0xother" });
    const again = { ...served, ...third, fingerprint: "f-3" };
    for (let i = 0; i < 2; i++) expect(claim(again)).toEqual({ kind: "granted", unsettled: [first, third] });
    record([settled]);
    expect(claim(again)).toEqual({ kind: "granted", unsettled: [third] });
    expect(claim({ id: idOf(4), fingerprint: "f-4" })).toEqual({ kind: "granted", unsettled: [] });
  });

  test("is granted again to the attempt whose answer was lost, and to it alone", () => {
    claim();
    expect(claim()).toMatchObject({ kind: "granted" });
    record([uncharged]);
    expect(claim()).toEqual({ kind: "ended", reason: "upstream_500" });
  });

  test("is granted again when it was given back, at other terms too", () => {
    claimed([release]);
    expect(present()).toEqual({ kind: "claimable" });
    expect(claim({ attempt: "a-2", amount: "20000" })).toMatchObject({ kind: "granted" });
    expect(record([release])).toBe(false);
    expect(column("amount")).toBe("20000");
  });

  test("keeps growing where it was given back by a clock that was ahead", () => {
    claimed([release], { nowMs: NOW + 5000 });
    const before = column("seq") as number;
    claim({ attempt: "a-2" });
    expect(column("seq")).toBeGreaterThan(before);
  });

  test.each([
    ["another amount", { amount: "9999", payTo: "0xseller" }],
    ["another payee", { amount: "10000", payTo: "0xother" }],
  ])("of the same nonce for %s is another payment", (_, terms) => {
    claim();
    expect(claim({ attempt: "a-2", terms })).toEqual({ kind: "bound_elsewhere" });
    expect(present({ terms })).toEqual({ kind: "bound_elsewhere" });
  });

  test("of a payment that bought something else is refused", () => {
    claim();
    expect(claim({ attempt: "a-2", fingerprint: "f-2" })).toEqual({ kind: "bound_elsewhere" });
  });

  test("is refused to who owes, unless it is settled first", () => {
    claimed([lost, delivered]);
    record([{ kind: "failed", reason: "authorization_expired" }]);
    expect(claim({ id: idOf(2) })).toEqual({ kind: "in_debt" });
    expect(claim({ id: idOf(2), mode: "before" })).toMatchObject({ kind: "granted" });
  });

  test("is granted when the debt is written off", () => {
    claimed([lost, delivered]);
    record([{ kind: "failed", reason: "authorization_expired" }]);
    const nowMs = NOW + TERMS.debtMs;
    expect(claim({ id: idOf(2), nowMs })).toMatchObject({ kind: "granted" });
    expect(stateAt(nowMs)).toBe("written_off/delivered");
  });

  test.each<[string, Partial<Claim["caps"]>, readonly LedgerEvent[], string]>([
    ["calls under way", { inFlightMax: 1 }, [], "in_flight"],
    ["executions in vain", { unchargedMax: 1 }, [uncharged], "uncharged"],
    ["rejected settlements", { unchargedMax: 1 }, [rejected], "uncharged"],
    ["money that may be owed", { unsettledMax: 10_000n }, [served, delivered], "unsettled"],
  ])("is refused beyond the cap on %s, and granted when time has passed", (_, changes, events, cap) => {
    const caps = { ...claimOf().caps, ...changes };
    claimed(events, { caps });
    expect(claim({ id: idOf(2), fingerprint: "f-2", caps })).toEqual({ kind: "over_cap", cap });
    if (events.includes(served)) record([settled]);
    const nowMs = NOW + 3_600_000;
    expect(claim({ id: idOf(2), fingerprint: "f-2", caps, nowMs }).kind).toBe("granted");
  });
});

describe("a second payment of the same call", () => {
  const second = (changes: Partial<Claim> = {}) => claim({ id: idOf(2), attempt: "b-1", ...changes });

  test("is a call of its own while the first is executed", () => {
    claim();
    expect(second()).toMatchObject({ kind: "granted" });
  });

  test("finds out about the first where that may have settled, and is not claimed", () => {
    claimed([lost]);
    expect(second()).toMatchObject({ kind: "unresolved", due: { id: ID, attempt: "b-1", settleBegan: true } });
    expect(second({ attempt: "b-2" })).toEqual({ kind: "unknown" });
    expect(book.entry(idOf(2), NOW)).toBeNull();
  });

  test("finds out about the first where its attempt ended without a word", () => {
    claim();
    expect(second({ nowMs: NOW + LEASE })).toMatchObject({ kind: "unresolved", due: { id: ID, settleBegan: false } });
  });

  test("is served on the first's account where that was settled and not delivered", () => {
    claimed([settled]);
    expect(second({ nowMs: NOW + LEASE })).toEqual({ kind: "on_account", id: ID });
    expect(book.entry(idOf(2), NOW)).toBeNull();
    expect(present({ nowMs: NOW + LEASE, isRedeemer: true })).toEqual({ kind: "redeem", id: ID, transaction: HASH });
  });

  test("waits while somebody else is given what the first bought", () => {
    claimed([settled, undelivered]);
    expect(present({ isRedeemer: true })).toMatchObject({ kind: "redeem" });
    expect(second()).toEqual({ kind: "in_flight" });
  });

  test("spends no redelivery of the first by asking alone, however often", () => {
    claimed([settled, { kind: "undelivered" }]);
    for (let i = 0; i < 9; i++) expect(second({ attempt: `b-${i}` })).toEqual({ kind: "on_account", id: ID });
    expect(column("redemptions")).toBe(0);
  });

  test("gets the answer that was kept while nobody knew", () => {
    claim();
    record([lost], { answer: answer("goods") });
    record([settled]);
    expect(second()).toEqual({ kind: "on_account", id: ID });
    const known = present({ attempt: "b-1", isRedeemer: true });
    expect(known).toMatchObject({ kind: "answer", id: ID, transaction: HASH, wasOwed: true });
    if (known.kind === "answer") expect(new TextDecoder().decode(known.answer.body)).toBe("goods");
    // It is delivered when the presenter says so: until then our own word may have been lost on its way.
    expect(stateAt(NOW)).toBe("settled/undelivered");
    expect(record([{ kind: "redeemed" }], { attempt: "b-1" })).toBe(true);
    expect(stateAt(NOW)).toBe("settled/redeemed");
  });

  test("is a purchase of its own where every redelivery of the first has failed", () => {
    claimed([settled, { kind: "undelivered" }]);
    for (const attempt of ["r-1", "r-2", "r-3"]) {
      expect(present({ isRedeemer: true, attempt })).toMatchObject({ kind: "redeem" });
      expect(record([{ kind: "undelivered" }], { attempt })).toBe(true);
    }
    expect(present({ isRedeemer: true, attempt: "r-4" })).toEqual({
      kind: "settled",
      transaction: HASH,
      isCredit: true,
    });
    expect(second()).toMatchObject({ kind: "granted" });
  });

  test("with the key of another call is refused", () => {
    claimed([settled, delivered], KEY);
    expect(second({ ...KEY, fingerprint: "f-2" })).toEqual({ kind: "key_reused" });
  });

  test("with the same key is the same call, also where the key could be guessed", () => {
    claim(KEY);
    record([settled, delivered], { answer: answer("goods") });
    expect(second(KEY)).toEqual({ kind: "on_account", id: ID });
    expect(second({ ...KEY, isKeySecret: false })).toEqual({ kind: "on_account", id: ID });
    expect(second({ ...KEY, nowMs: NOW + DAY })).toMatchObject({ kind: "settled", isCredit: false });
  });

  test("with the same key waits for the first", () => {
    claim(KEY);
    expect(second(KEY)).toEqual({ kind: "in_flight" });
  });

  test.each([[release], [uncharged], [rejected]])("with the key of one that ended by %j is a new one", (event) => {
    claimed([event], KEY);
    expect(second(KEY)).toMatchObject({ kind: "granted" });
  });
});

describe("who presents a payment again", () => {
  test("is not known where nobody claimed it", () => {
    claim();
    expect(present({ id: idOf(9) })).toEqual({ kind: "claimable" });
  });

  test("is told to wait where an earlier payment of the same call may still settle, and not to sign another one", () => {
    claimed([lost]);
    const other = { id: idOf(9), attempt: "c-1" };
    expect(present({ ...other, fingerprint: "another call" })).toEqual({ kind: "claimable" });
    expect(present(other)).toMatchObject({ kind: "unresolved", due: { id: ID, attempt: "c-1" } });
    expect(present({ ...other, attempt: "c-2" })).toEqual({ kind: "unknown" });
    record([settled], { attempt: "c-1" });
    // A new signature would be served on its account.
    expect(present(other)).toEqual({ kind: "claimable" });
  });

  test("gets nothing for the payload alone", () => {
    claim(KEY);
    record([settled, { kind: "undelivered" }], { answer: answer("goods") });
    for (const proof of [{}, { keyDigest: "k-2", isKeySecret: true }, { ...KEY, isKeySecret: false }]) {
      expect(present(proof)).toEqual({ kind: "settled", transaction: HASH, isCredit: true });
    }
  });

  test("gets nothing for having no key where none came with the payment", () => {
    claimed([settled, { kind: "undelivered" }]);
    expect(present({ keyDigest: null, isKeySecret: true })).toMatchObject({ kind: "settled" });
  });

  test("gets nothing for a key that came later", () => {
    claimed([settled, { kind: "undelivered" }]);
    expect(present(KEY)).toMatchObject({ kind: "settled" });
  });

  test.each([
    ["the key that came first", KEY],
    ["another proof", { isRedeemer: true }],
  ])("redeems with %s what was not delivered, one at a time", (_, proof) => {
    claimed([settled, { kind: "undelivered" }], KEY);
    expect(present({ ...proof, attempt: "r-1" })).toEqual({ kind: "redeem", id: ID, transaction: HASH });
    expect(present({ ...proof, attempt: "r-2" })).toEqual({ kind: "in_flight" });
    expect(record([{ kind: "redeemed" }], { attempt: "r-1" })).toBe(true);
    expect(present({ ...proof, attempt: "r-2" })).toMatchObject({ kind: "settled", isCredit: false });
  });

  test("is granted the same redelivery again where the answer that said so was lost", () => {
    claimed([settled, { kind: "undelivered" }]);
    for (let i = 0; i < 5; i++) expect(present({ isRedeemer: true, attempt: "r-1" })).toMatchObject({ kind: "redeem" });
    expect(column("redemptions")).toBe(1);
  });

  test("uses one of its redeliveries up also where it is the attempt that failed to deliver", () => {
    claimed([settled, { kind: "undelivered" }]);
    expect(present({ isRedeemer: true, attempt: "a-1" })).toMatchObject({ kind: "redeem" });
    expect(column("redemptions")).toBe(1);
  });

  test("is told that it is under way by the attempt itself, while that still delivers", () => {
    claimed([settled]);
    expect(present({ isRedeemer: true, attempt: "a-1" })).toEqual({ kind: "in_flight" });
  });

  test("redeems again where a redelivery ended without a word", () => {
    claimed([settled, { kind: "undelivered" }]);
    present({ isRedeemer: true, attempt: "r-1" });
    const nowMs = NOW + LEASE;
    expect(present({ isRedeemer: true, attempt: "r-2", nowMs })).toMatchObject({ kind: "redeem" });
    expect(record([{ kind: "redeemed" }], { attempt: "r-1", nowMs })).toBe(false);
    expect(record([delivered], { nowMs })).toBe(false);
  });

  test("redeems nothing after its end", () => {
    claimed([settled, { kind: "undelivered" }]);
    const nowMs = NOW + TERMS.creditMs;
    expect(present({ isRedeemer: true, nowMs: nowMs - 1, redemptionMs: 0 })).toMatchObject({ kind: "redeem" });
    expect(present({ isRedeemer: true, attempt: "p-2", nowMs })).toMatchObject({ kind: "settled", isCredit: false });
    expect(stateAt(nowMs)).toBe("settled/expired");
  });

  test("finds out at once, and then no more often than every other second", () => {
    claimed([lost]);
    expect(present()).toMatchObject({ kind: "unresolved", due: { attempt: "p-1", settleBody: '{"signature":"0x"}' } });
    expect(present({ attempt: "p-2" })).toEqual({ kind: "unknown" });
    expect(record([postponed], { attempt: "p-1", nowMs: NOW + 5000 })).toBe(true);
    expect(present({ attempt: "p-2", nowMs: NOW + 6999 })).toEqual({ kind: "unknown" });
    expect(present({ attempt: "p-2", nowMs: NOW + 7000 })).toMatchObject({ kind: "unresolved" });
    expect(record([postponed], { attempt: "p-1", nowMs: NOW + 7001 })).toBe(false);
  });

  test("finds out again a while after somebody was told that it may have settled, not after that began", () => {
    claimed([lost]);
    expect(present()).toMatchObject({ kind: "unresolved" });
    expect(record([lost], { attempt: "p-1", nowMs: NOW + 5000 })).toBe(true);
    expect(present({ attempt: "p-2", nowMs: NOW + 6999 })).toEqual({ kind: "unknown" });
    expect(present({ attempt: "p-2", nowMs: NOW + 7000 })).toMatchObject({ kind: "unresolved" });
  });

  test("takes nothing from the attempt that delivered, whose report may come again", () => {
    claim(KEY);
    record([settled, delivered], { answer: answer("goods") });
    expect(present({ ...KEY, attempt: "p-1" })).toMatchObject({ kind: "answer", wasOwed: false });
    expect(record([delivered])).toBe(true);
    expect(column("courier")).toBe("a-1");
  });

  test("writes nothing by asking for what is as it was", () => {
    claimed([settled, delivered]);
    const written = (): unknown => store.sql.exec("SELECT total_changes() AS n").toArray()[0]?.["n"];
    const before = written();
    expect(present()).toMatchObject({ kind: "settled" });
    expect(stateAt(NOW)).toBe("settled/delivered");
    expect(written()).toBe(before);
  });

  test("has it delivered at once when it turns out to be settled", () => {
    claimed([lost]);
    present();
    expect(record([settled], { attempt: "p-1" })).toBe(true);
    expect(present({ isRedeemer: true, attempt: "p-2" })).toMatchObject({ kind: "redeem" });
  });
});

describe("a report", () => {
  test("counts as far as it goes: what was delivered was delivered, though it is late to say that it was served", () => {
    claim({ mode: "async" });
    expect(stateAt(NOW + LEASE)).toBe("unknown/none");
    expect(record([served, delivered], { nowMs: NOW + LEASE })).toBe(false);
    expect(stateAt(NOW + LEASE)).toBe("unknown/delivered");
    expect(book.sweep(NOW + LEASE, newId).due).toMatchObject([{ isOwed: true }]);
  });

  test("counts where it comes again, and changes nothing", () => {
    claim();
    for (let i = 0; i < 3; i++) expect(record([settled, delivered], { answer: answer("goods") })).toBe(true);
    expect(stateAt(NOW)).toBe("settled/delivered");
    const seq = column("seq");
    record([settled, delivered]);
    expect(column("seq")).toBe(seq);
  });

  test("counts of the first attempt, though somebody has found out before it", () => {
    claim();
    const nowMs = NOW + LEASE;
    const [due] = book.sweep(nowMs, newId).due;
    expect(record([settled], { attempt: due?.attempt ?? "", nowMs })).toBe(true);
    expect(record([settled, delivered], { nowMs })).toBe(true);
    expect(stateAt(nowMs)).toBe("settled/delivered");
  });

  test("keeps no answer where it does not count", () => {
    claimed([settled, delivered], KEY);
    expect(record([uncharged], { answer: answer("stale"), attempt: "x" })).toBe(false);
    expect(present(KEY)).toMatchObject({ kind: "settled" });
  });

  test("of a payment that is not there does not count", () => {
    claim();
    expect(record([settled], { id: idOf(9), answer: answer("x") })).toBe(false);
  });

  test.each<[string, readonly LedgerEvent[], boolean]>([
    ["is claimed", [], true],
    ["is owed", [served], true],
    ["is unknown", [lost], true],
    ["was released", [release], false],
    ["was uncharged", [uncharged], false],
    ["was rejected", [rejected], false],
    ["is settled", [settled], false],
    ["failed", [lost, { kind: "failed", reason: "x" }], false],
    ["is undetermined", [lost, { kind: "undetermined", reason: "x" }], false],
  ])("keeps the signature of what %s exactly as long as it may be needed", (_, events, isKept) => {
    claimed(events);
    expect(column("settle_body") !== null).toBe(isKept);
  });
});

describe("an alarm", () => {
  test("has nothing to do in a book where all is over", () => {
    claimed([settled, delivered]);
    expect(book.nextDueMs()).toBeNull();
    claimed([release], { id: idOf(2), attempt: "b" });
    expect(book.nextDueMs()).toBeNull();
  });

  test("hands out what is past its lease, once until that is over", () => {
    claim();
    expect(book.nextDueMs()).toBe(NOW + LEASE);
    expect(book.sweep(NOW + LEASE - 1, newId).due).toEqual([]);
    expect(book.sweep(NOW + LEASE, newId).due).toMatchObject([{ id: ID, attempt: "s-1", isOwed: false }]);
    expect(book.sweep(NOW + LEASE, newId).due).toEqual([]);
    expect(book.nextDueMs()).toBe(NOW + LEASE + 90_000);
    expect(book.sweep(NOW + LEASE + 90_000, newId).due).toMatchObject([{ attempt: "s-2" }]);
  });

  test("comes later and later, and once when the authorization has surely run out", () => {
    claimed([lost]);
    const pauses: number[] = [];
    let nowMs = NOW;
    for (let i = 0; i < 14; i++) {
      const nextMs = book.nextDueMs() ?? 0;
      pauses.push((nextMs - nowMs) / 1000);
      nowMs = nextMs;
      const [due] = book.sweep(nowMs, newId).due;
      expect(record([postponed], { attempt: due?.attempt ?? "", nowMs })).toBe(true);
    }
    expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 196, 512, 600, 600, 600, 600, 600]);
    expect(nowMs).toBeGreaterThan(NOW + 450_000);
  });

  test("gives up after a month on what may never run out, and leaves it to the operator", () => {
    claimed([lost], { validBeforeMs: 1e80 });
    const nowMs = NOW + 30 * DAY;
    expect(book.sweep(nowMs, newId).due).toEqual([]);
    expect(stateAt(nowMs)).toBe("undetermined/none");
    // No more than to forget what the API did for it.
    expect(book.nextDueMs()).toBe(nowMs + 3_600_000);
    expect(book.sweep(nowMs + 3_600_000, newId).due).toEqual([]);
    expect(book.nextDueMs()).toBeNull();
    expect(record([settled], { nowMs })).toBe(true);
  });

  test("hands out eight at a time, and the others after them", () => {
    for (let i = 0; i < 20; i++) claim({ id: idOf(i), attempt: `a-${i}`, fingerprint: `f-${i}` });
    const nowMs = NOW + LEASE;
    const taken = [1, 2, 3].map(() => book.sweep(nowMs, newId).due.map(({ id }) => id));
    expect(taken.map(({ length }) => length)).toEqual([8, 8, 4]);
    expect(new Set(taken.flat()).size).toBe(20);
    expect(book.nextDueMs()).toBeGreaterThan(nowMs);
  });

  test("calls served what was served and never reported, and goes on settling it", () => {
    claimed([served]);
    expect(book.sweep(NOW + LEASE, newId).due).toMatchObject([{ isOwed: true }]);
    expect(stateAt(NOW + LEASE)).toBe("owed/truncated");
  });

  test("forgets an answer when its time is over", () => {
    claim(KEY);
    record([settled, delivered], { answer: answer("goods", NOW + 1000) });
    expect(book.soonDueMs()).toBe(NOW + 1000);
    expect(book.nextDueMs()).toBe(NOW + 1000);
    expect(present(KEY)).toMatchObject({ kind: "answer" });
    expect(present({ ...KEY, nowMs: NOW + 1000 })).toMatchObject({ kind: "settled" });
    book.sweep(NOW + 1000, newId);
    expect(store.sql.exec("SELECT id FROM answers").toArray()).toEqual([]);
    expect(book.nextDueMs()).toBeNull();
  });

  test("does not look twice at a row that has nothing due any more", () => {
    claimed([settled, delivered]);
    store.sql.exec("UPDATE payments SET due_at = ?", NOW);
    expect(book.nextDueMs()).toBe(NOW);
    book.sweep(NOW, newId);
    expect(book.nextDueMs()).toBeNull();
  });
});

describe("the seller's books", () => {
  beforeEach(() => {
    book = new Book(store, true);
  });

  test("hear of what changed, a moment later, until they have it", () => {
    claimed([settled, delivered]);
    expect(book.nextDueMs()).toBe(NOW + 2000);
    const { entries } = book.sweep(NOW + 2000, newId);
    expect(entries).toMatchObject([{ id: ID, pay: "settled", delivery: "delivered", transaction: HASH }]);
    expect(book.nextDueMs()).toBe(NOW + 62_000);
    expect(book.sweep(NOW + 62_000, newId).entries).toEqual(entries);
    book.reported(entries);
    expect(book.nextDueMs()).toBeNull();
  });

  test("hear once more of what changed while they were told", () => {
    claimed([settled]);
    const { entries } = book.sweep(NOW + 2000, newId);
    record([delivered], { nowMs: NOW + 2100 });
    book.reported(entries);
    expect(book.nextDueMs()).toBe(NOW + 4100);
    expect(book.sweep(NOW + 4100, newId).entries).toMatchObject([{ delivery: "delivered" }]);
  });

  test("hear of the later change as the later one, also within a moment, and from a clock that is behind", () => {
    claimed([settled]);
    const before = book.sweep(NOW + 2000, newId).entries[0];
    record([delivered], { nowMs: NOW - 5000 });
    const after = book.entry(ID, NOW);
    expect(after?.delivery).toBe("delivered");
    expect(after?.seq).toBeGreaterThan(before?.seq ?? 0);
  });

  test("hear nothing of what was only claimed, or given back", () => {
    claimed([]);
    claimed([release], { id: idOf(2), attempt: "b" });
    expect(book.sweep(NOW + 10_000, newId).entries).toEqual([]);
  });

  test("do not keep anybody from finding out while they cannot be reached", () => {
    for (let i = 0; i < 100; i++) claimed([settled, delivered], { id: idOf(i), attempt: `a-${i}` });
    claimed([lost], { id: idOf("open"), attempt: "o", fingerprint: "f-2" });
    const { due, entries } = book.sweep(NOW + 2000, newId);
    expect(due.map(({ id }) => id)).toEqual([idOf("open")]);
    expect(entries).toHaveLength(40);
    expect(book.sweep(NOW + 2000, newId).entries).toHaveLength(40);
    expect(book.sweep(NOW + 2000, newId).entries).toHaveLength(21);
    expect(book.sweep(NOW + 2000, newId).entries).toHaveLength(0);
  });

  test("hear, when they are bound later, of what is remembered", () => {
    book = new Book(store, false);
    claimed([settled, delivered]);
    expect(book.soonDueMs()).toBe(NOW + LEASE);
    expect(book.nextDueMs()).toBeNull();
    expect(book.sweep(NOW + 2000, newId).entries).toEqual([]);
    book = new Book(store, true);
    expect(book.sweep(NOW + 2000, newId).entries).toHaveLength(1);
  });
});

describe("a book that is used for long", () => {
  const LATER = NOW + 300_000 + 91 * DAY;

  test("forgets what has been over for three months, twice as fast as it is written", () => {
    for (let i = 0; i < 40; i++) claimed([settled, delivered], { id: idOf(i), attempt: `a-${i}` });
    const count = () => store.sql.exec("SELECT COUNT(*) AS n FROM payments").toArray()[0]?.["n"];
    const late = (name: string, nowMs: number) => claim({ id: idOf(name), attempt: name, nowMs, fingerprint: name });
    book = new Book(store, false);
    late("x", LATER - 2 * DAY);
    expect(count()).toBe(41);
    book = new Book(store, false);
    late("y", LATER);
    expect(count()).toBe(42 - 32);
    for (let i = 0; i < 15; i++) late(`y-${i}`, LATER);
    expect(count()).toBe(10 + 15);
    late("z", LATER);
    expect(count()).toBe(26 - 8);
  });

  test("forgets nothing that is still due, or whose authorization may still be used", () => {
    claimed([settled, delivered], { validBeforeMs: 1e80 });
    claimed([lost], { id: idOf(2), attempt: "b" });
    claim({ id: idOf(3), attempt: "c", nowMs: LATER, fingerprint: "f-2" });
    expect(column("pay")).toBe("settled");
    expect(column("pay", idOf(2))).toBe("unknown");
  });
});

describe("what is asked of the storage", () => {
  let statements: string[] = [];

  /** An instance that has just started. */
  function restart(): void {
    const exec: TestStore["sql"]["exec"] = (query, ...bindings) => {
      statements.push(/^\s*(\w+)/.exec(query)?.[1] ?? "");
      return store.sql.exec(query, ...bindings);
    };
    book = new Book({ ...store, sql: { exec } }, true);
  }

  /** By their first word. */
  function statementsBy(act: () => void): readonly string[] {
    statements = [];
    act();
    return statements;
  }

  function statementsOf(act: () => void): readonly string[] {
    restart();
    return statementsBy(act);
  }

  beforeEach(() => claimed([settled, delivered], { id: idOf("before"), attempt: "b" }));

  test("for a claim is the payment, what is open, and one row more, with a look for what is to be forgotten", () => {
    expect(statementsOf(() => claim())).toEqual(["SELECT", "SELECT", "INSERT", "DELETE"]);
  });

  test("for a claim that was named is its namesake too", () => {
    expect(statementsOf(() => claim(KEY))).toEqual(["SELECT", "SELECT", "SELECT", "INSERT", "DELETE"]);
  });

  test("for a report is the payment, and one write for all that it says", () => {
    claim();
    expect(statementsOf(() => record([settled, delivered]))).toEqual(["SELECT", "UPDATE"]);
  });

  test("for a report about a claim that this instance took is the write alone, and then the payment again", () => {
    restart();
    claim();
    expect(statementsBy(() => record([settled]))).toEqual(["UPDATE"]);
    expect(statementsBy(() => record([delivered]))).toEqual(["SELECT", "UPDATE"]);
    expect([column("pay"), column("delivery")]).toEqual(["settled", "delivered"]);
  });

  test("for a report about one of very many claims that are open is the payment", () => {
    const words = statementsOf(() => {
      const caps = { ...claimOf().caps, inFlightMax: 1000, unsettledMax: 10n ** 12n };
      claim({ caps });
      for (let i = 0; i < 256; i++) {
        const id = idOf(`many-${i}`);
        expect(claim({ id, attempt: id, fingerprint: id, caps })).toMatchObject({ kind: "granted" });
      }
      expect(record([settled, delivered])).toBe(true);
    });
    expect(words.slice(-2)).toEqual(["SELECT", "UPDATE"]);
    expect(column("pay")).toBe("settled");
  });

  test("for a report that does not count is the payment", () => {
    claim();
    expect(statementsOf(() => record([settled], { id: idOf("unknown") }))).toEqual(["SELECT"]);
    expect(statementsOf(() => record([release], { attempt: "a-2" }))).toEqual(["SELECT"]);
  });

  test("for when something is due next is nothing, as far as it was just written", () => {
    const statements = statementsOf(() => {
      claim({ nowMs: NOW + 1000 });
      claim({ id: idOf(2), attempt: "a-2" });
      expect(book.soonDueMs()).toBe(NOW + LEASE);
      expect(book.soonDueMs()).toBeNull();
      record([settled, delivered]);
      expect(book.soonDueMs()).toBe(NOW + 2000);
    });
    expect(statements.filter((word) => word === "SELECT")).toHaveLength(4);
  });
});

test("an answer that nobody kept is a mistake of ours", () => {
  claim();
  expect(() => new Pages(store, true).answer(ID)).toThrow(/not there/);
});
