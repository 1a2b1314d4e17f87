// Settling, and how far a facilitator's word is taken for it. What is doubted is not false: it may have settled, and the
// chain says so, or nobody knows.

import { microsOf } from "../config/index.ts";
import { type Facilitator, partBody } from "../facilitator/index.ts";
import type { LedgerEvent } from "../ledger/index.ts";
import type { Charge } from "../metering/index.ts";
import type { AdmittedPayment, CheckedPayment } from "../schemes/index.ts";
import type { Settlement } from "../x402/index.ts";
import { confirm } from "./confirm.ts";
import type { Gate, Order } from "./gate.ts";
import { isUnused } from "./resolve.ts";

/** What a metered call comes to. */
export interface Bill {
  /** Atomic units. */
  readonly amount: string;
  readonly settleBody: string;
  /** For the ledger. */
  readonly noted: LedgerEvent;
}

export function billOf(
  { payment }: AdmittedPayment,
  { amount, calculation }: Pick<Charge, "amount" | "calculation">,
): Bill {
  const charge = amount.toString();
  const settleBody = partBody(payment, charge);
  return { amount: charge, settleBody, noted: { kind: "metered", charge, calculation, settleBody } };
}

export interface Settled {
  readonly kind: "settled";
  readonly transaction: string;
  /** As it came; where the chain was looked at, with what was moved. */
  readonly bill: Bill | null;
  /** Whether the chain shows it: some transactions settle many payments at once. */
  readonly isShown: boolean;
}

export type Unsettled = Exclude<Settlement, { kind: "settled" }>;

/**
 * While a buyer waits, and with no more I/O than that: what is dear is looked for on the chain, and so is a transaction
 * that this isolate knows as another payment's. Whoever believes it has it accepted, too.
 *
 * @param bill of a metered call; null where all that was authorized is settled
 */
export async function settle(
  gate: Gate,
  order: Order,
  admitted: AdmittedPayment,
  bill: Bill | null,
): Promise<Settled | Unsettled> {
  const { payment, facilitatorBody, hasNext } = admitted;
  const expected = { ...payment, hasNext, ...(bill && { part: bill.amount }) };
  const asked = facilitatorOf(gate, order, admitted).settle(bill?.settleBody ?? facilitatorBody, expected);
  const said = await order.call.trace.measure("settle", asked);
  if (said.kind === "rejected") {
    // Another one that was shown the payment before may have sent it, and that is what the payer has become poor by.
    const isDoubtful = hasNext && POOR.has(said.reason) && (await isUnused(gate, payment)) !== true;
    return isDoubtful ? { kind: "unknown", detail: said.reason, transaction: null } : said;
  }
  if (said.kind === "unknown") return said;
  const isFirst = gate.spent.isFirst(payment.id, said.transaction);
  if (!isFirst || isDear(order, payment, bill)) return show(gate, order, admitted, bill, said.transaction);
  // Whoever presents it again in the same moment need not wait for what is on record.
  gate.spent.note(payment.id, said.transaction);
  return { ...said, bill, isShown: false };
}

/** Reasons of a payer who is poor, not of an authorization that was used: the first payment may have taken the money. */
export const POOR: ReadonlySet<string> = new Set([
  "insufficient_funds",
  "invalid_exact_evm_insufficient_balance",
  "permit2_insufficient_balance",
  "permit2_allowance_required",
]);

/** Where nobody waits, or all of it is on record before anything else is done. */
export async function settleForGood(
  gate: Gate,
  order: Order,
  admitted: AdmittedPayment,
  bill: Bill | null,
): Promise<Settled | Unsettled> {
  const settlement = await settle(gate, order, admitted, bill);
  if (settlement.kind !== "settled" || (await accept(gate, admitted, settlement))) return settlement;
  const shown = await show(gate, order, admitted, bill, settlement.transaction);
  if (shown.kind === "settled") await accept(gate, admitted, shown);
  return shown;
}

/** False where the transaction is another payment's, whichever isolate heard of that, and the chain does not show it. */
export function accept(gate: Gate, { payment }: AdmittedPayment, settled: Settled): Promise<boolean> {
  const { id, validBeforeMs } = payment;
  const { transaction, isShown } = settled;
  const accepted = gate.transactions.assign(id, transaction).then((isOwn) => isOwn || isShown);
  const { spent } = gate;
  const note = async (): Promise<void> =>
    (await accepted) ? spent.write(id, transaction, validBeforeMs, gate.nowMs()) : spent.forget(id);
  // Held from now on: it is the answer that this may be behind.
  gate.waitUntil(note());
  return accepted;
}

async function show(
  gate: Gate,
  order: Order,
  admitted: AdmittedPayment,
  bill: Bill | null,
  transaction: string,
): Promise<Settled | Unsettled> {
  const looked = confirm(gate, admitted.payment, transaction, facilitatorOf(gate, order, admitted));
  const shown = await order.call.trace.measure("confirm", looked);
  if (shown.kind !== "settled") return shown;
  const { amount, ...settled } = shown;
  return { ...settled, bill: bill && { ...bill, amount }, isShown: true };
}

/** It was chosen among the route's own, whose time the lease was made for. */
function facilitatorOf({ facilitators }: Gate, { access }: Order, { facilitator }: AdmittedPayment): Facilitator {
  return facilitators.of(access.offer.facilitators).find(({ name }) => name === facilitator) as Facilitator;
}

function isDear({ access }: Order, { amount, decimals }: CheckedPayment, bill: Bill | null): boolean {
  const { verifyAboveMicros: most } = access.offer;
  return most !== null && microsOf(BigInt(bill?.amount ?? amount), decimals) > most;
}
