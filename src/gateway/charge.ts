// Charging for goods that are in hand, and what is told where that does not work. Shared by every way to sell.

import type { LedgerEvent } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { AdmittedPayment } from "../schemes/index.ts";
import type { UpstreamAnswer } from "../upstream/index.ts";
import type { Receipt, Settlement } from "../x402/index.ts";
import { type Admitted, reporterOf } from "./admit.ts";
import { deliver, FIRST_DELIVERY, report, storable, type Telling } from "./attempt.ts";
import { creditOf } from "./credit.ts";
import { discard, type Gate, type Order, refuse } from "./gate.ts";
import { accept, type Bill, type Settled, settle, settleForGood, type Unsettled } from "./settle.ts";

/** The goods go out only when they are paid for. @param bill of a metered call */
export async function charge(
  gate: Gate,
  order: Order,
  payment: AdmittedPayment,
  answer: UpstreamAnswer,
  bill: Bill | null,
): Promise<Outcome> {
  const settlement = await settle(gate, order, payment, bill);
  if (settlement.kind !== "settled") {
    const kept = storable(order, answer);
    discard(answer);
    if (bill !== null) gate.waitUntil(gate.exposure.free(payment.attemptId));
    return unpaid(gate, order, payment, settlement, kept, bill);
  }
  const told = tellCharged(gate, payment, settlement, answer.body instanceof ReadableStream);
  const delivered = deliver(gate, order, reporterOf(payment), answer, told, FIRST_DELIVERY);
  return { kind: "sold", answer: delivered, receipt: receiptOf(payment, settlement.transaction, settlement.bill) };
}

/**
 * What went out for a transaction that turns out to be another payment's is owed, until it is found out: that begins where
 * nothing of it is on its way any more.
 */
async function tellCharged(
  gate: Gate,
  payment: AdmittedPayment,
  settled: Settled,
  isStream: boolean,
): Promise<Telling> {
  const { transaction, bill } = settled;
  // A stream's beginning goes first.
  if (isStream) await gate.sleep(0);
  if (!(await accept(gate, payment, settled))) {
    return { before: [...notedOf(bill), { kind: "served" }], beforeEnd: [{ kind: "lost", transaction }] };
  }
  if (bill !== null) gate.waitUntil(gate.exposure.free(payment.attemptId));
  return { before: [...notedOf(bill), settledBy(settled)], beforeEnd: [] };
}

/** Behind an answer that went out. What is not settled at once is gone on with by the ledger. */
export async function settleBehind(
  gate: Gate,
  order: Order,
  payment: AdmittedPayment,
  bill: Bill | null,
): Promise<Settled | Unsettled> {
  const settlement = await settleForGood(gate, order, payment, bill);
  const reporter = reporterOf(payment);
  switch (settlement.kind) {
    case "settled":
      await report(gate, reporter, [settledBy(settlement)]);
      await gate.exposure.free(reporter.attempt);
      break;
    case "rejected":
      // A payer whose wallet is empty now may fill it while the authorization lasts.
      await report(gate, reporter, [{ kind: "postponed", reason: settlement.reason }]);
      break;
    case "unknown":
      await report(gate, reporter, [{ kind: "lost", transaction: settlement.transaction }]);
  }
  return settlement;
}

/** That it is owed, on record before anything goes out; what is told instead where it is not to be. */
export async function owe(
  gate: Gate,
  { payment, isCovered }: Admitted,
  answer: UpstreamAnswer,
): Promise<Outcome | null> {
  const problem = (await isCovered) ? UNRECORDED : OVER_FUNDS;
  if (problem === UNRECORDED && (await report(gate, reporterOf(payment), [{ kind: "served" }]))) return null;
  discard(answer);
  return oweNothing(gate, payment, problem.reason, refuse(problem));
}

const UNRECORDED = { reason: "ledger_unavailable" } as const;
const OVER_FUNDS = { reason: "payer_over_cap", cap: "funds" } as const;

/** Nothing of what was to be owed went out. */
export function oweNothing(gate: Gate, payment: AdmittedPayment, reason: string, outcome: Outcome): Outcome {
  gate.waitUntil(gate.exposure.free(payment.attemptId));
  return leaveUncharged(gate, payment, reason, outcome);
}

/** Executed, and nothing was sold. */
export function leaveUncharged(gate: Gate, payment: AdmittedPayment, reason: string, outcome: Outcome): Outcome {
  gate.waitUntil(report(gate, reporterOf(payment), [{ kind: "uncharged", reason }]));
  payment.leave();
  return outcome;
}

/** @param kept the goods, where the buyer may still have paid for them */
export async function unpaid(
  gate: Gate,
  order: Order,
  payment: AdmittedPayment,
  settlement: Exclude<Settlement, { kind: "settled" }>,
  kept: ReturnType<typeof storable>,
  bill: Bill | null,
): Promise<Outcome> {
  const reporter = reporterOf(payment);
  if (settlement.kind === "unknown") {
    // On record before the client hears of it: whoever signs another payment at once must not be charged for it.
    const lost: LedgerEvent = { kind: "lost", transaction: settlement.transaction };
    await report(gate, reporter, [...notedOf(bill), lost], kept);
    return refuse({ reason: "settlement_unknown", credit: await creditOf(gate, order, reporter.id) });
  }
  const { reason: code } = settlement;
  gate.waitUntil(report(gate, reporter, [...notedOf(bill), { kind: "rejected", reason: code }]));
  const receipt = { ...receiptOf(payment, "", null), success: false, errorReason: code };
  return refuse({ reason: "settlement_rejected", code, receipt, invitation: order.invitation });
}

export function receiptOf({ payment }: AdmittedPayment, transaction: string, bill: Bill | null): Receipt {
  const { x402Version, network, payer } = payment;
  const amount = bill === null ? {} : { amount: bill.amount };
  return { x402Version, success: true, transaction, network, payer, ...amount };
}

const notedOf = (bill: Bill | null): readonly LedgerEvent[] => (bill === null ? [] : [bill.noted]);

export const settledBy = ({ transaction, bill }: Settled): LedgerEvent => ({
  kind: "settled",
  transaction,
  ...(bill !== null && { charge: bill.amount }),
});
