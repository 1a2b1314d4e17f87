import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { writeEntries } from "../../../src/ledger/sink.ts";
import type { Entry } from "../../../src/ledger/words.ts";
import { parseDump, readKept } from "../../../tools/seller-books.ts";
import { ASSET, NETWORK, PAY_TO } from "../../support/payment.ts";
import { openD1 } from "../../support/sqlite.ts";

const directory = mkdtempSync(join(tmpdir(), "faregate-books-"));
afterAll(() => rmSync(directory, { recursive: true }));

const entry: Entry = {
  ...{ id: "p", network: NETWORK, asset: ASSET, payer: "0x1", payTo: PAY_TO, amount: "123456789012345678901" },
  ...{ pay: "settled", delivery: "delivered", route: "/a", transaction: "0xab", facilitator: "http://f" },
  ...{ createdAtMs: 1, updatedAtMs: 2, seq: 3, calculation: null },
};

const row = {
  ...{ id: "p", network: NETWORK, asset: ASSET, payer: "0x1", payTo: PAY_TO, amount: 123456789012345678901n },
  ...{ pay: "settled", transaction: "0xab", createdAtMs: 1 },
};

const stored = {
  ...{ id: "p", network: NETWORK, asset: ASSET, payer: "0x1", pay_to: PAY_TO, amount: "123456789012345678901" },
  ...{ pay: "settled", tx: "0xab", created_at: 1 },
};

describe("books are read", () => {
  test.each([
    ["from what wrangler prints", [{ results: [stored], success: true, meta: { duration: 1 } }], [row]],
    ["from several of its results", [{ results: [stored] }, { results: [] }], [row]],
    ["from rows alone", [stored], [row]],
    ["where there are none", [{ results: [] }], []],
  ])("%s", (_, json, rows) => {
    expect(parseDump(JSON.stringify(json))).toEqual(rows);
    const file = join(directory, "books.json");
    writeFileSync(file, JSON.stringify(json));
    expect(readKept(file)).toEqual(rows);
  });

  test("from a local stack's state, as the gate wrote them", async () => {
    const folder = join(directory, "state/worker/d1/miniflare-D1DatabaseObject");
    mkdirSync(folder, { recursive: true });
    const db = new DatabaseSync(join(folder, "0123.sqlite"));
    await writeEntries(openD1(db), [entry]);
    db.close();
    // The platform's own, beside the books.
    new DatabaseSync(join(folder, "metadata.sqlite")).close();
    expect(readKept(join(directory, "state"))).toEqual([row]);
  });
});

describe("books are not read", () => {
  test.each([
    ["from what is no JSON", "<html>", "not the JSON"],
    ["where an amount is no whole number", JSON.stringify([{ ...stored, amount: "1.5" }]), "no payment"],
    ["where a column is missing", JSON.stringify([{ id: "p" }]), "no payment"],
    ["where wrangler told an error", JSON.stringify({ error: { text: "no" } }), "no payment"],
  ])("%s", (_, text, words) => {
    expect(() => parseDump(text)).toThrow(words);
  });

  test("where there are none", () => {
    expect(() => readKept(join(directory, "nowhere"))).toThrow("no books at");
    const folder = join(directory, "empty");
    mkdirSync(folder);
    expect(() => readKept(folder)).toThrow("not the state of a local stack");
  });
});
