// The outbox as it lies in SQLite. `docs/direct-settlement.md` describes every column.

import type { Sql, Store } from "../ledger/index.ts";
import type { Fees } from "./fees.ts";
import type { SignedTransaction } from "./transaction.ts";

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
}

export interface SignedRow extends Record<string, SqlStorageValue> {
  hash: string;
  nonce: number;
  raw: string;
  max_fee: string;
  priority_fee: string;
  signed_at: number;
}

/** Fees are text: a price in wei may be larger than a number holds. */
const TABLES = `CREATE TABLE IF NOT EXISTS sent (
    nonce INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, data TEXT NOT NULL, gas INTEGER NOT NULL,
    valid_before INTEGER NOT NULL, tx TEXT, created_at INTEGER NOT NULL, sent_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS signed (
    hash TEXT PRIMARY KEY, nonce INTEGER NOT NULL, raw TEXT NOT NULL, max_fee TEXT NOT NULL, priority_fee TEXT NOT NULL,
    signed_at INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS signed_nonce ON signed (nonce)`;

const FORGOTTEN = `SELECT nonce FROM sent WHERE nonce < ? AND MAX(created_at, valid_before) < ? ORDER BY nonce LIMIT ?`;

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
    this.#exists = store.sql.exec("SELECT 1 AS one FROM sqlite_master WHERE name = 'sent'").toArray().length > 0;
  }

  find(id: string): Row | null {
    return this.#all<Row>("SELECT * FROM sent WHERE id = ?", id)[0] ?? null;
  }

  /** The lowest nonce that is at least this one. */
  firstFrom(nonce: number): Row | null {
    return this.#all<Row>("SELECT * FROM sent WHERE nonce >= ? ORDER BY nonce LIMIT 1", nonce)[0] ?? null;
  }

  countFrom(nonce: number): number {
    return this.#all<{ count: number }>("SELECT COUNT(*) AS count FROM sent WHERE nonce >= ?", nonce)[0]?.count ?? 0;
  }

  nextNonce(): number {
    return this.#all<{ next: number }>("SELECT COALESCE(MAX(nonce) + 1, 0) AS next FROM sent")[0]?.next ?? 0;
  }

  due(nonce: number, untilMs: number, max: number): Row[] {
    const query = "SELECT * FROM sent WHERE nonce >= ? AND sent_at <= ? ORDER BY nonce LIMIT ?";
    return this.#all<Row>(query, nonce, untilMs, max);
  }

  /** Newest first; a nonce has one from the beginning. */
  signed(nonce: number): [SignedRow, ...SignedRow[]] {
    const query = "SELECT * FROM signed WHERE nonce = ? ORDER BY signed_at DESC, rowid DESC";
    return this.#all<SignedRow>(query, nonce) as [SignedRow, ...SignedRow[]];
  }

  put(row: Row, fees: Fees, signed: SignedTransaction, nowMs: number): void {
    if (!this.#exists) this.#sql.exec(TABLES);
    this.#exists = true;
    this.#store.transactionSync(() => {
      const { nonce, id, recipient, data, gas, valid_before, tx, created_at, sent_at } = row;
      const values = [nonce, id, recipient, data, gas, valid_before, tx, created_at, sent_at];
      this.#sql.exec("INSERT INTO sent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ...values);
      this.sign(nonce, fees, signed, nowMs);
    });
  }

  sign(nonce: number, fees: Fees, { hash, raw }: SignedTransaction, nowMs: number): void {
    const { maxFeePerGas, maxPriorityFeePerGas } = fees;
    const values = [hash, nonce, raw, maxFeePerGas.toString(), maxPriorityFeePerGas.toString(), nowMs];
    this.#sql.exec("INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?)", ...values);
  }

  touch(nonce: number, nowMs: number): void {
    this.#sql.exec("UPDATE sent SET sent_at = ? WHERE nonce = ?", nowMs, nonce);
  }

  close(id: string, transaction: string): void {
    this.#all("UPDATE sent SET tx = ? WHERE id = ? AND tx IS NULL", transaction, id);
  }

  /** Not of nonces that may still be mined. */
  forget(usedNonces: number, nowMs: number): void {
    if (this.#puts++ % FORGET_EVERY !== 0) return;
    const old = this.#all<{ nonce: number }>(FORGOTTEN, usedNonces, nowMs - MEMORY_MS, FORGOTTEN_MAX);
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
