// The ledger's statements alone, in this process: a claim and its record in the book of one payer who has paid that often
// before. A million payments over HTTP would take most of an hour; what grows with them, if anything, is SQLite's work.

import { Book } from "../../src/ledger/book.ts";
import type { Claim } from "../../src/ledger/index.ts";
import { Database } from "../../test/simulation/sqlite.ts";
import { spreadOf } from "../figures.ts";
import { AMOUNT } from "../payments.ts";
import type { Row, Section } from "./section.ts";

const KEPT = [0, 10_000, 100_000, 1_000_000];
const MEASURED = 5000;
const LEASE_MS = 60_000;
const DAY_MS = 86_400_000;

export function growBook(): Section {
  const database = Database.open();
  const book = new Book(database.store(), false);
  let paid = 0;
  const rows = KEPT.map((kept): Row => {
    while (paid < kept) pay(book, paid++);
    const times = Array.from({ length: MEASURED }, () => {
      const startMs = performance.now();
      pay(book, paid++);
      return (performance.now() - startMs) * 1000;
    });
    return { kept, "claim and record, microseconds": spreadOf(times).median };
  });
  database.close();
  return { title: "a claim and its record in one payer's book, without a Worker", rows };
}

function pay(book: Book, number: number): void {
  const claim = claimOf(number);
  if (book.claim(claim).kind !== "granted") throw new Error("the book does not grant a claim");
  const { id, attempt, nowMs } = claim;
  const transaction = `0x${number.toString(16).padStart(64, "0")}`;
  const events = [{ kind: "settled", transaction }, { kind: "delivered" }] as const;
  if (!book.record({ id, attempt, nowMs: nowMs + 1, events, answer: null }))
    throw new Error("the book takes no record");
}

/** One a second; as a payer's own wallet would sign them. */
const claimOf = (number: number): Claim => ({
  id: `eip155:84532|0x036c|0x2096|0x${number.toString(16).padStart(64, "0")}`,
  attempt: `attempt-${number}`,
  nowMs: number * 1000,
  leaseMs: LEASE_MS,
  leaseEndsMs: Number.POSITIVE_INFINITY,
  redemptionMs: LEASE_MS,
  fingerprint: `fingerprint-${number}`,
  keyDigest: null,
  isKeySecret: false,
  isRedeemer: false,
  terms: { amount: AMOUNT, payTo: "0x" },
  network: "eip155:84532",
  asset: "0x036c",
  payer: "0x2096",
  payTo: "0x",
  amount: AMOUNT,
  charge: null,
  route: "/priced",
  mode: "after",
  facilitator: "http://127.0.0.1",
  settleBody: "x".repeat(1200),
  validBeforeMs: number * 1000 + LEASE_MS,
  creditMs: DAY_MS,
  debtMs: DAY_MS,
  caps: { inFlightMax: 1000, unchargedMax: 10, unsettledMax: 10n ** 12n },
});
