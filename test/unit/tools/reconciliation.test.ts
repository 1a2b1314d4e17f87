import { describe, expect, test } from "vitest";
import {
  type BookRow,
  type ChainTransfer,
  isEven,
  type Reconciliation,
  reconcile,
  type Scope,
} from "../../../tools/reconciliation.ts";
import { ASSET, NETWORK, PAY_TO } from "../../support/payment.ts";

const PAYER = "0x857b06519e91e3a54538791bdbb0e22373e36b66";
const OTHER = "0x1111111111111111111111111111111111111111";
const tx = (digit: string): string => `0x${digit.repeat(64)}`;

let rowCount = 0;
/** A settled payment in its own transaction. */
const row = (changes: Partial<BookRow> = {}): BookRow => ({
  id: `payment-${rowCount++}`,
  network: NETWORK,
  asset: ASSET,
  payer: PAYER,
  payTo: PAY_TO,
  amount: 1000n,
  pay: "settled",
  transaction: tx("a"),
  createdAtMs: 2000,
  ...changes,
});

let logCount = 0;
/** As the chain writes it: addresses in lower case. */
const transfer = (changes: Partial<ChainTransfer> = {}): ChainTransfer => ({
  asset: ASSET,
  transaction: tx("a"),
  logIndex: logCount++,
  from: PAYER,
  to: PAY_TO.toLowerCase(),
  value: 1000n,
  blockNumber: 10,
  ...changes,
});

const scope: Scope = {
  network: NETWORK,
  accounts: [{ asset: ASSET, payTo: PAY_TO }],
  sinceMs: 0,
  untilBlock: 100,
};

const kinds = ({ findings }: Reconciliation): readonly string[] => findings.map(({ kind }) => kind);
const sums = ({ balances }: Reconciliation) =>
  balances.map(({ books, chain, difference }) => [books.amount, chain.amount, difference]);

interface Case {
  readonly rows: readonly BookRow[];
  readonly transfers: readonly ChainTransfer[];
  readonly scope?: Partial<Scope>;
}

describe("the books and the chain say the same", () => {
  test.each<[string, Case, bigint]>([
    ["where nothing was paid", { rows: [], transfers: [] }, 0n],
    ["of one payment", { rows: [row()], transfers: [transfer()] }, 1000n],
    [
      "of addresses and hashes in another letter case",
      {
        rows: [row({ payer: PAYER.toUpperCase().replace("X", "x"), transaction: tx("A") })],
        transfers: [transfer()],
      },
      1000n,
    ],
    [
      "of several payments in one transaction",
      {
        rows: [row(), row({ amount: 5n }), row({ payer: OTHER })],
        transfers: [transfer({ from: OTHER }), transfer({ value: 5n }), transfer()],
      },
      2005n,
    ],
    ["of two that are alike in one transaction", { rows: [row(), row()], transfers: [transfer(), transfer()] }, 2000n],
    [
      "of a payment that ended without a charge",
      {
        rows: ["failed", "uncharged", "rejected", "released", "written_off"].map((pay) =>
          row({ pay, transaction: null }),
        ),
        transfers: [],
      },
      0n,
    ],
    [
      "of amounts that no double can hold",
      {
        rows: [row({ amount: 2n ** 90n + 1n })],
        transfers: [transfer({ value: 2n ** 90n + 1n })],
      },
      2n ** 90n + 1n,
    ],
    [
      "of one that was mined while the books were read, and is in them",
      {
        rows: [row()],
        transfers: [transfer({ blockNumber: 101 })],
      },
      1000n,
    ],
  ])("%s", (_, { rows, transfers }, amount) => {
    const result = reconcile(rows, transfers, scope);
    expect(sums(result)).toEqual([[amount, amount, 0n]]);
    expect(isEven(result)).toBe(true);
  });
});

