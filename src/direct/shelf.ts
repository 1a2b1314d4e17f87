// The outbox as it lies in SQLite. `docs/direct-settlement.md` describes every column.

import type { Sql, Store } from "../ledger/index.ts";
import type { Fees } from "./fees.ts";
import type { SignedTransaction } from "./transaction.ts";
import { PAID_MAX, type Standing, TRUST_MS } from "./trust.ts";

/** A nonce, and the call that is sent with it. */
export interface Row extends Record<string, SqlStorageValue> {
  nonce: number;
  id: string;
  recipient: string;
  data: string;
  gas: number;
  valid_before: number;
  tx: string | null;
  created_at: number;
  sent_at: number;
  payer: string | null;
  amount: string;
  on_trust: number;
  seen: string | null;
}

export interface SignedRow extends Record<string, SqlStorageValue> {
  hash: string;
  nonce: number;
  raw: string;
  max_fee: string;
  priority_fee: string;
  signed_at: number;
}

/** A row that is in no block yet, and what its newest transaction offers. */
export type WaitingRow = Row & Pick<SignedRow, "max_fee">;

/** Fees and amounts are text: they may be larger than a number holds. */
const TABLES = `CREATE TABLE IF NOT EXISTS sent (
    nonce INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, data TEXT NOT NULL, gas INTEGER NOT NULL,
    valid_before INTEGER NOT NULL, tx TEXT, created_at INTEGER NOT NULL, sent_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS signed (
    hash TEXT PRIMARY KEY, nonce INTEGER NOT NULL, raw TEXT NOT NULL, max_fee TEXT NOT NULL, priority_fee TEXT NOT NULL,
    signed_at INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS signed_nonce ON signed (nonce)`;

/** The first outboxes had no more than that. What they have sent is held against nobody, and to nobody's credit. */
const ADDED = `ALTER TABLE sent ADD COLUMN payer TEXT;
  ALTER TABLE sent ADD COLUMN amount TEXT NOT NULL DEFAULT '0';
  ALTER TABLE sent ADD COLUMN on_trust INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sent ADD COLUMN seen TEXT;
  CREATE INDEX sent_payer ON sent (payer, created_at);
  CREATE INDEX sent_unpaid ON sent (created_at) WHERE tx IS NULL AND seen IS NOT 'settled'`;

const FORGOTTEN = `SELECT nonce FROM sent WHERE nonce < ? AND MAX(created_at, valid_before) < ?
  OR nonce >= ? AND MAX(created_at, valid_before) < ? ORDER BY nonce LIMIT ?`;

const WAITING = `SELECT *, (SELECT max_fee FROM signed WHERE signed.nonce = sent.nonce
    ORDER BY signed_at DESC, rowid DESC LIMIT 1) AS max_fee
  FROM sent WHERE nonce >= ? AND nonce < ? ORDER BY nonce`;

/** As they stand in `sent_unpaid`. */
const UNPAID = "created_at > ? AND tx IS NULL AND seen IS NOT 'settled'";
const COUNTS = "COUNT(*) FILTER (WHERE seen IS NULL) AS open, COUNT(*) FILTER (WHERE seen = 'reverted') AS burned";
const DOUBTFUL = `SELECT * FROM sent
  WHERE ${UNPAID} AND seen IS NULL AND payer IS NOT NULL AND nonce < ? AND sent_at <= ? ORDER BY created_at LIMIT ?`;
const PAID = `SELECT COUNT(*) AS paid FROM
  (SELECT 1 FROM sent WHERE payer = ? AND (tx IS NOT NULL OR seen = 'settled') LIMIT ${PAID_MAX})`;

/** A payment is remembered for so long, and at least so long after its authorization has run out. */
const MEMORY_MS = 90 * 86_400_000;
/** With every so many payments; more rows than payments, so that an outbox that is used gets no longer. */
const FORGET_EVERY = 16;
const FORGOTTEN_MAX = 2 * FORGET_EVERY;

