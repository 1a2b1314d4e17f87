// CheckedPayment to AdmittedPayment: the claim, the look into KV and the facilitator's verify run at the same time.
// Until the upstream is called a claim may be given back; afterwards never.

import { facilitatorBody } from "../facilitator/index.ts";
import type { LedgerEvent } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import { type AdmittedPayment, admitPayment, type CheckedPayment } from "../schemes/index.ts";
import { type Gate, leaseMs, type Order, refuse } from "./gate.ts";
import { tell } from "./revisit.ts";

export type Admission = { readonly kind: "admitted"; readonly payment: AdmittedPayment } | Outcome;

export async function admit(gate: Gate, order: Order, checked: CheckedPayment): Promise<Admission> {
  const listed = gate.spent.recall(checked.id);
  if (listed !== null) return refuse({ reason: "payment_settled", transaction: listed });
  const payment = admitPayment(checked, gate.newId(), facilitatorBody(checked));
  const decided = decide(gate, order, payment);
  // KV only refuses, so its answer need not wait for the ledger's; the ledger's need not wait for KV's.
  return Promise.race([
    decided,
    gate.spent.read(payment.id).then((transaction) => {
      if (transaction === null) return decided;
      gate.waitUntil(decided.then((admission) => giveBack(gate, payment, admission)));
      return refuse({ reason: "payment_settled", transaction });
    }),
  ]);
}

async function decide(gate: Gate, order: Order, payment: AdmittedPayment): Promise<Admission> {
  const claimed = claim(gate, order, payment);
  const verified = gate.facilitator.verify(payment.facilitatorBody, payment);
  const answer = await claimed;
  if (!answer.ok) {
    // The claim may have been granted all the same: its answer was lost, not the row.
    gate.waitUntil(release(gate, payment));
    return refuse({ reason: "ledger_unavailable" });
  }
  if (answer.value.kind !== "granted") return tell(gate, order, payment, payment.attempt, answer.value);
  const verdict = await verified;
  if (verdict.kind === "valid") return { kind: "admitted", payment };
  await release(gate, payment);
  if (verdict.kind === "unavailable") return refuse({ reason: "facilitator_unavailable" });
  return refuse({ reason: "payment_refused", code: verdict.reason, invitation: order.invitation });
}

function claim(gate: Gate, { route, fingerprint }: Order, payment: AdmittedPayment) {
  const { id, attempt, network, asset, payer, payTo, amount, validBeforeMs, facilitatorBody: settleBody } = payment;
  return gate.books.claim({
    id,
    attempt,
    nowMs: gate.nowMs(),
    leaseMs: leaseMs(gate),
    fingerprint,
    network,
    asset,
    payer,
    payTo,
    amount,
    route: route.key,
    facilitator: gate.config.facilitator.url,
    settleBody,
    validBeforeMs,
  });
}

async function giveBack(gate: Gate, payment: AdmittedPayment, admission: Admission): Promise<void> {
  if (admission.kind === "admitted") await release(gate, payment);
}

const release = (gate: Gate, payment: AdmittedPayment): Promise<void> => report(gate, payment, { kind: "release" });

/** Tells the ledger what became of the attempt. */
export function report(gate: Gate, payment: AdmittedPayment, ...events: readonly LedgerEvent[]): Promise<void> {
  return gate.books.record(payment, payment.id, payment.attempt, gate.nowMs(), events);
}
