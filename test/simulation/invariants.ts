// What must hold after every step, each with its sentence. They look at what really happened (`facts`), at the books as
// they lie in SQLite, and at what is said to clients; never at how the gate came to it.

import type { Outcome } from "../../src/outcome/index.ts";
import type { Blocks, Transaction, Used } from "./chain.ts";
import type { Facts, Payment, Settle } from "./facts.ts";
import type { Invocation } from "./invocation.ts";
import { SKEW_MS } from "./isolate.ts";
import type { LedgerNodes, Node } from "./ledgers.ts";
import { Violation } from "./process.ts";
import type { Row } from "./rows.ts";
import { amountOf, COINS, chargeOf, coinOf, PAY_TO, ROUTES, type RoutePath, type Rules } from "./table.ts";
import type { Visitor } from "./visit.ts";
import type { World } from "./world.ts";

const short = (id: string): string => id.slice(-6);
const tell = (row: Row | undefined): string => (row ? `${row.pay}/${row.delivery} (${row.reason})` : "no row");

const REDELIVERIES_MAX = 3;

/**
 * 1. One payment buys at most one upstream execution, except that a settled and undelivered one may be executed again
 *    by its proved buyer, one at a time, at most three times, never after it was delivered.
 */
export function executesOnce(
  facts: Facts,
  books: LedgerNodes,
  granted: Invocation["execution"],
  invocation: Invocation,
): void {
  if (granted === null) throw new Violation("1", `${invocation.name} executes, and the ledger granted it nothing`);
  const payment = facts.of(granted.id);
  invocation.goodsOf = granted.id;
  if (granted.kind === "first") {
    executesWhatIsGood(granted.id, invocation);
    payment.servedBy = invocation.name;
    if (++payment.firstExecutions > 1) throw new Violation("1", `${short(granted.id)} buys a second execution`);
    return;
  }
  const row = books.row(granted.id);
  const isOwed = row?.pay === "settled" && (row.delivery === "undelivered" || row.delivery === "truncated");
  if (!isOwed) throw new Violation("1", `${short(granted.id)} is redelivered, and it is ${tell(row)}`);
  if (++payment.redeliveries > REDELIVERIES_MAX) throw new Violation("1", `${short(granted.id)} is redelivered again`);
  const other = payment.redelivering;
  if (other && !other.isOver && !other.by.isDead)
    throw new Violation("1", `${short(granted.id)} is redelivered twice at once`);
  payment.redelivering = { by: invocation, isOver: false };
}

/** 8. The upstream works for nobody of whom no facilitator has said that the payment is good, or has settled it. */
function executesWhatIsGood(id: string, { name, verified, settled }: Invocation): void {
  if (verified !== id && settled !== id)
    throw new Violation("8", `${name} executes ${short(id)}, and nobody verified it`);
}

/** 1. A payment that was claimed is not granted again, unless it was given back. */
export function grantsOnce(before: Row | undefined, attempt: string, id: string): void {
  if (!before || before.pay === "released" || (before.pay === "claimed" && before.attempt === attempt)) return;
  throw new Violation("1", `${short(id)} is granted, and it was ${tell(before)}`);
}

/** 11. What was bought is handed over for the call that it was bought for, and for no other. */
export function givesWhatWasBought(node: Node, id: string, fingerprint: string): void {
  if (node.rows.get(id)?.fingerprint !== fingerprint)
    throw new Violation("11", `${short(id)} is to deliver another call`);
}

const LIVE: readonly Row["pay"][] = ["claimed", "owed", "unknown", "settled"];

/** A payment that may still settle, or that settled and was not delivered, and that nobody works at. */
function isInDoubt(row: Row, nowMs: number): boolean {
  const { pay, delivery, lease_until, ends_at, redemptions, answer_until } = row;
  const isOver = nowMs >= lease_until;
  if (pay === "unknown" || (pay === "claimed" && isOver)) return delivery !== "delivered" && delivery !== "truncated";
  const isLost = redemptions >= REDELIVERIES_MAX && answer_until === null;
  if (pay !== "settled" || (ends_at !== null && nowMs >= ends_at) || isLost) return false;
  return delivery === "undelivered" || delivery === "truncated" || (delivery === "none" && isOver);
}

