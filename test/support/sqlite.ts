// SQLite in Node with the manners of a Durable Object's: blobs come back as ArrayBuffer, several statements may stand in
// one query, and what cannot be bound there cannot be bound here.

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Sql, Store } from "../../src/ledger/sql.ts";

export interface TestStore extends Store {
  readonly db: DatabaseSync;
}

/** @param db kept by a test that opens it again */
export function openStore(db = new DatabaseSync(":memory:")): TestStore {
  const sql: Sql = {
    exec<T extends Record<string, SqlStorageValue>>(query: string, ...bindings: unknown[]) {
      const rows = isScript(query) ? run(db, query) : db.prepare(query).all(...bindings.map(inputOf));
      const made = rows.map(
        (row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, outputOf(value)])) as T,
      );
      return { toArray: () => made };
    },
  };
  let depth = 0;
  return {
    db,
    sql,
    transactionSync(closure) {
      const name = `level_${depth++}`;
      db.exec(`SAVEPOINT ${name}`);
      try {
        return closure();
      } catch (error) {
        db.exec(`ROLLBACK TO ${name}`);
        throw error;
      } finally {
        db.exec(`RELEASE ${name}`);
        depth--;
      }
    },
  };
}

const isScript = (query: string): boolean => query.replace(/;\s*$/, "").includes(";");

function run(db: DatabaseSync, script: string): Record<string, unknown>[] {
  db.exec(script);
  return [];
}

function inputOf(value: unknown): SQLInputValue {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a Durable Object binds no ${typeof value}`);
}

const outputOf = (value: unknown): unknown =>
  value instanceof Uint8Array ? value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) : value;

interface Prepared {
  readonly bind: (...values: unknown[]) => Prepared;
  readonly run: () => unknown;
}

/** As much of D1 as the sink uses: a batch is one transaction. */
export function openD1(db = new DatabaseSync(":memory:")): D1Database {
  const { transactionSync } = openStore(db);
  const prepared = (query: string, bindings: readonly unknown[] = []): Prepared => ({
    bind: (...values: unknown[]) => prepared(query, values),
    run: () => db.prepare(query).run(...bindings.map(inputOf)),
  });
  const d1 = {
    prepare: (query: string) => prepared(query),
    batch: async (statements: readonly Prepared[]) =>
      transactionSync(() => statements.map((statement) => statement.run())),
  };
  return d1 as unknown as D1Database;
}
