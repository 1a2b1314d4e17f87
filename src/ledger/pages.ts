// The statements of a book. It reads and writes rows, and decides nothing but what follows from a state: when the row is
// due, whether it still matters, what is kept of it.

import { isLive } from "./claim.ts";
import { exists, migrate } from "./format.ts";
import { columnsOf, pageOf, type Row } from "./rows.ts";
import { dueMs, reportMs } from "./schedule.ts";
import type { Sql, Store } from "./sql.ts";
import type { StoredAnswer } from "./standing.ts";
import { isOpen, type PaymentState } from "./state.ts";
import type { Claim, Entry } from "./words.ts";

const SELECT = "SELECT p.*, a.until AS answer_until FROM payments p LEFT JOIN answers a ON a.id = p.id";
/** Whole texts, because SQLite's prepared statements are found by them. */
const OF_ID = `${SELECT} WHERE p.id = ?`;
const OF_KEY = `${SELECT} WHERE p.key_digest = ? AND p.pay IN ('claimed', 'owed', 'unknown', 'settled')
  ORDER BY p.created_at DESC LIMIT 1`;
const LIVE = `${SELECT} WHERE p.live = 1 ORDER BY p.created_at`;
const DUE = `${SELECT} WHERE p.due_at <= ? ORDER BY p.due_at LIMIT ?`;
const REPORTABLE = `${SELECT} WHERE p.report_at <= ? ORDER BY p.report_at LIMIT ?`;
const FORGET = `DELETE FROM payments WHERE id IN (SELECT id FROM payments WHERE due_at IS NULL
  AND MAX(updated_at, valid_before) < ? ORDER BY MAX(updated_at, valid_before) LIMIT ?)`;

/** A payment that is over is remembered for so long, and at least so long after its authorization has run out. */
const MEMORY_MS = 90 * 86_400_000;
/** With every so many claims that are granted; more rows than claims, so that a book that is used gets no longer. */
const FORGET_EVERY = 16;
const FORGOTTEN_MAX = 2 * FORGET_EVERY;
/** Entries that are handed out come again after this, unless the sink is said to have them. */
const REPORT_AGAIN_MS = 60_000;
/** Claims whose pages are kept in memory until they are reported; more are read again. */
const FRESH_MAX = 256;
/** A batch that every D1 plan takes. */
const REPORT_MAX = 40;

export class Pages {
  readonly #store: Store;
  readonly #sql: Sql;
  /** Whether what changes is reported to somebody. */
  readonly #hasSink: boolean;
  #exists: boolean;
  /** By this instance of the book, which cannot know of more. */
  #claims = 0;
  /** Pages as this instance wrote them with a claim, and as nothing has changed them yet: most reports are about such a one. */
  readonly #fresh = new Map<string, Row>();
  /** The earliest that something became due at since it was last asked. */
  #soonMs = Number.POSITIVE_INFINITY;

