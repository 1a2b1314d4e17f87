// A checked payment's way: admit, execute once, settle, deliver; in the order that the route's mode says. From the
// claim on, whatever this invocation manages to do, the ledger holds a row that says how far it may have come.

import type { Outcome } from "../outcome/index.ts";
import type { AdmittedPayment, CheckedPayment, SettleMode } from "../schemes/index.ts";
import { type Admitted, admit, reporterOf } from "./admit.ts";
import { deliver, FIRST_DELIVERY, NOTHING_MORE, report } from "./attempt.ts";
import { charge, leaveUncharged, owe, oweNothing, receiptOf, settleBehind, settledBy, unpaid } from "./charge.ts";
import { undelivered } from "./credit.ts";
import type { Gate, Metering, Order } from "./gate.ts";
import { fetchGoods, paidBy } from "./goods.ts";
import { settleForGood } from "./settle.ts";

export async function purchase(gate: Gate, order: Order, checked: CheckedPayment): Promise<Outcome> {
  const { meter } = order.access.offer;
  const judgedMs = gate.nowMs();
  const mode = meter ? "async" : modeOf(order, checked);
  const admission = await admit(gate, order, checked, mode);
  if (admission.kind !== "admitted") return admission;
  const { payment } = admission;
  // A table with a meter is opened with what serves it.
  if (meter) return (gate.metering as Metering).serve(gate, order, admission, meter, judgedMs);
  switch (mode) {
    case "before":
      return settleThenServe(gate, order, payment);
    case "after":
      return serveThenSettle(gate, order, payment);
    case "async":
      return serveAndOwe(gate, order, admission);
  }
}

/** What the payer agreed to comes before what the table says: who owes is asked to pay first. */
const modeOf = ({ access }: Order, { flow }: CheckedPayment): SettleMode =>
  flow === "upfront" ? "before" : access.offer.settle;

/** The usual mode: the goods are in hand, and go out only when they are paid for. */
async function serveThenSettle(gate: Gate, order: Order, payment: AdmittedPayment): Promise<Outcome> {
  const goods = await fetchGoods(gate, order, paidBy(payment, null));
  if (goods.kind === "sellable") return charge(gate, order, payment, goods.answer, null);
  return leaveUncharged(gate, payment, goods.reason, goods.outcome);
}

/** For what is dear: paid and on record before the upstream is asked. What the upstream then fails to do is a credit. */
async function settleThenServe(gate: Gate, order: Order, payment: AdmittedPayment): Promise<Outcome> {
  const settlement = await settleForGood(gate, order, payment, null);
  if (settlement.kind !== "settled") return unpaid(gate, order, payment, settlement, null, null);
  const { transaction } = settlement;
  const reporter = reporterOf(payment);
  const settled = settledBy(settlement);
  await report(gate, reporter, [settled]);
  const receipt = receiptOf(payment, transaction, null);
  const goods = await fetchGoods(gate, order, paidBy(payment, transaction));
  if (goods.kind === "sellable") {
    // Once more, because the first record may have failed.
    const answer = deliver(gate, order, reporter, goods.answer, { ...NOTHING_MORE, before: [settled] }, FIRST_DELIVERY);
    return { kind: "sold", answer, receipt };
  }
  return undelivered(gate, order, reporter, goods, receipt);
}

/**
 * For trusted payers: the answer goes out before it is settled, and settling goes on behind it. That it is owed is on
 * record first: nothing goes out that no book holds, and whoever goes on with it knows that it is the seller's right.
 */
async function serveAndOwe(gate: Gate, order: Order, admitted: Admitted): Promise<Outcome> {
  const { payment } = admitted;
  const goods = await fetchGoods(gate, order, paidBy(payment, null));
  if (goods.kind === "unsold") return oweNothing(gate, payment, goods.reason, goods.outcome);
  const refused = await owe(gate, admitted, goods.answer);
  if (refused !== null) return refused;
  const answer = deliver(gate, order, reporterOf(payment), goods.answer, NOTHING_MORE, FIRST_DELIVERY);
  gate.waitUntil(settleBehind(gate, order, payment, null));
  return { kind: "served", answer };
}
