// A book against a small model: whatever is claimed, presented, reported and swept, in whatever order, by whichever
// attempt, and however late.

import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Book } from "../../../src/ledger/book.ts";
import { exists } from "../../../src/ledger/format.ts";
import { writeEntries } from "../../../src/ledger/sink.ts";
import type { Delivery, LedgerEvent, Pay } from "../../../src/ledger/state.ts";
import type { Due, Entry, Known } from "../../../src/ledger/words.ts";
import { openD1, openStore, type TestStore } from "../../support/sqlite.ts";
import { answer, claimOf, DAY, EVENTS, idOf, LEASE, NOW, presentationOf } from "./fixtures.ts";

const PRICE = 10_000n;
/** What a payment is held for once its use is known. */
const CHARGE = BigInt(EVENTS.metered.charge);
const METERED = EVENTS.metered.settleBody;
const CAPS = { inFlightMax: 3, unsettledMax: 40_000n, unchargedMax: 3 };
const MARGIN_MS = 120_000;

type Step =
  | { readonly kind: "claim"; readonly nonce: number; readonly call: number; readonly key: number | null }
  | { readonly kind: "present"; readonly nonce: number; readonly call: number; readonly isRedeemer: boolean }
  | { readonly kind: "record"; readonly attempt: number; readonly events: readonly LedgerEvent["kind"][] }
  | { readonly kind: "sweep"; readonly isHeard: boolean }
  | { readonly kind: "wait"; readonly ms: number };

const nonce = fc.nat({ max: 7 });
const call = fc.nat({ max: 3 });
const kinds = fc.constantFrom(...(Object.keys(EVENTS) as LedgerEvent["kind"][]));
/** What attempts say in earnest, and what they never should. */
const events = fc.oneof(
  fc.constantFrom<LedgerEvent["kind"][]>(
    ["release"],
    ["uncharged"],
    ["rejected"],
    ["lost"],
    ["settled"],
    ["settled", "delivered"],
    ["served"],
    ["served", "delivered"],
    ["undelivered"],
    ["redeemed"],
    ["truncated"],
    ["postponed"],
  ),
  fc.array(kinds, { minLength: 1, maxLength: 3 }),
);
const ms = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 5000 }) },
  { weight: 4, arbitrary: fc.nat({ max: 2 * LEASE }) },
  { weight: 1, arbitrary: fc.nat({ max: 4 * DAY }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("claim"), nonce, call, key: fc.option(fc.nat({ max: 2 })) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("present"), nonce, call, isRedeemer: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("record"), attempt: fc.nat({ max: 3 }), events }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sweep"), isHeard: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait"), ms }) },
);

interface Attempt {
  readonly id: string;
  readonly name: string;
}

/** What one payment may not do, whatever is done to it. */
interface Model {
  /** The attempt that holds it, and until when nobody else may. */
  holder: { readonly name: string; readonly untilMs: number } | null;
  isGranted: boolean;
  transaction: string | null;
  redemptions: number;
  seq: number;
}

class World {
  nowMs = NOW;
  readonly store: TestStore = openStore();
  readonly book = new Book(this.store, true);
  readonly attempts: Attempt[] = [];
  readonly models = new Map<string, Model>();
  readonly told: Entry[] = [];
  /** As an alarm is kept: looked up when it has rung, and set earlier by what is written. */
  soonMs = Number.POSITIVE_INFINITY;
  #names = 0;

  readonly newId = (): string => `t-${++this.#names}`;

  model(id: string): Model {
    const model = this.models.get(id) ?? { holder: null, isGranted: false, transaction: null, redemptions: 0, seq: 0 };
    this.models.set(id, model);
    return model;
  }

  act(step: Step): void {
    if (step.kind === "claim") this.claim(step);
    else if (step.kind === "present") this.present(step);
    else if (step.kind === "record") this.record(step);
    else if (step.kind === "sweep") this.sweep(step.isHeard);
    else this.nowMs += step.ms;
    this.hear();
  }

  hear(): void {
    this.soonMs = Math.min(this.soonMs, this.book.soonDueMs() ?? Number.POSITIVE_INFINITY);
  }

  claim({ nonce, call, key }: Extract<Step, { kind: "claim" }>): void {
    const [id, attempt] = [idOf(nonce), this.newId()];
    const keyed = key === null ? {} : { keyDigest: `k-${key}`, isKeySecret: key > 0 };
    const claim = claimOf({
      id,
      attempt,
      nowMs: this.nowMs,
      fingerprint: `f-${call === 0 ? 1 : nonce % 4}`,
      caps: CAPS,
      ...keyed,
    });
    const said = this.book.claim(claim);
    if (said.kind === "granted") {
      const model = this.model(id);
      expect(model.isGranted).toBe(false);
      model.isGranted = true;
      model.holder = { name: attempt, untilMs: this.nowMs + LEASE };
      this.attempts.push({ id, name: attempt });
      expect(this.book.claim(claim)).toMatchObject({ kind: "granted" });
    } else if (said.kind === "on_account") {
      const presentation = {
        id: said.id,
        attempt,
        nowMs: this.nowMs,
        fingerprint: claim.fingerprint,
        isRedeemer: true,
      };
      const told = this.book.present(presentationOf(presentation));
      expect(["answer", "redeem"]).toContain(told.kind);
      if (told.kind !== "claimable") this.know(told, attempt);
    } else if (said.kind !== "key_reused" && said.kind !== "in_debt" && said.kind !== "over_cap") {
      this.know(said, attempt);
    }
  }