  constructor(store: Store, hasSink: boolean) {
    this.#store = store;
    this.#sql = store.sql;
    this.#hasSink = hasSink;
    this.#exists = exists(store);
    if (this.#exists) migrate(store);
  }

  /** Only a claim makes a book. */
  begin(): void {
    if (!this.#exists) migrate(this.#store);
    this.#exists = true;
  }

  find(id: string): Row | null {
    return this.#fresh.get(id) ?? this.#all<Row>(OF_ID, id)[0] ?? null;
  }

  /** The newest with this key that is not over without a charge: such a one may be followed by another. */
  findOfKey(keyDigest: string): Row | null {
    return this.#all<Row>(OF_KEY, keyDigest)[0] ?? null;
  }

  live(): Row[] {
    return this.#all<Row>(LIVE);
  }

  due(nowMs: number, max: number): Row[] {
    return this.#all<Row>(DUE, nowMs, max);
  }

  /** What is to be reported. It comes again until it is `reported`, but not at once: a sink that is down is not pressed. */
  reportable(nowMs: number): Row[] {
    if (!this.#hasSink) return [];
    const rows = this.#all<Row>(REPORTABLE, nowMs, REPORT_MAX);
    for (const { id } of rows) this.#run("UPDATE payments SET report_at = ? WHERE id = ?", nowMs + REPORT_AGAIN_MS, id);
    return rows;
  }

  /** Not where it changed meanwhile. */
  reported({ id, seq }: Pick<Entry, "id" | "seq">): void {
    this.#run("UPDATE payments SET report_at = NULL WHERE id = ? AND seq = ?", id, seq);
  }

  /** @param released the same payment as it was given back, which makes room for its next claim */
  insert(claim: Claim, released: Row | null): void {
    if (released) this.#run("DELETE FROM payments WHERE id = ?", claim.id);
    const page = pageOf(claim, Math.max((released?.seq ?? 0) + 1, claim.nowMs));
    this.#run(insertionOf(page), ...Object.values(page));
    if (this.#fresh.size >= FRESH_MAX) this.#fresh.clear();
    this.#fresh.set(claim.id, { ...page, answer_until: null });
    this.#expect(page.due_at);
    if (this.#claims++ % FORGET_EVERY === 0) this.#run(FORGET, claim.nowMs - MEMORY_MS, FORGOTTEN_MAX);
  }

  /**
   * @param row with what else is to change
   * @param isTold whether the seller's books are to hear of that too; of what is only claimed they hear nothing
   */
  save(row: Row, state: PaymentState, nowMs: number, isTold = false): Row {
    const isNews = (isTold && state.pay !== "claimed") || state.pay !== row.pay || state.delivery !== row.delivery;
    const { redemptions, tries, tried_at, charge, calculation } = row;
    const changes = {
      ...columnsOf(state),
      ...{ redemptions, tries, tried_at, charge, calculation },
      due_at: dueMs(row, state),
      live: isLive(state) ? 1 : null,
      // A payment that is final never settles again, so its signature need not be kept.
      settle_body: state.pay === "claimed" || isOpen(state) ? row.settle_body : null,
      updated_at: isNews ? nowMs : row.updated_at,
      seq: isNews ? Math.max(row.seq + 1, nowMs) : row.seq,
      // One that was given back was never begun, as far as the seller is concerned.
      report_at: isNews && state.pay !== "released" ? reportMs(row, nowMs) : row.report_at,
    };
    this.#fresh.delete(row.id);
    this.#run(updateOf(changes), ...Object.values(changes), row.id);
    this.#expect(changes.due_at);
    if (this.#hasSink) this.#expect(changes.report_at);
    return { ...row, ...changes };
  }

  answer(id: string): StoredAnswer {
    const [stored] = this.#all<{ head: string; body: ArrayBuffer }>("SELECT head, body FROM answers WHERE id = ?", id);
    if (!stored) throw new Error("an answer that is kept is not there");
    return { ...JSON.parse(stored.head), body: new Uint8Array(stored.body) };
  }

  keepAnswer(id: string, { untilMs, body, ...head }: StoredAnswer & { readonly untilMs: number }): void {
    const values = [id, untilMs, JSON.stringify(head), body];
    this.#run("INSERT OR REPLACE INTO answers (id, until, head, body) VALUES (?, ?, ?, ?)", ...values);
    this.#expect(untilMs);
  }

  dropAnswers(nowMs: number): void {
    this.#run("DELETE FROM answers WHERE until <= ?", nowMs);
  }

  /** When something is due, an answer ends, or, where there is a sink, something is to be reported. */
  nextMs(): number | null {
    this.#soonMs = Number.POSITIVE_INFINITY;
    const ofSink = this.#hasSink ? "UNION ALL SELECT MIN(report_at) FROM payments WHERE report_at IS NOT NULL" : "";
    const [next] = this.#all<{ at: number | null }>(
      `SELECT MIN(at) AS at FROM (SELECT MIN(due_at) AS at FROM payments WHERE due_at IS NOT NULL
         UNION ALL SELECT MIN(until) FROM answers ${ofSink})`,
    );
    return next?.at ?? null;
  }

  /** The same of what was written since either was last asked; nothing is read for it. */
  soonMs(): number | null {
    const soonMs = this.#soonMs;
    this.#soonMs = Number.POSITIVE_INFINITY;
    return Number.isFinite(soonMs) ? soonMs : null;
  }

  #expect(atMs: number | null): void {
    this.#soonMs = Math.min(this.#soonMs, atMs ?? Number.POSITIVE_INFINITY);
  }

  #run(query: string, ...bindings: unknown[]): void {
    this.#all(query, ...bindings);
  }

  /** In a book that does not exist there is nothing, and nothing is written. */
  #all<T extends Record<string, SqlStorageValue>>(query: string, ...bindings: unknown[]): T[] {
    return this.#exists ? this.#sql.exec<T>(query, ...bindings).toArray() : [];
  }
}

let insertion: string | null = null;
let update: string | null = null;

/** Every page has the same columns, and every change of one: either text is made once. */
function insertionOf(page: object): string {
  insertion ??= insertInto(Object.keys(page));
  return insertion;
}

const insertInto = (names: readonly string[]): string =>
  `INSERT INTO payments (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;

function updateOf(changes: object): string {
  update ??= updateWith(Object.keys(changes));
  return update;
}

const updateWith = (names: readonly string[]): string =>
  `UPDATE payments SET ${names.map((name) => `${name} = ?`).join(", ")} WHERE id = ?`;