export class Shelf {
  readonly #store: Store;
  readonly #sql: Sql;
  #exists: boolean;
  /** By this instance. */
  #puts = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#sql = store.sql;
    const [table] = store.sql.exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = 'sent'").toArray();
    this.#exists = table !== undefined;
    if (table && !table.sql.includes("on_trust")) this.#store.transactionSync(() => this.#sql.exec(ADDED));
  }

  find(id: string): Row | null {
    return this.#all<Row>("SELECT * FROM sent WHERE id = ?", id)[0] ?? null;
  }

  /** Lowest nonce first; below `end`. */
  waiting(from: number, end: number): WaitingRow[] {
    return this.#all<WaitingRow>(WAITING, from, end);
  }

  /** What comes after the highest nonce below `end`. */
  nextNonce(end: number): number {
    const [last] = this.#all<Row>("SELECT nonce FROM sent WHERE nonce < ? ORDER BY nonce DESC LIMIT 1", end);
    return last ? last.nonce + 1 : 0;
  }

  /** So many of the account's nonces are in blocks at least: what was seen there proves it. */
  seenNonces(): number {
    const query = "SELECT nonce FROM sent WHERE tx IS NOT NULL OR seen IS NOT NULL ORDER BY nonce DESC LIMIT 1";
    const [last] = this.#all<Row>(query);
    return last ? last.nonce + 1 : 0;
  }

  standing(payer: string, sinceMs: number): Standing {
    const none = { open: 0, burned: 0 };
    const [own = none] = this.#all<typeof none>(
      `SELECT ${COUNTS} FROM sent WHERE payer = ? AND ${UNPAID}`,
      payer,
      sinceMs,
    );
    const [all = none] = this.#all<typeof none>(`SELECT ${COUNTS} FROM sent WHERE ${UNPAID} AND on_trust = 1`, sinceMs);
    const paid = this.#all<{ paid: number }>(PAID, payer)[0]?.paid ?? 0;
    return { ...own, paid, openOnTrust: all.open, burnedOnTrust: all.burned };
  }

  /** Of payers, in blocks since that time by the count of nonces, and nobody has seen there as what. */
  doubtful(usedNonces: number, sinceMs: number, untilMs: number, max: number): Row[] {
    return this.#all<Row>(DOUBTFUL, sinceMs, usedNonces, untilMs, max);
  }

  /** Newest first; a nonce has one from the beginning. */
  signed(nonce: number): [SignedRow, ...SignedRow[]] {
    const query = "SELECT * FROM signed WHERE nonce = ? ORDER BY signed_at DESC, rowid DESC";
    return this.#all<SignedRow>(query, nonce) as [SignedRow, ...SignedRow[]];
  }

  put(row: Row, fees: Fees, signed: SignedTransaction, nowMs: number): void {
    this.#store.transactionSync(() => {
      if (!this.#exists) this.#sql.exec(TABLES);
      if (!this.#exists) this.#sql.exec(ADDED);
      const { nonce, id, recipient, data, gas, valid_before, tx, created_at, sent_at } = row;
      const { payer, amount, on_trust, seen } = row;
      const values = [nonce, id, recipient, data, gas, valid_before, tx, created_at, sent_at];
      const places = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?";
      this.#sql.exec(`INSERT INTO sent VALUES (${places})`, ...values, payer, amount, on_trust, seen);
      this.sign(nonce, fees, signed, nowMs);
    });
    this.#exists = true;
  }

  sign(nonce: number, fees: Fees, { hash, raw }: SignedTransaction, nowMs: number): void {
    const { maxFeePerGas, maxPriorityFeePerGas } = fees;
    const values = [hash, nonce, raw, maxFeePerGas.toString(), maxPriorityFeePerGas.toString(), nowMs];
    this.#sql.exec("INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?)", ...values);
  }

  touch(nonce: number, nowMs: number): void {
    this.#sql.exec("UPDATE sent SET sent_at = ? WHERE nonce = ?", nowMs, nonce);
  }

  mark(id: string, seen: string | null): void {
    this.#all("UPDATE sent SET seen = ? WHERE id = ?", seen, id);
  }

  close(id: string, transaction: string): void {
    this.#all("UPDATE sent SET tx = ? WHERE id = ? AND tx IS NULL", transaction, id);
  }

  /** Not of nonces that may still be mined; from `end` on that is none, once its authorization counts for nothing. */
  forget(usedNonces: number, end: number, nowMs: number): void {
    if (this.#puts++ % FORGET_EVERY !== 0) return;
    const times = [nowMs - MEMORY_MS, end, nowMs - TRUST_MS];
    const old = this.#all<{ nonce: number }>(FORGOTTEN, usedNonces, ...times, FORGOTTEN_MAX);
    for (const { nonce } of old) {
      this.#sql.exec("DELETE FROM signed WHERE nonce = ?", nonce);
      this.#sql.exec("DELETE FROM sent WHERE nonce = ?", nonce);
    }
  }

  /** Where nothing was ever sent there is nothing, and nothing is written. */
  #all<T extends Record<string, SqlStorageValue>>(query: string, ...bindings: unknown[]): T[] {
    return this.#exists ? this.#sql.exec<T>(query, ...bindings).toArray() : [];
  }
}