interface Claimed {
  readonly id: string;
  readonly attempt: string;
  readonly nowMs: number;
  readonly fingerprint: string;
  readonly keyDigest: string | null;
}

/**
 * 5. Nobody is charged for a second payment with the same key, or of the same call while the first is unknown or settled
 *    and undelivered.
 */
export function grantsNoSecond(node: Node, { id, nowMs, fingerprint, keyDigest }: Claimed): void {
  for (const row of node.rows.values()) {
    if (row.id === id) continue;
    const isSameKey = keyDigest !== null && row.key_digest === keyDigest && LIVE.includes(row.pay);
    const isSameCall = row.fingerprint === fingerprint && isInDoubt(row, nowMs);
    if (isSameKey || isSameCall)
      throw new Violation("5", `${short(id)} is granted beside ${short(row.id)}, which is ${tell(row)}`);
  }
}

/**
 * 6. Amount, asset and payee equal the offer of the route that was claimed. What is settled again is settled with the
 *    identical body, at the facilitator that may have settled it, whose name was on record before.
 */
export function settlesWhatWasOffered(rules: Rules, payment: Payment, row: Row | undefined, now: Settle): void {
  const { id, settles } = payment;
  const route = row?.route as RoutePath;
  const { to, value } = now.signed.authorization;
  const isOffered = route in ROUTES && value === String(amountOf(route, coinOf(now.asset)));
  if (to !== PAY_TO || now.asset !== row?.asset || !isOffered)
    throw new Violation("6", `${short(id)} is settled with ${value} of ${now.asset} to ${to} for ${route}`);
  if (!costsOf(rules, payment, now, route).includes(now.amount))
    throw new Violation("6", `${short(id)} is settled for ${now.amount} by ${now.sender}, and used ${payment.units}`);
  const isChanged = settles.some(
    ({ body, amount, facilitator }) => facilitator !== now.facilitator || (amount === now.amount && body !== now.body),
  );
  if (isChanged || now.facilitator !== row?.facilitator)
    throw new Violation("6", `${short(id)} is settled in another way, or at ${now.facilitator}`);
}

/**
 * What may be settled of what was signed: all of it, or for a metered call what it used. Who has not served it may not know
 * that, and settles what the table says of a use that is missing.
 */
function costsOf(rules: Rules, payment: Payment, now: Settle, route: RoutePath): readonly bigint[] {
  if (route !== "/metered") return [BigInt(now.signed.authorization.value)];
  const coin = coinOf(now.asset);
  const used = chargeOf(rules, coin, payment.units);
  const costs = now.sender === payment.servedBy ? [used] : [used, chargeOf(rules, coin, null)];
  return costs.filter((cost) => cost > 0n);
}

interface Answered {
  readonly visitor: Visitor;
  readonly invocation: Invocation;
  readonly outcome: Outcome;
  readonly response: Response;
}

export function answersTruly(world: World, facts: Facts, books: LedgerNodes, answered: Answered): void {
  const { visitor, invocation, outcome, response } = answered;
  const isGoods = ["sold", "served", "redelivered"].includes(outcome.kind);
  if (isGoods) handsOverOnRecord(facts, answered);
  if (isGoods && visitor.isThief)
    throw new Violation("11", `${visitor.name} has the goods of ${short(visitor.payment ?? "")}`);
  const payment = visitor.payment === null ? undefined : facts.find(visitor.payment);
  if (outcome.kind === "refused" && payment) saysNotCharged(outcome.problem.reason, invocation, payment);
  if (!payment || !response.headers.has("payment-required") || visitor.isThief) return;
  asksForNoSecond(world, payment, invocation);
  if (visitor.isFair && !isForNobody(outcome)) asksForNoneInDoubt(world, facts, books, payment, invocation);
}

