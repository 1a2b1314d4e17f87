// What belongs to the whole gate: its own key, and the sum of what all payers owe. One object, which nobody asks for an
// ordinary paid call.

import type { Sql } from "./sql.ts";

/** A payment that is to be served before it is settled. Micros are millionths of a token. */
export interface Reservation {
  /** Whose it is: a payment that is presented again after it was given back is reserved anew. */
  readonly attempt: string;
  readonly micros: bigint;
  /** After that it is a debt on its payer's page alone. */
  readonly untilMs: number;
  readonly nowMs: number;
  readonly microsMax: bigint;
}

/** Micros are whole numbers that a double holds: nine thousand million tokens. */
const OWED = `CREATE TABLE IF NOT EXISTS owed (attempt TEXT PRIMARY KEY, micros INTEGER NOT NULL, until INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS owed_until ON owed (until)`;

export class Vault {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The key that was drawn first, for ever. */
  key(drawn: string): string {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS gate (key TEXT NOT NULL)");
    const [kept] = this.#sql.exec<{ key: string }>("SELECT key FROM gate").toArray();
    if (!kept) this.#sql.exec("INSERT INTO gate (key) VALUES (?)", drawn);
    return kept?.key ?? drawn;
  }

  /** Whether it fits under the cap; repeated, it counts once. */
  reserve({ attempt, micros, untilMs, nowMs, microsMax }: Reservation): boolean {
    this.#sql.exec(OWED);
    this.#sql.exec("DELETE FROM owed WHERE until <= ?", nowMs);
    const others = this.#sql
      .exec<{ micros: number }>("SELECT COALESCE(SUM(micros), 0) AS micros FROM owed WHERE attempt <> ?", attempt)
      .toArray();
    const total = others.reduce((sum, other) => sum + BigInt(other.micros), micros);
    if (total > microsMax) return false;
    this.#sql.exec("INSERT OR REPLACE INTO owed VALUES (?, ?, ?)", attempt, Number(micros), untilMs);
    return true;
  }

  free(attempt: string): void {
    this.#sql.exec(OWED);
    this.#sql.exec("DELETE FROM owed WHERE attempt = ?", attempt);
  }
}
