// The verdict of `npm run test:chaos`: a rule that finds nothing wrong guards nothing.

import { describe, expect, test } from "vitest";
import type { Attempt, Call } from "../../chaos/buyer.ts";
import type { LedgerRow } from "../../chaos/kept-books.ts";
import { type Facts, violations } from "../../chaos/verdict.ts";
import { ASSET, NETWORK, newAccount, PAY_TO } from "../../support/payment.ts";

const payer = newAccount();
const LEASE_MS = 1000;
const PATH = "/after/whole?call=1";

/** Each in a transaction of its own, by the payer's nonce. */
const row = (nonce: string, changes: Partial<LedgerRow> = {}): LedgerRow => ({
  id: `${NETWORK}|${ASSET}|${payer.address}|${nonce}`.toLowerCase(),
  network: NETWORK,
  asset: ASSET,
  payer: payer.address,
  payTo: PAY_TO,
  amount: 10n,
  pay: "settled",
  delivery: "delivered",
  transaction: `0x${nonce}`,
  createdAtMs: 0,
  updatedAtMs: 100,
  leaseUntilMs: 0,
  redemptions: 0,
  ...changes,
});

const attempt = (nonce: string, changes: Partial<Attempt> = {}): Attempt => ({
  ...{ nonce, sentMs: 0, status: null, error: null, endedMs: 50 },
  ...changes,
});

const call = (key: string | null, ...attempts: readonly Attempt[]): Call => ({
  ...{ path: PATH, payer, key, attempts: [...attempts], goods: null, voucher: null },
});

/** Everything that the ledgers call settled was mined, and the seller was told of all of it. */
function facts(rows: readonly LedgerRow[], one: Call, changes: Partial<Facts> = {}): Facts {
  const settled = rows.filter(({ pay }) => pay === "settled");
  const nonceOf = ({ id }: LedgerRow): string => id.split("|")[3] ?? "";
  return {
    calls: [one],
    ledgers: rows,
    books: rows,
    transfers: settled.map(({ amount, transaction }, logIndex) => ({
      ...{ asset: ASSET, transaction: transaction ?? "", logIndex, blockNumber: 1 },
      ...{ from: payer.address, to: PAY_TO, value: amount },
    })),
    used: settled.map((one) => ({ payer: payer.address, nonce: nonceOf(one), transaction: one.transaction ?? "" })),
    executions: new Map([[PATH, rows.map(() => 0)]]),
    leaseMs: LEASE_MS,
    ...{ network: NETWORK, asset: ASSET, payTo: PAY_TO },
    ...changes,
  };
}

const both = (key: string | null, first: Partial<Attempt> = {}): Call => call(key, attempt("a", first), attempt("b"));
const credit = { delivery: "undelivered" } as const;

describe("nothing is wrong", () => {
  test.each<[string, Facts]>([
    ["where a call was charged and delivered", facts([row("a")], call("k", attempt("a")))],
    ["where it was charged and holds a credit", facts([row("a", credit)], call(null, attempt("a")))],
    ["where it was not charged", facts([row("a", { pay: "failed", transaction: null })], call(null, attempt("a")))],
    ["where the first was delivered before the second", facts([row("a"), row("b", { createdAtMs: 200 })], both(null))],
    ["where the first was live in flight", facts([row("a", credit), row("b", { createdAtMs: 999 })], both(null))],
    [
      "where the API itself had failed the first as often as it is asked",
      facts([row("a", { ...credit, redemptions: 3 }), row("b", { createdAtMs: 5000 })], both(null), {
        executions: new Map([[PATH, [0, 1, 2, 3]]]),
      }),
    ],
  ])("%s", (_, given) => {
    expect(violations(given)).toEqual([]);
  });
});

describe("it is told", () => {
  const later = row("b", { createdAtMs: 5000 });
  test.each<[string, Facts, string]>([
    ["that a call with a key was charged twice", facts([row("a"), later], both("k")), "more than once"],
    ["that a call was charged while its first was a credit", facts([row("a", credit), later], both(null)), "again"],
    [
      "that its client had been told, so that it was in flight no more",
      facts([row("a", credit), row("b", { createdAtMs: 500 })], both(null, { error: "settlement_unknown" })),
      "again",
    ],
    [
      "that its redeliveries were used up without the API being asked",
      facts(
        [row("a", { ...credit, redemptions: 3 }), later],
        call(null, attempt("a", { status: 503 }), attempt("b", { status: 200 })),
        { executions: new Map() },
      ),
      "again",
    ],
    [
      "that a charge bought nothing",
      facts([row("a", { delivery: "expired" })], call(null, attempt("a"))),
      "bought nothing, and is no credit",
    ],
    [
      "that the API was asked for nothing",
      facts([row("a")], call(null), {
        calls: [call(null, attempt("a"))],
        executions: new Map([[PATH, [1, 2]]]),
      }),
      "2 executions",
    ],
    [
      "that a credit was given up before the API was asked for it",
      facts([row("a", { ...credit, redemptions: 3 })], call("k", attempt("a", { status: 503 }))),
      "given up, and the API was asked 1 times",
    ],
    ["that something is open", facts([row("a", { pay: "unknown" })], call(null, attempt("a"))), "nobody ever found"],
    [
      "that nobody found out",
      facts([row("a", { pay: "undetermined" })], call(null, attempt("a"))),
      "nobody ever found",
    ],
    ["that the chain has less", facts([row("a")], call(null, attempt("a")), { transfers: [] }), "the ledgers and the"],
    [
      "that the seller was told something else",
      facts([row("a")], call(null, attempt("a")), {
        books: [row("a", { delivery: "truncated" })],
      }),
      "another word",
    ],
    ["that the seller was told nothing", facts([row("a")], call(null, attempt("a")), { books: [] }), "another word"],
  ])("%s", (_, given, words) => {
    expect(violations(given).join("\n")).toContain(words);
  });
});
