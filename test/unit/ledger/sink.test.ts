import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BOOKS_TABLE, writeEntries } from "../../../src/ledger/sink.ts";
import type { Entry } from "../../../src/ledger/words.ts";
import { openD1 } from "../../support/sqlite.ts";
import { DELIVERIES, HASH, idOf, NOW, PAYS } from "./fixtures.ts";

const entry = (changes: Partial<Entry> = {}): Entry => ({
  id: idOf(1),
  network: "eip155:84532",
  asset: "0xasset",
  payer: "0xpayer",
  payTo: "0xseller",
  amount: "10000",
  calculation: null,
  pay: "settled",
  delivery: "delivered",
  route: "/v1/reports",
  transaction: HASH,
  facilitator: "https://facilitator.example",
  createdAtMs: NOW,
  updatedAtMs: NOW + 1,
  seq: 1,
  ...changes,
});

const rowsOf = (db: DatabaseSync) => db.prepare("SELECT * FROM payments ORDER BY id").all();

describe("the seller's books", () => {
  test("have every field of a payment, in a table that is made with the first one", async () => {
    const db = new DatabaseSync(":memory:");
    await writeEntries(openD1(db), [entry()]);
    expect(rowsOf(db)).toEqual([
      {
        id: idOf(1),
        network: "eip155:84532",
        asset: "0xasset",
        payer: "0xpayer",
        pay_to: "0xseller",
        amount: "10000",
        pay: "settled",
        delivery: "delivered",
        route: "/v1/reports",
        tx: HASH,
        facilitator: "https://facilitator.example",
        created_at: NOW,
        updated_at: NOW + 1,
        seq: 1,
        calculation: null,
      },
    ]);
  });

  test("take a table that the seller has made", async () => {
    const db = new DatabaseSync(":memory:");
    db.exec(BOOKS_TABLE);
    await writeEntries(openD1(db), [entry()]);
    expect(rowsOf(db)).toHaveLength(1);
  });

  test("take all of a batch or nothing", async () => {
    const db = new DatabaseSync(":memory:");
    db.exec(BOOKS_TABLE);
    const broken = { ...entry({ id: idOf(2) }), payer: null as unknown as string };
    await expect(writeEntries(openD1(db), [entry(), broken])).rejects.toThrow();
    expect(rowsOf(db)).toEqual([]);
  });

  test("end with the last state of every payment, whatever is repeated or reordered", async () => {
    const states = fc.array(fc.record({ pay: fc.constantFrom(...PAYS), delivery: fc.constantFrom(...DELIVERIES) }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(states, { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.nat()),
        async (all, order) => {
          const entries = all.flatMap((list, i) => list.map((state, seq) => entry({ ...state, id: idOf(i), seq })));
          const shuffled = [...entries, ...entries]
            .map((one) => ({ one, key: order.next().value }))
            .sort((a, b) => a.key - b.key)
            .map(({ one }) => one);
          const db = new DatabaseSync(":memory:");
          for (const one of shuffled) await writeEntries(openD1(db), [one]);
          const last = all.map((list, i) => ({ id: idOf(i), ...list.at(-1) }));
          expect(db.prepare("SELECT id, pay, delivery FROM payments ORDER BY id").all()).toEqual(last);
        },
      ),
      { numRuns: 50 },
    );
  });
});
