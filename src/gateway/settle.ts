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

export interface Settled {
  readonly kind: "settled";
  readonly transaction: string;
  /** Whether the chain shows it: some transactions settle many payments at once. */
  readonly isShown: boolean;
}

type Unsettled = Exclude<Settlement, { kind: "settled" }>;

/**
 * While a buyer waits: a transaction that this isolate knows as another payment's is not believed.
 *
 * @param bill of a metered call; null where all that was authorized is settled
 */
export async function settle(
  gate: Gate,
  order: Order,
  { payment, ...attempt }: AdmittedPayment,
  bill: Bill | null,
): Promise<Settled | Unsettled> {
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
  const isChecked = isDoubtful(gate, order, { ...payment, amount }, transaction);
  const settlement = isChecked
    ? await trace.measure("confirm", confirm(gate, payment, transaction, facilitator))
    : said;
  if (settlement.kind !== "settled") return settlement;
  gate.waitUntil(gate.spent.write(payment.id, settlement.transaction, payment.validBeforeMs, gate.nowMs()));
  return { ...settlement, isShown: isChecked };
}

/** Where nobody waits, or all of it is on record before anything else is done: no other isolate has accepted it either. */
export async function settleForGood(
  gate: Gate,
  order: Order,
  payment: AdmittedPayment,
  bill: Bill | null,
): Promise<Settlement> {
  const settlement = await settle(gate, order, payment, bill);
  if (settlement.kind !== "settled" || (await isAccepted(gate, payment.payment, settlement))) return settlement;
  return { kind: "unknown", detail: ANOTHERS, transaction: settlement.transaction };
}

const ANOTHERS = "the transaction is another payment's";

/** Whether the books may hold it: a transaction pays once, whoever names it again, unless the chain shows it. */
export async function isAccepted(gate: Gate, { id }: { readonly id: string }, settled: Settled): Promise<boolean> {
  const isOwn = await gate.transactions.assign(id, settled.transaction);
  return isOwn || settled.isShown;
}

/** As far as this isolate knows; and what is dear is worth a look at the chain. */
function isDoubtful(gate: Gate, { access }: Order, payment: CheckedPayment, transaction: string): boolean {
  const { verifyAboveMicros: most } = access.offer;
  const isDear = most !== null && microsOf(BigInt(payment.amount), payment.decimals) > most;
  return isDear || gate.spent.isAnothers(payment.id, transaction);
}