/** A maximum for an account that is no longer listed is not what the offer asks. */
const isForNobody = (outcome: Outcome): boolean =>
  outcome.kind === "refused" &&
  outcome.problem.reason === "payment_refused" &&
  outcome.problem.code === "upto_facilitator_mismatch";

/** 3. What was served is settled or stands in the books as owed or debt; here: it is somebody's at all. */
function handsOverOnRecord(facts: Facts, { invocation, outcome }: Answered): void {
  const { goodsOf } = invocation;
  if (goodsOf === null) throw new Violation("3", `${invocation.name} hands over goods on nobody's account`);
  const payment = facts.of(goodsOf);
  payment.begun++;
  if ("answer" in outcome && !(outcome.answer.body instanceof ReadableStream)) payment.handed++;
}

const NOT_CHARGED = [
  "payment_refused",
  "permit2_allowance_required",
  "payer_over_cap",
  "ledger_unavailable",
  "facilitator_unavailable",
  "upstream_unreachable",
  "upstream_timeout",
  "upstream_not_sellable",
];

/** 8. Any part down means neither free service nor a charge: who is told so was not charged. */
function saysNotCharged(reason: string, { name, settled }: Invocation, { id }: Payment): void {
  if (settled === id && NOT_CHARGED.includes(reason))
    throw new Violation("8", `${name} says ${reason} about ${short(id)}, and it had it settled`);
}

/** 5. Nobody is asked to sign another payment while the first may still settle. */
function asksForNoSecond(world: World, payment: Payment, { name, startedMs }: Invocation): void {
  const earlier = payment.settles.filter(({ sender, atMs }) => sender === name || atMs < startedMs);
  if (earlier.length === 0 || payment.isPaidByItself) return;
  if (payment.paid)
    throw new Violation("5", `${name} asks for another payment in place of ${short(payment.id)}, which is paid`);
  payment.askedAtMs = world.nowMs;
}

/** 5. The same of a payment that is in doubt, when another one of the same call is presented. */
function asksForNoneInDoubt(
  world: World,
  facts: Facts,
  books: LedgerNodes,
  { id, errand }: Payment,
  invocation: Invocation,
): void {
  const own = books.row(id);
  if (own && own.pay !== "released") return;
  const [network, , payer] = id.split("|");
  for (const row of books.nodes.get(`${network}|${payer}`)?.rows.values() ?? []) {
    const first = facts.find(row.id);
    const isSame = row.id !== id && first?.errand.id === errand.id && !first.isReused;
    const wasInDoubt =
      isSame && row.updated_at < invocation.startedMs - SKEW_MS && row.lease_until < invocation.startedMs - SKEW_MS;
    if (wasInDoubt && isInDoubt(row, world.nowMs - SKEW_MS))
      throw new Violation("5", `${invocation.name} asks for another payment while ${short(row.id)} is ${tell(row)}`);
  }
}

/** 5. Who was asked for another payment is not charged for the first one afterwards. */
export function chargesNoneThatWasReplaced(payment: Payment): void {
  const { askedAtMs, settles, isPaidByItself, id } = payment;
  if (askedAtMs === null || isPaidByItself || settles.some(({ atMs }) => atMs > askedAtMs)) return;
  throw new Violation("5", `${short(id)} is paid after its payer was asked for another`);
}

/** All that has to hold of one payer's book. */
export function booksHold(world: World, facts: Facts, rules: Rules, node: Node): void {
  for (const row of node.rows.values()) {
    const payment = facts.of(row.id);
    if (payment.isForged)
      throw new Violation("11", `${short(row.id)} stands in the book of somebody who never signed it`);
    holdsCharge(rules, payment, row);
    holdsGoods(rules, payment, row);
    holdsDelivery(world, payment, row);
  }
  holdsCaps(rules, node);
}

