// What has to be true when the faults have stopped. Pure: facts in, sentences about what is wrong out.
//
// The rule about charges: a call with a key is charged at most once. A call without one is charged a second time only
// after the first was delivered, or while the first was live in flight, when nobody could know that they are one; or
// after the API itself, asked again as often as the gate asks, had failed to deliver the first.

import { type ChainTransfer, isEven, reconcile } from "../../tools/reconciliation.ts";
import type { Call } from "./buyer.ts";
import type { Used } from "./chain.ts";
import type { KeptRow, LedgerRow } from "./kept-books.ts";

export interface Facts {
  readonly calls: readonly Call[];
  readonly books: readonly KeptRow[];
  readonly ledgers: readonly LedgerRow[];
  readonly transfers: readonly ChainTransfer[];
  readonly used: readonly Used[];
  /** Of the API, by path, and when they were. */
  readonly executions: ReadonlyMap<string, readonly number[]>;
  /** Of an attempt, in which it is live. */
  readonly leaseMs: number;
  readonly network: string;
  readonly asset: string;
  readonly payTo: string;
}

const DELIVERED = ["delivered", "redeemed"];
const CREDIT = ["undelivered", "truncated"];
const OPEN = ["claimed", "owed", "unknown"];
/** Answers after which a client knows that its payment is not in flight, but settled or to be found out. */
const TELLING = ["settlement_unknown", "paid_undelivered", "payment_settled"];

export const isCredit = ({ pay, delivery }: KeptRow): boolean => pay === "settled" && CREDIT.includes(delivery);
/** The gate tries a redelivery that executes the API again no more often. */
const REDEMPTIONS_MAX = 3;
export const isExhausted = (row: LedgerRow): boolean => isCredit(row) && row.redemptions >= REDEMPTIONS_MAX;
export const isOpen = ({ pay }: KeptRow): boolean => OPEN.includes(pay);

export function difference(rows: readonly KeptRow[], { transfers, network, asset, payTo }: Facts): bigint {
  const settled = rows.filter(({ pay }) => pay === "settled").reduce((sum, { amount }) => sum + amount, 0n);
  const isOurs = (transfer: ChainTransfer): boolean => transfer.to.toLowerCase() === payTo.toLowerCase();
  const moved = transfers.filter(isOurs).reduce((sum, { value }) => sum + value, 0n);
  return rows.every((row) => row.network === network && row.asset === asset) ? moved - settled : -1n;
}

export function violations(facts: Facts): readonly string[] {
  return [
    ...uneven("the ledgers", facts.ledgers, facts),
    ...uneven("the seller's books", facts.books, facts),
    ...apart(facts),
    ...stuck(facts),
    ...facts.calls.flatMap((call) => ofCall(call, facts)),
  ];
}

function uneven(
  name: string,
  rows: readonly KeptRow[],
  { transfers, network, asset, payTo }: Facts,
): readonly string[] {
  const scope = { network, accounts: [{ asset, payTo }], sinceMs: 0, untilBlock: Number.POSITIVE_INFINITY };
  const result = reconcile(rows, transfers, scope);
  if (isEven(result)) return [];
  return [`${name} and the chain differ: ${text({ balances: result.balances, findings: result.findings })}`];
}

/** The seller is told of everything that came to anything. */
function apart({ books, ledgers }: Facts): readonly string[] {
  const sold = new Map(books.map((row) => [row.id, row]));
  const words = ({ pay, delivery, transaction, amount }: KeptRow): string => text([pay, delivery, transaction, amount]);
  return ledgers
    .filter((row) => row.pay !== "released" && row.pay !== "claimed")
    .filter((row) => words(row) !== words(sold.get(row.id) ?? { ...row, pay: "nothing" }))
    .map((row) => `the seller's books have another word of ${text(row)}: ${text(sold.get(row.id) ?? null)}`);
}

