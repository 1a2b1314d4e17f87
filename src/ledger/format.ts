// The format of a book in SQLite. `docs/ledger.md` describes every column; a change of the format is a new migration.

import type { Store } from "./sql.ts";

/** Each is applied once, in order, and never changed: books that were written with it exist. */
export const MIGRATIONS: readonly string[] = [
  // The first books kept no number of their format, so this one finds the table there, or makes it.
  `CREATE TABLE IF NOT EXISTS payments (
     id TEXT PRIMARY KEY, network TEXT NOT NULL, asset TEXT NOT NULL, payer TEXT NOT NULL, pay_to TEXT NOT NULL,
     amount TEXT NOT NULL, route TEXT NOT NULL, facilitator TEXT NOT NULL, settle_body TEXT,
     fingerprint TEXT NOT NULL, valid_before INTEGER NOT NULL,
     pay TEXT NOT NULL, delivery TEXT NOT NULL, attempt TEXT NOT NULL, lease_until INTEGER NOT NULL,
     tx TEXT, reason TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);`,
  // What is old but not over is due at once. A settle call that was not answered was the only way to be unknown.
  // `until` stands before the answer, or looking for it would read the answer's pages.
  `CREATE TABLE payments_1 AS SELECT * FROM payments;
   DROP TABLE payments;
   CREATE TABLE payments (
     id TEXT PRIMARY KEY, network TEXT NOT NULL, asset TEXT NOT NULL, payer TEXT NOT NULL, pay_to TEXT NOT NULL,
     amount TEXT NOT NULL, route TEXT NOT NULL, facilitator TEXT NOT NULL, settle_body TEXT, mode TEXT NOT NULL,
     fingerprint TEXT NOT NULL, key_digest TEXT, valid_before INTEGER NOT NULL,
     credit_ms INTEGER NOT NULL, debt_ms INTEGER NOT NULL,
     pay TEXT NOT NULL, delivery TEXT NOT NULL, attempt TEXT NOT NULL, courier TEXT NOT NULL, lease_until INTEGER NOT NULL,
     settle_began INTEGER NOT NULL, tx TEXT, reason TEXT, ends_at INTEGER,
     redemptions INTEGER NOT NULL, tries INTEGER NOT NULL, tried_at INTEGER NOT NULL, due_at INTEGER, live INTEGER,
     created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, seq INTEGER NOT NULL, report_at INTEGER);
   INSERT INTO payments SELECT
     id, network, asset, payer, pay_to, amount, route, facilitator, settle_body, 'after', fingerprint, NULL, valid_before,
     2592000000, 2592000000, pay, delivery, attempt, attempt, lease_until, pay = 'unknown', tx, reason,
     CASE WHEN delivery = 'truncated' THEN updated_at + 2592000000 END, 0, 0, updated_at,
     CASE WHEN pay IN ('claimed', 'unknown') OR (pay = 'settled' AND delivery = 'none') THEN lease_until
          WHEN pay = 'settled' AND delivery = 'truncated' THEN updated_at + 2592000000 END,
     CASE WHEN pay IN ('claimed', 'unknown') OR (pay = 'settled' AND delivery <> 'delivered') THEN 1 END,
     created_at, updated_at, updated_at, CASE WHEN pay NOT IN ('claimed', 'released') THEN updated_at END
   FROM payments_1;
   DROP TABLE payments_1;
   CREATE INDEX payments_due ON payments (due_at) WHERE due_at IS NOT NULL;
   CREATE INDEX payments_report ON payments (report_at) WHERE report_at IS NOT NULL;
   CREATE INDEX payments_live ON payments (created_at) WHERE live = 1;
   CREATE INDEX payments_key ON payments (key_digest) WHERE key_digest IS NOT NULL;
   CREATE INDEX payments_over ON payments (MAX(updated_at, valid_before)) WHERE due_at IS NULL;
   CREATE TABLE answers (id TEXT PRIMARY KEY, until INTEGER NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL);
   CREATE INDEX answers_until ON answers (until);`,
  // Of metered payments; of all others the amount is what is charged, and there is nothing to calculate.
  `ALTER TABLE payments ADD COLUMN charge TEXT;
   ALTER TABLE payments ADD COLUMN calculation TEXT;`,
];

/** Brings a book to the newest format, each migration whole or not at all. A newer book than ours is left as it is. */
export function migrate(store: Store): void {
  const { sql } = store;
  sql.exec("CREATE TABLE IF NOT EXISTS format (version INTEGER NOT NULL)");
  const [format] = sql.exec<{ version: number }>("SELECT version FROM format").toArray();
  if (!format) sql.exec("INSERT INTO format (version) VALUES (0)");
  const version = format?.version ?? 0;
  MIGRATIONS.slice(version).forEach((migration, i) => {
    store.transactionSync(() => {
      sql.exec(migration);
      sql.exec("UPDATE format SET version = ?", version + i + 1);
    });
  });
}

/** A book that exists was written by a claim; whoever merely asks leaves nothing behind. */
export function exists({ sql }: Store): boolean {
  return sql.exec("SELECT 1 AS one FROM sqlite_master WHERE name = 'payments'").toArray().length > 0;
}