describe("a difference is found:", () => {
  test.each<[string, Case, readonly string[], readonly [bigint, bigint, bigint]]>([
    [
      "a settled payment whose transaction holds no transfer to the payee",
      {
        rows: [row()],
        transfers: [],
      },
      ["missing"],
      [1000n, 0n, -1000n],
    ],
    [
      "a settled payment that names no transaction",
      {
        rows: [row({ transaction: null })],
        transfers: [transfer()],
      },
      ["missing", "unknown"],
      [1000n, 1000n, 0n],
    ],
    [
      "a settled payment in somebody else's transaction",
      {
        rows: [row()],
        transfers: [transfer({ from: OTHER })],
      },
      ["missing", "unknown"],
      [1000n, 1000n, 0n],
    ],
    ["a transfer that the books do not know", { rows: [], transfers: [transfer()] }, ["unknown"], [0n, 1000n, 1000n]],
    [
      "an amount that differs by one unit",
      {
        rows: [row()],
        transfers: [transfer({ value: 1001n })],
      },
      ["amount"],
      [1000n, 1001n, 1n],
    ],
    [
      "two amounts that were exchanged between two payers of one transaction",
      {
        rows: [row({ amount: 1n }), row({ payer: OTHER, amount: 2n })],
        transfers: [transfer({ value: 2n }), transfer({ from: OTHER, value: 1n })],
      },
      ["amount", "amount"],
      [3n, 3n, 0n],
    ],
    [
      "one transfer that two payments claim",
      {
        rows: [row(), row()],
        transfers: [transfer()],
      },
      ["claimed_twice"],
      [2000n, 1000n, -1000n],
    ],
    [
      "a missing payment and an unknown one of the same amount, whose sums hide each other",
      {
        rows: [row({ transaction: tx("b") })],
        transfers: [transfer()],
      },
      ["missing", "unknown"],
      [1000n, 1000n, 0n],
    ],
  ])("%s", (_, { rows, transfers }, found, balance) => {
    const result = reconcile(rows, transfers, scope);
    expect(kinds(result)).toEqual(found);
    expect(sums(result)).toEqual([balance]);
    expect(isEven(result)).toBe(false);
  });

  test.each(["failed", "uncharged", "unknown", "undetermined"])(
    "a transfer that the books know as %s, told with the payment that it may be",
    (pay) => {
      const known = row({ pay, transaction: null });
      const [finding] = reconcile([known, row({ pay, amount: 7n })], [transfer()], scope).findings;
      expect(finding).toMatchObject({ kind: "unknown", unsettled: [known] });
    },
  );

  test("a transfer of a payment that is not settled and names it, and of no other that is alike", () => {
    const named = row({ pay: "unknown" });
    const [finding] = reconcile([row({ pay: "failed", transaction: null }), named], [transfer()], scope).findings;
    expect(finding).toMatchObject({ kind: "unknown", unsettled: [named] });
  });
});

describe("what is not compared", () => {
  test("is listed apart where it is open or was never found out, and is no difference", () => {
    const rows = ["unknown", "owed", "undetermined"].map((pay) => row({ pay, transaction: null }));
    const result = reconcile(rows, [], scope);
    expect(result.open).toEqual(rows);
    expect(isEven(result)).toBe(true);
  });

  test("is a payment from before the blocks that were read", () => {
    const [old, recent] = [row({ createdAtMs: 999 }), row({ createdAtMs: 1000 })];
    const result = reconcile([old, recent], [], { ...scope, sinceMs: 1000 });
    expect(result.earlier).toEqual([old]);
    expect(result.findings).toEqual([{ kind: "missing", row: recent }]);
  });

  test("is not a payment from before whose transaction was read, and does not fit", () => {
    const old = row({ createdAtMs: 999 });
    expect(kinds(reconcile([old], [transfer({ value: 1n })], { ...scope, sinceMs: 1000 }))).toEqual(["amount"]);
  });

  test("is what was mined after the books were read, and is not in them", () => {
    const result = reconcile([], [transfer({ blockNumber: 101 })], scope);
    expect([sums(result), isEven(result)]).toEqual([[[0n, 0n, 0n]], true]);
  });

  test("is another network's payment", () => {
    expect(isEven(reconcile([row({ network: "eip155:8453" })], [], scope))).toBe(true);
  });
});

test("each payee and token has sums of its own", () => {
  const account = { asset: OTHER, payTo: PAY_TO };
  const rows = [row(), row({ asset: OTHER, transaction: tx("b"), amount: 3n }), row({ payTo: OTHER })];
  const transfers = [transfer(), transfer({ asset: OTHER, transaction: tx("b"), value: 4n })];
  const result = reconcile(rows, transfers, { ...scope, accounts: [...scope.accounts, account] });
  expect(sums(result)).toEqual([
    [1000n, 1000n, 0n],
    [3n, 4n, 1n],
  ]);
});
