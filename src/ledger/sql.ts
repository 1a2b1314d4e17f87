// The part of a Durable Object's storage that the ledger uses, so that its books run over any SQLite.

export interface Sql {
  exec<T extends Record<string, SqlStorageValue>>(query: string, ...bindings: unknown[]): { toArray(): T[] };
}

export interface Store {
  readonly sql: Sql;
  /** Everything in it is written, or, where it throws, nothing. */
  transactionSync<T>(closure: () => T): T;
}
