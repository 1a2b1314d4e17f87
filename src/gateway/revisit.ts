// A payment that the ledger knows gets its own truth, never a guess and never a second execution. Where a settle call
// went unanswered, the facilitator is asked once more with the identical body.

import type { Known } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { SignedPayment } from "../schemes/index.ts";
import { type Gate, leaseMs, type Order, refuse } from "./gate.ts";

type Unresolved = Extract<Known, { kind: "unresolved" }>;

/** Well signed, but late or off the price: it may be one that was taken when it was neither. */
export async function revisit(gate: Gate, order: Order, payment: SignedPayment, reason: string): Promise<Outcome> {
  const transaction = gate.spent.recall(payment.id);
  if (transaction !== null) return refuse({ reason: "payment_settled", transaction });
  const attempt = gate.newId();
  const { call, access, fingerprint, invitation } = order;
  const again = { id: payment.id, attempt, nowMs: gate.nowMs(), leaseMs: leaseMs(access), fingerprint };
  const answer = await call.trace.measure("claim", gate.books.revisit(payment, again));
  if (!answer.ok) return refuse({ reason: "ledger_unavailable" });
  if (answer.value.kind === "claimable") return refuse({ reason: "payment_refused", code: reason, invitation });
  return tell(gate, order, payment, attempt, answer.value);
}

export async function tell(
  gate: Gate,
  { invitation }: Order,
  payment: SignedPayment,
  attempt: string,
  known: Known,
): Promise<Outcome> {
  switch (known.kind) {
    case "in_flight":
      return refuse({ reason: "payment_in_flight" });
    case "bound_elsewhere":
      return refuse({ reason: "payment_bound_elsewhere" });
    case "settled":
      return refuse({ reason: "payment_settled", transaction: known.transaction });
    case "ended":
      return refuse({ reason: "payment_ended", code: known.reason, invitation });
    case "unknown":
      return refuse({ reason: "settlement_unknown" });
    case "unresolved":
      return askAgain(gate, payment, attempt, known);
  }
}

async function askAgain(gate: Gate, payment: SignedPayment, attempt: string, known: Unresolved): Promise<Outcome> {
  const { books, config } = gate;
  // Another facilitator does not know what became of it, and could settle it a second time.
  const pinned = config.facilitators.find(({ url }) => url === known.facilitator);
  const settlement = pinned ? await gate.facilitator(pinned).settleAgain(known.settleBody, payment) : null;
  const { id } = payment;
  if (settlement?.kind !== "settled") {
    await books.record(payment, id, attempt, gate.nowMs(), [{ kind: "lost" }]);
    return refuse({ reason: "settlement_unknown" });
  }
  const { transaction } = settlement;
  await books.record(payment, id, attempt, gate.nowMs(), [{ kind: "settled", transaction }]);
  return refuse({ reason: "payment_settled", transaction });
}
