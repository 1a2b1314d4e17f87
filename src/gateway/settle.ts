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

/** @param bill of a metered call; null where all that was authorized is settled */
export async function settle(
  gate: Gate,
  order: Order,
  { payment, ...attempt }: AdmittedPayment,
  bill: Bill | null,
): Promise<Settlement> {
  const { trace } = order.call;
  // It was chosen among the route's own, whose time the lease was made for.
  const own = gate.facilitators.of(order.access.offer.facilitators);
  const facilitator = own.find(({ name }) => name === attempt.facilitator) as Facilitator;
  const body = bill?.settleBody ?? attempt.facilitatorBody;
  const said = await trace.measure(
    "settle",
    facilitator.settle(body, bill === null ? payment : { ...payment, part: bill.amount }),
  );
  if (said.kind !== "settled") return said;
  const { transaction } = said;
  const amount = bill?.amount ?? payment.amount;
  const isConfirmed = !isDoubtful(gate, order, { ...payment, amount }, transaction);
  const settlement = isConfirmed
    ? said
    : await trace.measure("confirm", confirm(gate, payment, transaction, facilitator));
  if (settlement.kind === "settled") {
    gate.waitUntil(gate.spent.write(payment.id, settlement.transaction, payment.validBeforeMs, gate.nowMs()));
  }
  return settlement;
}

/** A transaction pays once, as far as this isolate knows; and what is dear is worth a look at the chain. */
function isDoubtful(gate: Gate, { access }: Order, payment: CheckedPayment, transaction: string): boolean {
  const { verifyAboveMicros: most } = access.offer;
  const isDear = most !== null && microsOf(BigInt(payment.amount), payment.decimals) > most;
  return isDear || gate.spent.isAnothers(payment.id, transaction);
}
