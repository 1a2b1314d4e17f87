// A payment that the ledger knows gets its own truth, never a guess and never a second execution that was not paid for.
// What is unknown is looked into on the spot, and the truth waited for a little.

import type { ClaimAnswer, Known, Presentation } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { SignedPayment } from "../schemes/index.ts";
import type { Result } from "../std/index.ts";
import { partsOf, type Receipt } from "../x402/index.ts";
import { deliver, NOTHING_MORE, REDELIVERY, report, restored } from "./attempt.ts";
import { undelivered } from "./credit.ts";
import { askUpfront, type Gate, leaseMs, type Order, redemptionMs, refuse, refusePayment } from "./gate.ts";
import { fetchGoods, paidBefore } from "./goods.ts";
import { findOut } from "./resolve.ts";

/** How long somebody else's finding out is waited for. */
const PATIENCE_MS = 1_000;

export function presentationOf(gate: Gate, order: Order, id: string, attempt: string): Presentation {
  const { fingerprint, key, access } = order;
  return {
    id,
    attempt,
    nowMs: gate.nowMs(),
    leaseMs: leaseMs(access),
    redemptionMs: redemptionMs(access),
    fingerprint,
    keyDigest: key?.digest ?? null,
    isKeySecret: key?.isSecret ?? false,
    isRedeemer: false,
    terms: null,
  };
}

/** Well signed, but late or off the price: it may be one that was taken when it was neither. */
export async function revisit(gate: Gate, order: Order, payment: SignedPayment, reason: string): Promise<Outcome> {
  const transaction = order.key?.isSecret ? null : gate.spent.recall(payment.id);
  if (transaction !== null) return refuse({ reason: "payment_settled", transaction, isCredit: false });
  const { amount, payTo } = payment;
  const presentation = { ...presentationOf(gate, order, payment.id, gate.newId()), terms: { amount, payTo } };
  const unknownHere = refusePayment(reason, order.invitation);
  return present(gate, order, presentation, unknownHere);
}

/** @param otherwise where the ledger does not know the payment */
export async function present(
  gate: Gate,
  order: Order,
  presentation: Presentation,
  otherwise: Outcome,
): Promise<Outcome> {
  const ask = () => gate.books.present({ ...presentation, nowMs: gate.nowMs() });
  const answer = await order.call.trace.measure("claim", inDoubtTwice(gate, ask));
  // What the ledger knows of it may well be a charge.
  if (!answer.ok) return refuse({ reason: "settlement_unknown", credit: null });
  if (answer.value.kind === "claimable") return otherwise;
  return tell(gate, order, presentation.attempt, answer.value);
}

/** Asks the ledger, and once more when there was time to find out what it did not know. */
export async function inDoubtTwice<A extends { readonly kind: string }>(
  gate: Gate,
  ask: () => Promise<Result<A | Doubt, "unavailable">>,
): Promise<Result<A | Doubt, "unavailable">> {
  let answer = await ask();
  for (const kind of DOUBTS) {
    if (!answer.ok || !isDoubt(answer.value) || answer.value.kind !== kind) continue;
    const { value: doubt } = answer;
    await (doubt.kind === "unresolved" ? findOut(gate, doubt.due, true) : gate.sleep(PATIENCE_MS));
    const again = await ask();
    if (again.ok) answer = again;
  }
  return answer;
}

/** Who waited for somebody else's try may be the next to find out: what is lent to them nobody else looks into. */
const DOUBTS = ["unknown", "unresolved"] as const;

type Doubt = Extract<Known, { kind: "unknown" | "unresolved" }>;

const isDoubt = (answer: { readonly kind: string }): answer is Doubt =>
  answer.kind === "unknown" || answer.kind === "unresolved";

/**
 * @param attempt the presenter's: a redelivery is lent to it
 * @param known about the payment that was presented, or about an earlier one that it is served on the account of
 */
export async function tell(
  gate: Gate,
  order: Order,
  attempt: string,
  known: Exclude<ClaimAnswer, { kind: "granted" | "on_account" }>,
): Promise<Outcome> {
  switch (known.kind) {
    case "unknown":
    case "unresolved":
      return refuse({ reason: "settlement_unknown", credit: null });
    case "in_flight":
      return refuse({ reason: "payment_in_flight" });
    case "key_reused":
      return refuse({ reason: "key_reused" });
    case "bound_elsewhere":
      return refuse({ reason: "payment_bound_elsewhere" });
    case "in_debt":
      return askUpfront(order, "payer_in_debt");
    case "over_cap":
      return refuse({ reason: "payer_over_cap", cap: known.cap });
    case "settled":
      return refuse({ reason: "payment_settled", transaction: known.transaction, isCredit: known.isCredit });
    case "ended":
      return refuse({ reason: "payment_ended", code: known.reason, invitation: order.invitation });
    case "answer":
      if (known.wasOwed) gate.waitUntil(report(gate, { id: known.id, attempt }, [{ kind: "redeemed" }]));
      return {
        kind: "redelivered",
        answer: restored(known.answer),
        receipt: receiptOf(order, known.id, known.transaction),
      };
    case "redeem":
      return redeliver(gate, order, { id: known.id, attempt }, known.transaction);
  }
}

/** What was paid for and not delivered. The ledger lends it to one at a time. */
async function redeliver(
  gate: Gate,
  order: Order,
  reporter: { readonly id: string; readonly attempt: string },
  transaction: string,
): Promise<Outcome> {
  const receipt = receiptOf(order, reporter.id, transaction);
  const goods = await fetchGoods(gate, order, paidBefore(reporter.id, transaction));
  if (goods.kind === "sellable") {
    const answer = deliver(gate, order, reporter, goods.answer, NOTHING_MORE, REDELIVERY);
    return { kind: "redelivered", answer, receipt };
  }
  return undelivered(gate, order, reporter, goods, receipt);
}

/** Network and payer as the id names them: the payment in hand may be another one. */
function receiptOf({ x402Version }: Order, id: string, transaction: string): Receipt {
  const { network, payer } = partsOf(id);
  return { x402Version, success: true, transaction, network, payer };
}
