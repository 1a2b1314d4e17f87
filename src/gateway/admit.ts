// CheckedPayment to AdmittedPayment: the claim, the look into KV and the facilitator's verify run at the same time.
// Until the upstream is called a claim may be given back; afterwards never.

import { facilitatorBody } from "../facilitator/index.ts";
import type { LedgerEvent } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import { type AdmittedPayment, type Attempt, admitPayment, type CheckedPayment } from "../schemes/index.ts";
import type { Verdict } from "../x402/index.ts";
import { type Gate, leaseMs, type Order, refuse } from "./gate.ts";
import { revisit, tell } from "./revisit.ts";

export type Admission = { readonly kind: "admitted"; readonly payment: AdmittedPayment } | Outcome;

export async function admit(gate: Gate, order: Order, payment: CheckedPayment): Promise<Admission> {
  const listed = gate.spent.recall(payment.id);
  if (listed !== null) return refuse({ reason: "payment_settled", transaction: listed });
  const attempt = { payment, attemptId: gate.newId(), facilitatorBody: facilitatorBody(payment) };
  const decided = decide(gate, order, attempt);
  // KV only refuses, so its answer need not wait for the ledger's. One that comes later changes nothing any more.
  const spent = gate.spent.read(payment.id).then<string | Admission>((transaction) => transaction ?? decided);
  const first = await Promise.race([decided, spent]);
  if (typeof first !== "string") return first;
  gate.waitUntil(decided.then((admission) => giveBack(gate, attempt, admission)));
  return refuse({ reason: "payment_settled", transaction: first });
}

async function decide(gate: Gate, order: Order, attempt: Attempt): Promise<Admission> {
  const { trace } = order.call;
  const facilitator = gate.facilitator(order.access.offer.facilitator);
  const verified = trace.measure("verify", facilitator.verify(attempt.facilitatorBody, attempt.payment));
  if (!attempt.payment.isProven) {
    // Who is not proved to be the payer claims nothing in the payer's ledger.
    const verdict = await verified;
    if (verdict.kind !== "valid") return disprove(gate, order, attempt.payment, verdict);
  }
  const answer = await trace.measure("claim", claim(gate, order, attempt));
  if (!answer.ok) {
    // The claim may have been granted all the same: its answer was lost, not the row.
    gate.waitUntil(report(gate, attempt, { kind: "release" }));
    return refuse({ reason: "ledger_unavailable" });
  }
  const { value: claimAnswer } = answer;
  if (claimAnswer.kind !== "granted") return tell(gate, order, attempt.payment, attempt.attemptId, claimAnswer);
  const verdict = await verified;
  if (verdict.kind === "valid") return { kind: "admitted", payment: admitPayment(attempt, claimAnswer, verdict) };
  await report(gate, attempt, { kind: "release" });
  return unverified(order, verdict);
}

type Unverified = Exclude<Verdict, { kind: "valid" }>;

function unverified({ invitation }: Order, verdict: Unverified): Outcome {
  if (verdict.kind === "unavailable") return refuse({ reason: "facilitator_unavailable" });
  return refuse({ reason: "payment_refused", code: verdict.reason, invitation });
}

/** A payment that was spent is invalid too: whoever is to sign another one first hears what became of this. */
async function disprove(gate: Gate, order: Order, payment: CheckedPayment, verdict: Unverified): Promise<Outcome> {
  return verdict.kind === "invalid" ? revisit(gate, order, payment, verdict.reason) : unverified(order, verdict);
}

function claim(gate: Gate, { route, access, fingerprint }: Order, { payment, attemptId, facilitatorBody }: Attempt) {
  const { id, network, asset, payer, payTo, amount, validBeforeMs } = payment;
  return gate.books.claim({
    id,
    attempt: attemptId,
    nowMs: gate.nowMs(),
    leaseMs: leaseMs(access),
    fingerprint,
    network,
    asset,
    payer,
    payTo,
    amount,
    route: route.key,
    facilitator: access.offer.facilitator.url,
    settleBody: facilitatorBody,
    validBeforeMs,
  });
}

/** KV said that the payment is spent before the claim was decided, and nothing was begun. */
async function giveBack(gate: Gate, attempt: Attempt, admission: Admission): Promise<void> {
  if (admission.kind === "admitted") await report(gate, attempt, { kind: "release" });
}

/** Tells the ledger what became of the attempt. */
export function report(gate: Gate, { payment, attemptId }: Attempt, ...events: readonly LedgerEvent[]): Promise<void> {
  return gate.books.record(payment, payment.id, attemptId, gate.nowMs(), events);
}
