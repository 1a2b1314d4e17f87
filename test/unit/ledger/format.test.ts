import { beforeEach, describe, expect, test } from "vitest";
import { Book } from "../../../src/ledger/book.ts";
import { exists, MIGRATIONS, migrate } from "../../../src/ledger/format.ts";
import { openStore, type TestStore } from "../../support/sqlite.ts";
import { claimOf, HASH, idOf, LEASE, NOW, presentationOf } from "./fixtures.ts";

/** The table as the first release wrote it, which kept no number of its format. */
const FIRST = `CREATE TABLE IF NOT EXISTS payments (
  id TEXT PRIMARY KEY, network TEXT NOT NULL, asset TEXT NOT NULL, payer TEXT NOT NULL, pay_to TEXT NOT NULL,
  amount TEXT NOT NULL, route TEXT NOT NULL, facilitator TEXT NOT NULL, settle_body TEXT,
  fingerprint TEXT NOT NULL, valid_before INTEGER NOT NULL,
  pay TEXT NOT NULL, delivery TEXT NOT NULL, attempt TEXT NOT NULL, lease_until INTEGER NOT NULL,
  tx TEXT, reason TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL)`;

function writeFirst({ sql }: TestStore, id: string, pay: string, delivery = "none"): void {
  const isOpen = pay === "claimed" || pay === "unknown";
  sql.exec(
    `INSERT INTO payments VALUES (?, 'eip155:84532', '0xasset', '0xpayer', '0xseller', '10000', '/v1/reports',
       'https://facilitator.example', ?, 'f-1', ?, ?, ?, 'old', ?, ?, NULL, ?, ?)`,
    ...[id, isOpen ? "{}" : null, NOW + 300_000, pay, delivery, NOW + LEASE, pay === "settled" ? HASH : null, NOW, NOW],
  );
}

const versionOf = ({ sql }: TestStore) => sql.exec("SELECT version FROM format").toArray();

/** Tables and indexes, by their text. */
const shapeOf = ({ sql }: TestStore) =>
  sql.exec("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").toArray();

const newest = openStore();
migrate(newest);

let store: TestStore;
beforeEach(() => {
  store = openStore();
});

describe("a book that nobody claimed in", () => {
  test("is not made by who merely asks", () => {
    const book = new Book(store, true);
    expect(book.present(presentationOf())).toEqual({ kind: "claimable" });
    expect(book.record({ id: "x", attempt: "a", nowMs: NOW, events: [{ kind: "release" }], answer: null })).toBe(false);
    expect(book.sweep(NOW, () => "s")).toEqual({ due: [], entries: [] });
    book.reported([{ id: "x", seq: 1 }]);
    expect([book.nextDueMs(), book.entry("x", NOW)]).toEqual([null, null]);
    expect(exists(store)).toBe(false);
    expect(shapeOf(store)).toEqual([]);
  });
});

describe("a book of the newest format", () => {
  test("is left as it is, however often it is opened", () => {
    migrate(store);
    migrate(store);
    expect(versionOf(store)).toEqual([{ version: MIGRATIONS.length }]);
    expect(shapeOf(store)).toEqual(shapeOf(newest));
  });

  test("is not looked at again with every claim", () => {
    const queries: string[] = [];
    const exec: TestStore["sql"]["exec"] = (query, ...bindings) => {
      queries.push(query);
      return store.sql.exec(query, ...bindings);
    };
    const book = new Book({ ...store, sql: { exec } }, false);
    book.claim(claimOf());
    expect(queries.filter((query) => query.includes("FROM format"))).toHaveLength(1);
    book.claim(claimOf({ id: idOf(2) }));
    expect(queries.filter((query) => query.includes("FROM format"))).toHaveLength(1);
  });

  test("is found again by the object that is woken later", () => {
    new Book(store, false).claim(claimOf());
    expect(new Book(openStore(store.db), false).entry(claimOf().id, NOW)).toMatchObject({ pay: "claimed" });
  });
});

describe("a book of a newer format", () => {
  test("is left as it is", () => {
    migrate(store);
    store.sql.exec("UPDATE format SET version = 99");
    migrate(store);
    expect(versionOf(store)).toEqual([{ version: 99 }]);
  });

  test("is still written where columns were only added", () => {
    migrate(store);
    store.sql.exec("ALTER TABLE payments ADD COLUMN later TEXT");
    expect(new Book(store, false).claim(claimOf())).toMatchObject({ kind: "granted" });
  });
});

describe("a book of the first release", () => {
  beforeEach(() => void store.sql.exec(FIRST));

  test("becomes one of the newest format", () => {
    new Book(store, false);
    expect(versionOf(store)).toEqual([{ version: MIGRATIONS.length }]);
    expect(shapeOf(store)).toEqual(shapeOf(newest));
  });

  test.each([
    ["claimed", "none", "claimed/none", NOW + LEASE, 1, "{}"],
    ["released", "none", "released/none", null, null, null],
    ["rejected", "none", "rejected/none", null, null, null],
    ["uncharged", "none", "uncharged/none", null, null, null],
    ["unknown", "none", "unknown/none", NOW + LEASE, 1, "{}"],
    ["settled", "none", "settled/none", NOW + LEASE, 1, null],
    ["settled", "delivered", "settled/delivered", null, null, null],
    ["settled", "truncated", "settled/truncated", NOW + 2_592_000_000, 1, null],
  ])("keeps what was %s and %s", (pay, delivery, state, due_at, live, settle_body) => {
    writeFirst(store, idOf(1), pay, delivery);
    const entry = new Book(store, false).entry(idOf(1), NOW);
    expect(`${entry?.pay}/${entry?.delivery}`).toBe(state);
    expect(store.sql.exec("SELECT due_at, live, settle_body FROM payments").toArray()).toEqual([
      { due_at, live, settle_body },
    ]);
  });

  test("goes on finding out what it left open, and delivers what it left undelivered", () => {
    writeFirst(store, idOf(1), "unknown");
    writeFirst(store, idOf(2), "settled");
    const book = new Book(store, true);
    const { due, entries } = book.sweep(NOW + LEASE, () => "s-1");
    expect(due).toMatchObject([{ id: idOf(1), attempt: "s-1", settleBegan: true, settleBody: "{}" }]);
    expect(entries.map(({ id }) => id).sort()).toEqual([idOf(1), idOf(2)]);
    const nowMs = NOW + LEASE;
    expect(book.present(presentationOf({ id: idOf(2), isRedeemer: true, nowMs }))).toMatchObject({ kind: "redeem" });
  });

  test("is whole after a migration that broke off, and migrates when it can", () => {
    writeFirst(store, idOf(1), "settled", "delivered");
    store.sql.exec("CREATE TABLE answers (id TEXT)");
    expect(() => migrate(store)).toThrow(/answers/);
    expect(versionOf(store)).toEqual([{ version: 1 }]);
    expect(store.sql.exec("SELECT id, pay FROM payments").toArray()).toEqual([{ id: idOf(1), pay: "settled" }]);
    store.sql.exec("DROP TABLE answers");
    migrate(store);
    expect(shapeOf(store)).toEqual(shapeOf(newest));
    expect(store.sql.exec("SELECT id FROM payments").toArray()).toEqual([{ id: idOf(1) }]);
  });
});
