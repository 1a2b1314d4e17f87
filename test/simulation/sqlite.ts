// SQLite in memory in the two shapes that the platform gives it: a Durable Object's `sql`, and D1. Databases are emptied
// and used again, because opening one and preparing its statements costs more than most worlds.

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { Store } from "../../src/ledger/sql.ts";

type Value = SqlStorageValue;

const idle: Database[] = [];
/** Of so many worlds that use a database one finds it without any table. */
const USES = 8;

export class Database {
  readonly #db = new DatabaseSync(":memory:");
  /** Grows with everything that is written. */
  changes = 0;
  #depth = 0;
  #uses = 0;
  readonly #statements = new Map<string, StatementSync>();

  static open(): Database {
    return idle.pop() ?? new Database();
  }

  /** Leaves nothing behind but, most times, the tables: making them takes longer than a world. */
  close(): void {
    const isNew = ++this.#uses % USES === 0;
    const tables = this.rows<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    for (const { name } of tables) {
      if (isNew) this.#db.exec(`DROP TABLE ${name}`);
      else if (name !== "format") this.rows(`DELETE FROM ${name}`);
    }
    this.changes = 0;
    idle.push(this);
  }

  rows<T>(query: string, ...values: readonly unknown[]): T[] {
    return this.#prepared(query).all(...(values as SQLInputValue[])) as T[];
  }

  exec<T extends Record<string, Value>>(query: string, ...bindings: unknown[]): { toArray(): T[] } {
    if (bindings.length === 0 && /;\s*\S/.test(query)) {
      this.changes++;
      this.#db.exec(query);
      return { toArray: () => [] };
    }
    if (!query.startsWith("SELECT")) this.changes++;
    const rows = this.rows<T>(query, ...bindings);
    return { toArray: () => rows };
  }

  /** As a Durable Object has it. */
  store(): Store {
    return { sql: this, transactionSync: (closure) => this.together(closure) };
  }

  /** All of it or nothing. */
  together<T>(run: () => T): T {
    const name = `level_${this.#depth++}`;
    this.#db.exec(`SAVEPOINT ${name}`);
    try {
      return run();
    } catch (error) {
      this.#db.exec(`ROLLBACK TO ${name}`);
      throw error;
    } finally {
      this.#db.exec(`RELEASE ${name}`);
      this.#depth--;
    }
  }

  #prepared(query: string): StatementSync {
    const known = this.#statements.get(query);
    if (known) return known;
    const statement = this.#db.prepare(query);
    this.#statements.set(query, statement);
    return statement;
  }
}

interface Bound {
  readonly query: string;
  readonly values: readonly unknown[];
}

/** @param carry takes the statements to the database, or fails on the way */
export function d1Of(db: Database, carry: (write: () => void) => Promise<void>): D1Database {
  const prepare = (query: string) => ({
    query,
    values: [],
    bind: (...values: unknown[]): Bound => ({ query, values }),
  });
  const batch = (statements: readonly Bound[]): Promise<void> =>
    carry(() => db.together(() => statements.forEach(({ query, values }) => void db.rows(query, ...values))));
  return { prepare, batch } as unknown as D1Database;
}