  present({ nonce, call, isRedeemer }: Extract<Step, { kind: "present" }>): void {
    const [id, attempt] = [idOf(nonce), this.newId()];
    const fingerprint = `f-${call === 0 ? 1 : nonce % 4}`;
    const said = this.book.present(presentationOf({ id, attempt, nowMs: this.nowMs, fingerprint, isRedeemer }));
    if (!isRedeemer) expect(["answer", "redeem"]).not.toContain(said.kind);
    if (said.kind !== "claimable") this.know(said, attempt);
  }

  know(known: Known, attempt: string): void {
    if (known.kind === "unresolved") this.lend(known.due, LEASE);
    if (known.kind !== "redeem") return;
    const model = this.model(known.id);
    expect(model.transaction).toBe(known.transaction);
    this.hold(model, attempt, LEASE);
    expect(++model.redemptions).toBeLessThanOrEqual(3);
    this.attempts.push({ id: known.id, name: attempt });
  }

  lend(due: Due, leaseMs: number): void {
    expect(due.settleBody).not.toBe("");
    this.hold(this.model(due.id), due.attempt, leaseMs);
    this.attempts.push({ id: due.id, name: due.attempt });
  }

  /** At most one attempt at a time. */
  hold(model: Model, name: string, leaseMs: number): void {
    expect(model.holder === null || this.nowMs >= model.holder.untilMs).toBe(true);
    model.holder = { name, untilMs: this.nowMs + leaseMs };
  }

  record({ attempt: recent, events }: Extract<Step, { kind: "record" }>): void {
    const attempt = this.attempts.at(-1 - recent);
    if (!attempt) return;
    const before = this.book.entry(attempt.id, this.nowMs);
    this.report(
      attempt,
      events.map((kind) => EVENTS[kind]),
      events.includes("delivered"),
    );
    const after = this.book.entry(attempt.id, this.nowMs);
    const model = this.model(attempt.id);
    if (before?.pay === "claimed" && after?.pay === "released") model.isGranted = false;
  }

  report({ id, name }: Attempt, events: readonly LedgerEvent[], isKept = false): boolean {
    const kept = isKept ? answer("goods", this.nowMs + DAY) : null;
    const isTaken = this.book.record({ id, attempt: name, nowMs: this.nowMs, events, answer: kept });
    // Whoever may be heard may also end its own hold; that nobody else begins before is what is held here.
    const leaseUntil = this.column(id, "lease_until") as number;
    const model = this.model(id);
    if (model.holder && leaseUntil < model.holder.untilMs) model.holder = { ...model.holder, untilMs: leaseUntil };
    const entry = this.book.entry(id, this.nowMs);
    if (entry?.pay === "settled") model.transaction ??= entry.transaction;
    return isTaken;
  }

  column(id: string, name: string): SqlStorageValue | undefined {
    return this.store.sql.exec(`SELECT ${name} AS value FROM payments WHERE id = ?`, id).toArray()[0]?.["value"];
  }

  sweep(isHeard: boolean): readonly Due[] {
    const { due, entries } = this.book.sweep(this.nowMs, this.newId);
    this.soonMs = this.book.nextDueMs() ?? Number.POSITIVE_INFINITY;
    for (const one of due) this.lend(one, 90_000);
    for (const entry of entries) {
      const model = this.model(entry.id);
      expect(entry.seq).toBeGreaterThanOrEqual(model.seq);
      const same = this.told.find(({ id, seq }) => id === entry.id && seq === entry.seq);
      if (same) expect(entry).toEqual(same);
      model.seq = entry.seq;
      this.told.push(entry);
    }
    if (isHeard) this.book.reported(entries);
    return due;
  }

  rows() {
    if (!exists(this.store)) return [];
    return this.store.sql
      .exec<{
        id: string;
        pay: Pay;
        delivery: Delivery;
        due_at: number | null;
        settle_body: string | null;
        tx: string;
      }>("SELECT id, pay, delivery, due_at, settle_body, tx FROM payments ORDER BY id")
      .toArray();
  }

