// Settling, and how far a facilitator's word is taken for it. What is doubted is not false: it may have settled, and the
// chain says so, or nobody knows.

import { CONFIRM_MS, microsOf } from "../config/index.ts";
import { type Facilitator, partBody } from "../facilitator/index.ts";
import type { LedgerEvent } from "../ledger/index.ts";
import type { Charge } from "../metering/index.ts";
import type { AdmittedPayment, CheckedPayment } from "../schemes/index.ts";
import type { Settlement } from "../x402/index.ts";
import type { Gate, Order } from "./gate.ts";
import { fateOf } from "./resolve.ts";

/** What a metered call comes to. */
export interface Bill {
  /** Atomic units. */
  readonly amount: string;
  readonly settleBody: string;
  /** For the ledger. */
  readonly noted: LedgerEvent;
}

export function billOf({ payment }: AdmittedPayment, { amount, calculation }: Charge): Bill {
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
  // It was chosen among those that there are.
  const facilitator = gate.facilitators.named(attempt.facilitator) as Facilitator;
  const { trace } = order.call;
  const body = bill?.settleBody ?? attempt.facilitatorBody;
  const said = await trace.measure("settle", facilitator.settle(body, payment));
  if (said.kind !== "settled") return said;
  const { transaction } = said;
  const amount = bill?.amount ?? payment.amount;
  const isConfirmed = !isDoubtful(gate, order, { ...payment, amount }, transaction);
  const settlement = isConfirmed ? said : await trace.measure("confirm", confirm(gate, payment, transaction));
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

/** An RPC may be a block or two behind the facilitator's. */
const LOOKS = 8;
const PAUSE_MS = 1_000;

async function confirm(gate: Gate, payment: CheckedPayment, transaction: string): Promise<Settlement> {
  const sinceMs = gate.nowMs();
  for (let look = 1; look <= LOOKS && gate.nowMs() < sinceMs + CONFIRM_MS; look++) {
    const fate = await fateOf(gate, payment, sinceMs, transaction);
    if (fate === null) break;
    if (fate.kind === "paid") return { kind: "settled", transaction: fate.transaction };
    await gate.sleep(PAUSE_MS);
  }
  return { kind: "unknown", detail: "the chain does not show it", transaction };
}