/** 2 and 8. Whoever was charged has a row that says so, or that is still open: no upstream failure takes money. */
export function holdsCharge({ hasRpc }: Rules, { id, paid, isPaidByItself }: Payment, row: Row | undefined): void {
  if (paid?.kind !== "paid" || isPaidByItself) return;
  const isOpen = row && (LIVE.includes(row.pay) || (row.pay === "undetermined" && !hasRpc));
  if (!isOpen) throw new Violation("2", `${short(id)} was paid, and stands as ${tell(row)}`);
}

/** 3. What was served is settled, or stands in the books as owed or debt; or as nothing's price, where that is the table's. */
export function holdsGoods(rules: Rules, payment: Payment, row: Row | undefined): void {
  const { hasRpc } = rules;
  const { id, begun } = payment;
  if (begun === 0) return;
  if (row && (LIVE.includes(row.pay) || row.pay === "written_off" || isWaived(rules, payment, row))) return;
  if (row?.route === "/metered" && costsNothing(rules, payment, row)) return;
  const isDebt = row?.pay === "failed" && (row.delivery === "delivered" || row.delivery === "truncated");
  if (!isDebt && !(row?.pay === "undetermined" && !hasRpc))
    throw new Violation("3", `${short(id)} was served, and stands as ${tell(row)}`);
}

/** Of a metered call, whose use was nothing or is missing. */
function isWaived(rules: Rules, payment: Payment, { pay, route, reason, asset }: Row): boolean {
  if (pay !== "uncharged" || route !== "/metered") return false;
  const units = reason === "usage_missing" ? null : payment.units;
  return ["usage_missing", "no_usage"].includes(reason ?? "") && chargeOf(rules, coinOf(asset), units) === 0n;
}

/** It is nobody's debt, also where the book missed it. */
const costsNothing = (rules: Rules, { units, settles }: Payment, { asset }: Row): boolean =>
  settles.length === 0 && chargeOf(rules, coinOf(asset), units) === 0n;

/** 4. What was settled is delivered, redeemable, or expired after its time. */
function holdsDelivery(world: World, { id, handed, begun }: Payment, row: Row): void {
  if (row.pay !== "settled") return;
  const isCalledDelivered = row.delivery === "delivered" || row.delivery === "redeemed";
  // Whoever leaves what is metered pays for what it used, and has had what there was.
  const isGone = row.route === "/metered" && begun > 0;
  if (isCalledDelivered && handed === 0 && row.answer_until === null && !isGone)
    throw new Violation("4", `${short(id)} is called ${row.delivery}, and nobody has the goods`);
  if (row.delivery === "expired" && world.nowMs < row.created_at + row.credit_ms - SKEW_MS)
    throw new Violation("4", `${short(id)} expired before its time`);
  const isCredit = row.delivery === "undelivered" || row.delivery === "truncated";
  if (isCredit && row.ends_at === null) throw new Violation("4", `${short(id)} is a credit without an end`);
}

const UNSETTLED: readonly Row["pay"][] = ["claimed", "unknown", "owed"];

/** 7. Unsettled value per payer and network stays under its cap. */
function holdsCaps({ unsettledMicros }: Rules, node: Node): void {
  for (const { asset, decimals } of COINS) {
    const open = [...node.rows.values()].filter((row) => row.asset === asset && UNSETTLED.includes(row.pay));
    const total = open.reduce((sum, row) => sum + exposureOf(row), 0n);
    if (total > BigInt(unsettledMicros) * 10n ** BigInt(decimals - 6))
      throw new Violation("7", `${node.name} has ${total} of ${asset} unsettled`);
  }
}

/** All that was signed, until it is known what was used. */
const exposureOf = ({ amount, charge, calculation }: Row): bigint =>
  BigInt(calculation === null ? amount : (charge ?? amount));

/** 7. What all payers together were served ahead of settling stays under the gate's cap. */
export function holdsTotal(world: World, facts: Facts, books: LedgerNodes, { totalMicros }: Rules): void {
  const owed = facts.all().filter(({ id, errand, begun, paid, signed }) => {
    const isOpen = world.nowMs < Number(signed.authorization.validBefore) * 1000 - 2 * SKEW_MS;
    const isAhead = errand.route === "/async" || errand.route === "/metered";
    return isAhead && begun > 0 && !paid && isOpen && books.row(id)?.pay !== "uncharged";
  });
  const total = owed.reduce((sum, { errand }) => sum + ROUTES[errand.route].micros, 0);
  if (total > totalMicros) throw new Violation("7", `${owed.length} payers owe ${total} micros together`);
}