  /** What holds after every step. */
  check(): void {
    this.hear();
    expect(this.soonMs).toBeLessThanOrEqual(this.book.nextDueMs() ?? Number.POSITIVE_INFINITY);
    const rows = this.rows();
    const open = rows.filter(({ pay }) => ["claimed", "unknown", "owed"].includes(pay));
    const exposed = open.reduce((sum, { settle_body }) => sum + (settle_body === METERED ? CHARGE : PRICE), 0n);
    expect(exposed).toBeLessThanOrEqual(CAPS.unsettledMax);
    expect(open.filter(({ pay }) => pay === "claimed").length).toBeLessThanOrEqual(CAPS.inFlightMax);
    for (const { id, pay, due_at, settle_body, tx } of rows) {
      const isOpen = ["claimed", "unknown", "owed"].includes(pay);
      expect(settle_body !== null).toBe(isOpen);
      if (isOpen) expect(due_at).not.toBeNull();
      const { transaction } = this.model(id);
      if (transaction !== null) expect([pay, tx]).toEqual(["settled", transaction]);
    }
  }

  /** Faults stop: whatever is due is reported as it is. */
  end(moved: ReadonlySet<string>): void {
    for (let i = 0; i < 500; i++) {
      const nextMs = this.book.nextDueMs();
      if (nextMs === null) return;
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const { id, attempt, validBeforeMs } of this.sweep(true)) {
        this.report({ id, name: attempt }, [this.truth(moved.has(id), validBeforeMs)]);
      }
      this.check();
    }
    throw new Error("a book whose faults have stopped goes on for ever");
  }

  truth(isMoved: boolean, validBeforeMs: number): LedgerEvent {
    if (isMoved) return EVENTS.settled;
    return this.nowMs >= validBeforeMs + MARGIN_MS ? EVENTS.failed : EVENTS.postponed;
  }
}

const OVER: readonly string[] = [
  ...["released/none", "uncharged/none", "uncharged/delivered", "uncharged/truncated", "rejected/none", "failed/none"],
  ...["undetermined/none", "undetermined/delivered", "undetermined/truncated"],
  ...["written_off/delivered", "written_off/truncated"],
  ...["settled/delivered", "settled/redeemed", "settled/expired"],
];

test("a book keeps its promises in every order of events, and ends every payment when faults stop", async () => {
  const moved = fc.uniqueArray(nonce).map((nonces) => new Set(nonces.map(idOf)));
  const run = fc.property(fc.array(step, { maxLength: 80, size: "max" }), moved, (steps, truth) => {
    const world = new World();
    for (const one of steps) {
      world.act(one);
      world.check();
    }
    world.end(truth);
    expect(world.book.nextDueMs()).toBeNull();
    for (const { pay, delivery, due_at, settle_body } of world.rows()) {
      expect(OVER).toContain(`${pay}/${delivery}`);
      expect([due_at, settle_body]).toEqual([null, null]);
    }
  });
  fc.assert(run, { numRuns: 150 });
});

test("the seller's books end as the payers' books do, however often and in whatever order they are told", async () => {
  const run = fc.asyncProperty(
    fc.array(step, { maxLength: 40, size: "max" }),
    fc.infiniteStream(fc.nat()),
    async (steps, order) => {
      const world = new World();
      for (const one of steps) world.act(one);
      world.end(new Set());
      const shuffled = [...world.told, ...world.told]
        .map((entry) => ({ entry, key: order.next().value }))
        .sort((a, b) => a.key - b.key)
        .map(({ entry }) => entry);
      const db = new DatabaseSync(":memory:");
      await writeEntries(openD1(db), shuffled);
      const kept = world.rows().filter(({ pay }) => pay !== "released");
      expect(db.prepare("SELECT id, pay, delivery, tx FROM payments ORDER BY id").all()).toEqual(
        kept.map(({ id, pay, delivery, tx }) => ({ id, pay, delivery, tx })),
      );
    },
  );
  await fc.assert(run, { numRuns: 60 });
});

test("what is paid for and not delivered is its buyer's to redeem until it expires, and no more than three times", () => {
  const tries = fc.array(fc.record({ waitMs: fc.nat({ max: 2 * DAY }), isWord: fc.boolean() }), {
    maxLength: 8,
    size: "max",
  });
  const run = fc.property(tries, (list) => {
    const book = new Book(openStore(), false);
    const id = idOf(1);
    book.claim(claimOf({ id }));
    book.record({ id, attempt: "a-1", nowMs: NOW, events: [EVENTS.settled, EVENTS.undelivered], answer: null });
    const endsMs = NOW + claimOf().creditMs;
    let nowMs = NOW;
    let freeMs = NOW;
    let redemptions = 0;
    list.forEach(({ waitMs, isWord }, i) => {
      nowMs += waitMs;
      const attempt = `r-${i}`;
      const { kind } = book.present(presentationOf({ id, attempt, nowMs, isRedeemer: true }));
      const isBusy = nowMs < freeMs;
      const isOver = nowMs >= endsMs || redemptions === 3;
      expect(kind).toBe(isBusy ? "in_flight" : isOver ? "settled" : "redeem");
      if (kind !== "redeem") return;
      redemptions++;
      freeMs = nowMs + LEASE;
      if (!isWord) return;
      expect(book.record({ id, attempt, nowMs, events: [EVENTS.undelivered], answer: null })).toBe(true);
      freeMs = nowMs;
    });
  });
  fc.assert(run, { numRuns: 200 });
});
