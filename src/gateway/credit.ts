// What a buyer is told who paid, or may have paid, and got nothing: where to look, and how to have it delivered.

import type { Outcome } from "../outcome/index.ts";
import type { Credit } from "../problem.ts";
import type { Receipt } from "../x402/index.ts";
import { type Reporter, report } from "./attempt.ts";
import { discard, type Gate, type Order, refuse } from "./gate.ts";
import type { Goods } from "./goods.ts";
import { sealId } from "./seal.ts";

/** Null while the gate's own key cannot be had: then the payer's signature is the only proof. */
export async function creditOf(gate: Gate, { call }: Order, id: string): Promise<Credit | null> {
  const { proto, host } = call.target;
  const [state, redeem] = await Promise.all([sealId(gate.seal, "payment", id), sealId(gate.seal, "redeem", id)]);
  if (state === null || redeem === null) return null;
  return { payment: `${proto}://${host}/${gate.config.prefix}/payments/${state}`, redeem };
}

/** Paid, and not delivered: the truth, the receipt, and the right to what was bought. */
export async function undelivered(
  gate: Gate,
  order: Order,
  reporter: Reporter,
  { outcome, reason }: Extract<Goods, { kind: "unsold" }>,
  receipt: Receipt,
): Promise<Outcome> {
  // On record before the client hears of it: whoever signs another payment at once must not be charged for it.
  await report(gate, reporter, [{ kind: "settled", transaction: receipt.transaction }, { kind: "undelivered" }]);
  const status = outcome.kind === "unsold" ? outcome.answer.status : null;
  if (outcome.kind === "unsold") discard(outcome.answer);
  return refuse({
    reason: "paid_undelivered",
    cause: reason,
    status,
    receipt,
    credit: await creditOf(gate, order, reporter.id),
  });
}