export function paysIntoTheBooks(
  facts: Facts,
  books: LedgerNodes,
  rules: Rules,
  id: string,
  used: Used,
  { hash }: Transaction,
): void {
  const payment = facts.of(id);
  payment.paid = used;
  const most = payment.settles.map(({ signed }) => BigInt(signed.authorization.value));
  if (most.some((amount) => used.value > amount))
    throw new Violation("6", `${short(id)} paid ${used.value}, which is more than was signed`);
  chargesNoneThatWasReplaced(payment);
  if (payment.settles.length > 0) holdsCharge(rules, payment, books.row(id));
  else if (!payment.isPaidByItself)
    throw new Violation("2", `${short(id)} is paid by ${short(hash)}, and nobody settled it`);
}

const ENDS: readonly Row["pay"][] = [
  "released",
  "uncharged",
  "rejected",
  "settled",
  "failed",
  "undetermined",
  "written_off",
];

/** 9. When faults stop, every row reaches an end, and the sink has every end. */
export function everythingEnds(
  { hasRpc }: Rules,
  node: Node,
  nextDueMs: number | null,
  sink: ReadonlyMap<string, string>,
): void {
  if (nextDueMs !== null) throw new Violation("9", `${node.name} is still to do something`);
  for (const row of node.rows.values()) {
    const isRight = ENDS.includes(row.pay) && (row.pay !== "undetermined" || !hasRpc);
    const isOver = row.pay !== "settled" || ["delivered", "redeemed", "expired"].includes(row.delivery);
    if (!isRight || !isOver) throw new Violation("9", `${short(row.id)} stays ${tell(row)}`);
    const told = sink.get(row.id);
    if (row.pay !== "released" && told !== `${row.pay}/${row.delivery}/${row.tx}/${row.seq}`)
      throw new Violation("9", `the sink has ${told} for ${short(row.id)}, which is ${tell(row)}`);
  }
}

/** 10. Each settled row is what the chain moved, and their sum all that it moved by those authorizations. */
export function everythingAdds(facts: Facts, books: LedgerNodes, chain: Blocks): void {
  const total = { rows: 0n, transfers: 0n };
  for (const { id, paid, isPaidByItself } of facts.all()) {
    const row = books.row(id);
    if (row?.pay === "settled") total.rows += BigInt(row.charge ?? row.amount);
    const isElsewhere = isPaidByItself && row?.pay !== "settled";
    if (paid && !isElsewhere && row?.pay !== "undetermined") total.transfers += paid.value;
    if (row?.pay === "settled" && !paid) throw new Violation("10", `${short(id)} is settled, and nothing was paid`);
    if (row?.pay === "settled" && paid?.value !== BigInt(row.charge ?? row.amount))
      throw new Violation("10", `${short(id)} is settled for ${row.charge}, and ${paid?.value} was paid`);
  }
  if (total.rows !== total.transfers)
    throw new Violation(
      "10",
      `the books have ${total.rows}, and ${chain.used.size} authorizations moved ${total.transfers}`,
    );
}

/** 12. An object is woken for something that is due, and told once when. */
export function wakesForSomething(node: Node, nextDueMs: number | null, knownMs: number | null, atMs: number): void {
  if (nextDueMs === null) throw new Violation("12", `${node.name} is to be woken, and nothing is due`);
  if (knownMs === atMs) throw new Violation("12", `${node.name} is to be woken when it is to be woken already`);
}

/** 12. Nobody is called to carry nothing. */
export function publishesSomething(entries: readonly unknown[]): void {
  if (entries.length === 0) throw new Violation("12", "the seller's books are told nothing");
}
