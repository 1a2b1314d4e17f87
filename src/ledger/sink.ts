// The seller's books: every payment's latest state in D1, so that money can be asked about in SQL. Entries come at least
// once and in order for each payer; an older one never overwrites a newer.

import type { Entry } from "./words.ts";

/** As `docs/ledger.md` describes it; also what a seller would write to make the table by hand. */
export const BOOKS_TABLE = `CREATE TABLE IF NOT EXISTS payments (
  id TEXT PRIMARY KEY, network TEXT NOT NULL, asset TEXT NOT NULL, payer TEXT NOT NULL, pay_to TEXT NOT NULL,
  amount TEXT NOT NULL, pay TEXT NOT NULL, delivery TEXT NOT NULL, route TEXT NOT NULL, tx TEXT,
  facilitator TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, seq INTEGER NOT NULL,
  calculation TEXT)`;

const UPSERT = `INSERT INTO payments
    (id, network, asset, payer, pay_to, amount, pay, delivery, route, tx, facilitator, created_at, updated_at, seq,
     calculation)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET network = excluded.network, asset = excluded.asset, payer = excluded.payer,
    pay_to = excluded.pay_to, amount = excluded.amount, pay = excluded.pay, delivery = excluded.delivery,
    route = excluded.route, tx = excluded.tx, facilitator = excluded.facilitator, created_at = excluded.created_at,
    updated_at = excluded.updated_at, seq = excluded.seq, calculation = excluded.calculation
  WHERE excluded.seq > payments.seq`;

/** Rejects where they are not all written: none of them is then. */
export async function writeEntries(db: D1Database, entries: readonly Entry[]): Promise<void> {
  const upsert = db.prepare(UPSERT);
  const rows = entries.map((entry) =>
    upsert.bind(
      ...[entry.id, entry.network, entry.asset, entry.payer, entry.payTo, entry.amount, entry.pay, entry.delivery],
      ...[entry.route, entry.transaction, entry.facilitator, entry.createdAtMs, entry.updatedAtMs, entry.seq],
      entry.calculation,
    ),
  );
  await db.batch([db.prepare(BOOKS_TABLE), ...rows]);
}
