// What the gate has kept on disk: every payer's ledger, and the seller's books in D1. Read beside the running gate.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { BookRow } from "../../tools/reconciliation.ts";

export interface KeptRow extends BookRow {
  readonly delivery: string;
  readonly updatedAtMs: number;
}

export interface LedgerRow extends KeptRow {
  readonly leaseUntilMs: number;
  readonly redemptions: number;
}

const COLUMNS = "id, network, asset, payer, pay_to, amount, pay, delivery, tx, created_at, updated_at";

/** The seller's. */
export const readBooks = (stateDir: string): readonly KeptRow[] =>
  databases(join(stateDir, "worker/d1")).flatMap((file) => read(file, COLUMNS).map(keptOf));

/** The payers' own, all together. */
export const readLedgers = (stateDir: string): readonly LedgerRow[] =>
  databases(join(stateDir, "worker/do")).flatMap((file) =>
    read(file, `${COLUMNS}, lease_until, redemptions`).map((row) => ({
      ...keptOf(row),
      leaseUntilMs: Number(row.lease_until),
      redemptions: Number(row.redemptions),
    })),
  );

type Stored = Record<string, unknown>;

const keptOf = (row: Stored): KeptRow => ({
  id: String(row.id),
  network: String(row.network),
  asset: String(row.asset),
  payer: String(row.payer),
  payTo: String(row.pay_to),
  amount: BigInt(String(row.amount)),
  pay: String(row.pay),
  delivery: String(row.delivery),
  transaction: row.tx === null ? null : String(row.tx),
  createdAtMs: Number(row.created_at),
  updatedAtMs: Number(row.updated_at),
});

function databases(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".sqlite") && !name.endsWith("metadata.sqlite"))
    .map((name) => join(folder, name));
}

function read(file: string, columns: string): readonly Stored[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    db.exec("PRAGMA busy_timeout = 2000");
    const isBook = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'payments'").all().length > 0;
    return isBook ? (db.prepare(`SELECT ${columns} FROM payments`).all() as Stored[]) : [];
  } finally {
    db.close();
  }
}
