// A checked payment's way: admit, execute once, settle, deliver; in the order that the route's mode says. From the
// claim on, whatever this invocation manages to do, the ledger holds a row that says how far it may have come.

import type { LedgerEvent } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { AdmittedPayment, CheckedPayment, SettleMode } from "../schemes/index.ts";
import type { UpstreamAnswer } from "../upstream/index.ts";
import type { Receipt, Settlement } from "../x402/index.ts";
import { admit, reporterOf } from "./admit.ts";
import { deliver, FIRST_DELIVERY, type Reporter, report, storable } from "./attempt.ts";
import { creditOf, undelivered } from "./credit.ts";
import { discard, type Gate, type Order, refuse } from "./gate.ts";
import { fetchGoods, paidBy } from "./goods.ts";
import { settle } from "./settle.ts";

export async function purchase(gate: Gate, order: Order, checked: CheckedPayment): Promise<Outcome> {
  const mode = modeOf(order, checked);
  const admission = await admit(gate, order, checked, mode);
  if (admission.kind !== "admitted") return admission;
  const { payment } = admission;
  switch (mode) {
    case "before":
      return settleThenServe(gate, order, payment);
    case "after":
      return serveThenSettle(gate, order, payment);
    case "async":
      return serveAndOwe(gate, order, payment);
  }
}

/** What the payer agreed to comes before what the table says: who owes is asked to pay first. */
const modeOf = ({ access }: Order, { flow }: CheckedPayment): SettleMode =>
  flow === "upfront" ? "before" : access.offer.settle;

/** The usual mode: the goods are in hand, and go out only when they are paid for. */
async function serveThenSettle(gate: Gate, order: Order, payment: AdmittedPayment): Promise<Outcome> {
  const goods = await fetchGoods(gate, order, paidBy(payment, null));
  if (goods.kind === "sellable") return charge(gate, order, payment, goods.answer);
  gate.waitUntil(report(gate, reporterOf(payment), [{ kind: "uncharged", reason: goods.reason }]));
  return goods.outcome;
}

async function charge(gate: Gate, order: Order, payment: AdmittedPayment, answer: UpstreamAnswer): Promise<Outcome> {
  const settlement = await settle(gate, order, payment);
  if (settlement.kind !== "settled") {
    const kept = storable(order, answer);
    discard(answer);
    return unpaid(gate, order, payment, settlement, kept);
  }
  const { transaction } = settlement;
  const settled: LedgerEvent = { kind: "settled", transaction };
  const delivered = deliver(gate, order, reporterOf(payment), answer, [settled], FIRST_DELIVERY);
  return { kind: "sold", answer: delivered, receipt: receiptOf(payment, transaction) };
}

/** For what is dear: paid and on record before the upstream is asked. What the upstream then fails to do is a credit. */
async function settleThenServe(gate: Gate, order: Order, payment: AdmittedPayment): Promise<Outcome> {
  const settlement = await settle(gate, order, payment);
  if (settlement.kind !== "settled") return unpaid(gate, order, payment, settlement, null);
  const { transaction } = settlement;
  const reporter = reporterOf(payment);
  const settled: LedgerEvent = { kind: "settled", transaction };
  await report(gate, reporter, [settled]);
  const receipt = receiptOf(payment, transaction);
  const goods = await fetchGoods(gate, order, paidBy(payment, transaction));
  if (goods.kind === "sellable") {
    // Once more, because the first record may have failed.
    const answer = deliver(gate, order, reporter, goods.answer, [settled], FIRST_DELIVERY);
    return { kind: "sold", answer, receipt };
  }
  return undelivered(gate, order, reporter, goods, receipt);
}

/**
 * For trusted payers: the answer goes out before it is settled, and settling goes on behind it. That it is owed is on
 * record first: nothing goes out that no book holds, and whoever goes on with it knows that it is the seller's right.
 */
async function serveAndOwe(gate: Gate, order: Order, payment: AdmittedPayment): Promise<Outcome> {
  const reporter = reporterOf(payment);
  const goods = await fetchGoods(gate, order, paidBy(payment, null));
  if (goods.kind === "unsold") return oweNothing(gate, reporter, goods.reason, goods.outcome);
  if (!(await report(gate, reporter, [{ kind: "served" }]))) {
    discard(goods.answer);
    const reason = "ledger_unavailable";
    return oweNothing(gate, reporter, reason, refuse({ reason }));
  }
  const answer = deliver(gate, order, reporter, goods.answer, [], FIRST_DELIVERY);
  gate.waitUntil(settleBehind(gate, order, payment));
  return { kind: "served", answer };
}

/** Nothing of what was to be owed went out. */
function oweNothing(gate: Gate, reporter: Reporter, reason: string, outcome: Outcome): Outcome {
  gate.waitUntil(report(gate, reporter, [{ kind: "uncharged", reason }]));
  gate.waitUntil(gate.exposure.free(reporter.attempt));
  return outcome;
}

async function settleBehind(gate: Gate, order: Order, payment: AdmittedPayment): Promise<void> {
  const settlement = await settle(gate, order, payment);
  const reporter = reporterOf(payment);
  switch (settlement.kind) {
    case "settled":
      await report(gate, reporter, [{ kind: "settled", transaction: settlement.transaction }]);
      return gate.exposure.free(reporter.attempt);
    case "rejected":
      // A payer whose wallet is empty now may fill it while the authorization lasts.
      return void (await report(gate, reporter, [{ kind: "postponed", reason: settlement.reason }]));
    case "unknown":
      return void (await report(gate, reporter, [{ kind: "lost", transaction: settlement.transaction }]));
  }
}

/** @param kept the goods, where the buyer may still have paid for them */
async function unpaid(
  gate: Gate,
  order: Order,
  payment: AdmittedPayment,
  settlement: Exclude<Settlement, { kind: "settled" }>,
  kept: ReturnType<typeof storable>,
): Promise<Outcome> {
  const reporter = reporterOf(payment);
  if (settlement.kind === "unknown") {
    // On record before the client hears of it: whoever signs another payment at once must not be charged for it.
    await report(gate, reporter, [{ kind: "lost", transaction: settlement.transaction }], kept);
    return refuse({ reason: "settlement_unknown", credit: await creditOf(gate, order, reporter.id) });
  }
  const { reason: code } = settlement;
  gate.waitUntil(report(gate, reporter, [{ kind: "rejected", reason: code }]));
  const receipt = { ...receiptOf(payment, ""), success: false, errorReason: code };
  return refuse({ reason: "settlement_rejected", code, receipt, invitation: order.invitation });
}

function receiptOf({ payment }: AdmittedPayment, transaction: string): Receipt {
  const { x402Version, network, payer } = payment;
  return { x402Version, success: true, transaction, network, payer };
}
