// `docs/ledger.md` says what the code does.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { migrate } from "../../../src/ledger/format.ts";
import { RULES } from "../../../src/ledger/rules.ts";
import { BOOKS_TABLE } from "../../../src/ledger/sink.ts";
import { openStore } from "../../support/sqlite.ts";
import { DELIVERIES } from "./fixtures.ts";

const text = readFileSync(join(import.meta.dirname, "../../../docs/ledger.md"), "utf8");

const section = (title: string): string => text.split(/^## /m).find((part) => part.startsWith(title)) ?? "";

/** The rows of the first table of a section, each as its cells, without the table's own lines. */
function tableOf(title: string): readonly (readonly string[])[] {
  const [, lines = ""] = /((?:^\|.*\n)+)/m.exec(section(title)) ?? [];
  const rows = lines.trim().split("\n").slice(2);
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const codesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

test("a reader finds every transition as the rules have it", () => {
  const documented = tableOf("The transitions").map(([event = "", pay = "", delivery = "", done = ""]) => ({
    event: codesIn(event)[0],
    pay: codesIn(pay),
    delivery: delivery === "any" ? [...DELIVERIES] : codesIn(delivery),
    done: codesIn(done)[0] ?? null,
  }));
  const ruled = Object.entries(RULES).map(([event, { pay, delivery, done }]) => ({ event, pay, delivery, done }));
  expect(documented).toEqual(ruled);
});

test("a reader finds every column of a row", () => {
  const store = openStore();
  migrate(store);
  const columns = store.sql.exec<{ name: string }>("SELECT name FROM pragma_table_info('payments')").toArray();
  const documented = [...section("A row, field by field").matchAll(/^\| (`[^|]*)\|/gm)].flatMap(([, cell = ""]) =>
    codesIn(cell),
  );
  expect(documented).toEqual(expect.arrayContaining(columns.map(({ name }) => name)));
  expect(documented).toHaveLength(columns.length);
});

test("a seller's questions can be asked", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(BOOKS_TABLE);
  const queries = [...text.matchAll(/```sql\n([^`]+)```/g)].map(([, query = ""]) => query);
  expect(queries).toHaveLength(5);
  for (const query of queries) expect(db.prepare(query).all()).toEqual([]);
});