const stuck = ({ books, ledgers }: Facts): readonly string[] =>
  [...ledgers, ...books]
    .filter((row) => isOpen(row) || row.pay === "undetermined")
    .map((row) => `nobody ever found out: ${text(row)}`);

function ofCall(call: Call, facts: Facts): readonly string[] {
  const rows = rowsOf(call, facts);
  const paid = rows.filter(({ id }) => isCharged(id, facts)).sort((a, b) => a.createdAtMs - b.createdAtMs);
  const wrong = [
    ...chargedTwice(call, paid, facts),
    ...paid.flatMap(lost),
    ...givenUp(call, paid, facts),
    ...executedTooOften(call, rows, facts),
  ];
  const story = text({ path: call.path, key: call.key, payer: call.payer.address, attempts: call.attempts, rows });
  return wrong.map((words) => `${words}: ${story}`);
}

const nonceOf = (id: string): string => id.split("|")[3] ?? "";

/** By their claims' order; a charge that no ledger knows is told by the sums. */
export function rowsOf(call: Call, { ledgers }: Facts): readonly LedgerRow[] {
  const nonces = new Set(call.attempts.flatMap(({ nonce }) => nonce ?? []));
  return ledgers.filter(({ id }) => nonces.has(nonceOf(id)));
}

export const isCharged = (id: string, { used }: Facts): boolean => used.some(({ nonce }) => nonce === nonceOf(id));

function chargedTwice(call: Call, paid: readonly LedgerRow[], { leaseMs, executions }: Facts): readonly string[] {
  if (call.key !== null) return paid.length > 1 ? ["a call with a key was charged more than once"] : [];
  return paid.slice(1).flatMap((second, i) => {
    const first = paid[i];
    if (!first) return [];
    const wasDelivered = DELIVERED.includes(first.delivery) && first.updatedAtMs <= second.createdAtMs;
    const asked = (executions.get(call.path) ?? []).filter((atMs) => atMs <= second.createdAtMs);
    const hasFailed = isExhausted(first) && asked.length >= triesOf(call);
    const isRight = wasDelivered || hasFailed || wasLive(call, first, second, leaseMs);
    return isRight ? [] : ["a call was charged again while the first charge had bought nothing"];
  });
}

/** Within its lease, and its client had not been told that it was over. */
function wasLive(call: Call, first: LedgerRow, second: LedgerRow, leaseMs: number): boolean {
  const own = call.attempts.find(({ nonce }) => nonce === nonceOf(first.id));
  const wasTold = own && TELLING.includes(own.error ?? "") && own.endedMs < second.createdAtMs;
  return !wasTold && second.createdAtMs < first.createdAtMs + leaseMs;
}

/** Of the API, before a credit may be given up. One that the gate was killed in, or that nobody waited for, may be none. */
const triesOf = ({ attempts }: Call): number =>
  REDEMPTIONS_MAX - attempts.filter(({ status }) => status === null).length;

function givenUp(call: Call, paid: readonly LedgerRow[], { executions }: Facts): readonly string[] {
  const asked = executions.get(call.path)?.length ?? 0;
  return paid.some(isExhausted) && asked < triesOf(call)
    ? [`a credit was given up, and the API was asked ${asked} times`]
    : [];
}

const lost = (row: LedgerRow): readonly string[] =>
  row.pay === "settled" && (DELIVERED.includes(row.delivery) || isCredit(row))
    ? []
    : [`a charge of ${row.id} bought nothing, and is no credit`];

/** Each payment has its one execution, and each redelivery one more. */
function executedTooOften(call: Call, rows: readonly LedgerRow[], { executions }: Facts): readonly string[] {
  const count = executions.get(call.path)?.length ?? 0;
  const allowed = rows.reduce((sum, { redemptions }) => sum + 1 + redemptions, 0);
  return count > allowed ? [`${count} executions, where ${allowed} were paid for or tried`] : [];
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, member) => (typeof member === "bigint" ? String(member) : member));
