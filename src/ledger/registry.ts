// Which payment each transaction has paid: the first that names it has it, for ever. A few objects for each network, by
// the last sign of the transaction's name, so that no one of them is in every payment's way.

import type { Sql } from "./sql.ts";

export class Registry {
  readonly #sql: Sql;
  #isOpen = false;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Whether the transaction is this payment's; repeated, the answer is the same. */
  assign(transaction: string, id: string): boolean {
    this.#open();
    this.#sql.exec("INSERT INTO transactions VALUES (?, ?) ON CONFLICT DO NOTHING", transaction, id);
    const [row] = this.#sql.exec<{ id: string }>("SELECT id FROM transactions WHERE name = ?", transaction).toArray();
    return row?.id === id;
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS transactions (name TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID");
    this.#isOpen = true;
  }
}

/** No payer's name has this form. */
export const registryOf = (network: string, transaction: string): string =>
  `transactions|${network}|${transaction.slice(-1)}`;
