// Who is asked about a payment. The one that verifies it settles it: the ledger holds its name before anything can have
// settled, and from then on no other is asked to.

import type { Facilitator } from "../facilitator/index.ts";
import type { AdmittedPayment, Attempt, CheckedPayment } from "../schemes/index.ts";
import { err, ok, type Result } from "../std/index.ts";
import { isGasSponsoring, partsOf, type Verdict } from "../x402/index.ts";
import { report } from "./attempt.ts";
import { type Gate, leaseOf, type Order } from "./gate.ts";
import { lookUp } from "./offered.ts";
import type { Trace } from "./trace.ts";

/** In the order in which they are asked; at least one. */
export type Candidates = readonly [Facilitator, ...Facilitator[]];

export interface Verified {
  readonly verdict: Verdict;
  readonly by: Facilitator;
}

/** It may be settled. */
export interface Begun extends Verified, Pick<AdmittedPayment, "leave"> {
  readonly verdict: Extract<Verdict, { kind: "valid" }>;
}

export type Unverified = Exclude<Verdict, { kind: "valid" }>;

type Unavailable = Extract<Verdict, { kind: "unavailable" }>;

/** It has not answered of late, and is not asked. */
const resting = ({ breaker }: Facilitator): Unavailable => ({
  kind: "unavailable",
  detail: `rests: ${breaker.health().why}`,
});

/**
 * What they can do is looked up behind the answer, now and then, where there is a choice. Null where the account
 * for which the payment was signed is none of theirs; else an offer names at least one for each way to pay.
 */
export function candidatesOf(
  gate: Gate,
  { access }: Order,
  { id, requirements, paymentPayload, settler }: CheckedPayment,
): Candidates | null {
  const { assetTransferMethod } = partsOf(id);
  const extensions = Object.keys(paymentPayload.extensions ?? {}).filter(isGasSponsoring);
  const sought = { ...requirements, assetTransferMethod, extensions, settler };
  const found = gate.facilitators.among(access.offer.facilitators, sought);
  if (found.length > 1) lookUp(gate, found);
  return found.length > 0 ? (found as unknown as Candidates) : null;
}

/** A facilitator's word for a payment that is another one's to settle (the reference facilitators'). */
const NOT_ITS_FEE_PAYER = "invalid_exact_svm_fee_payer_not_managed_by_facilitator";
const NOT_ITS_ADDRESS = "upto_facilitator_mismatch";

/** The same where it is none's. */
export const nobodysReason = ({ requirements }: CheckedPayment): string =>
  requirements.scheme === "upto" ? NOT_ITS_ADDRESS : NOT_ITS_FEE_PAYER;

/** The one that would be asked first now. */
export const firstOf = (candidates: Candidates): Facilitator =>
  candidates.find(({ breaker }) => breaker.isAsked()) ?? candidates[0];

/**
 * One after the other, until one answers: a verify charges nobody. Whoever says nothing may be the one whose payment it is:
 * what others cannot do is no word about it.
 *
 * @param left what is told where none has a word; null where nobody was come to before
 */
export async function verifyWith(
  gate: Gate,
  trace: Trace,
  candidates: readonly Facilitator[],
  attempt: Attempt,
  left: Verified | null = null,
): Promise<Verified> {
  for (const by of candidates) {
    const verdict = (await ask(by, attempt)) ?? resting(by);
    if (verdict.kind === "unavailable") note(gate, trace, by, verdict);
    else if (!isAnothers(verdict)) return { verdict, by };
    if (left?.verdict.kind !== "unavailable") left = { verdict, by };
  }
  return left as Verified;
}

/** Null where it rests. */
async function ask({ breaker, verify }: Facilitator, { payment, facilitatorBody }: Attempt): Promise<Verdict | null> {
  const look = breaker.admits(payment.isProven);
  if (look === null) return null;
  const verdict = await verify(facilitatorBody, payment);
  breaker.leaves(look);
  return verdict;
}

/** For the operator. */
function note({ facilitators }: Gate, trace: Trace, by: Facilitator, { detail: why }: Unavailable): void {
  trace.unavailable.push({ name: facilitators.publicName(by), why });
}

/**
 * Whose payment is claimed comes to be settled; who has not settled of late is tried with one of them at a time. The others
 * go on to the next.
 */
export async function beginWith(
  gate: Gate,
  trace: Trace,
  candidates: readonly Facilitator[],
  attempt: Attempt,
  { verdict, by }: Verified,
): Promise<Result<Begun, Unverified>> {
  if (verdict.kind !== "valid") return err(verdict);
  const look = by.breaker.begins();
  if (look !== null) return ok({ verdict, by, leave: () => by.breaker.leaves(look) });
  const rests = resting(by);
  note(gate, trace, by, rests);
  const rest = candidates.slice(candidates.indexOf(by) + 1);
  const next = await verifyWith(gate, trace, rest, attempt, { verdict: rests, by });
  return beginWith(gate, trace, rest, attempt, next);
}

/** What it cannot do says nothing of the payment: it is no longer what its list says, or the payment is another one's. */
const OF_ITSELF: ReadonlySet<string> = new Set([
  NOT_ITS_FEE_PAYER,
  NOT_ITS_ADDRESS,
  "invalid_network",
  "unsupported_scheme",
]);

const isAnothers = (verdict: Verdict): boolean => verdict.kind === "invalid" && OF_ITSELF.has(verdict.reason);

/** Makes it known to the ledger who settles, where that is another one than the claim says. */
export async function pin(
  gate: Gate,
  { access }: Order,
  { payment, attemptId }: Attempt,
  claimed: Facilitator,
  by: Facilitator,
): Promise<boolean> {
  if (by === claimed) return true;
  // Its time begins anew: to ask the other one may have taken long, and nothing of what it is for was begun before.
  const reporter = { id: payment.id, attempt: attemptId };
  return report(gate, reporter, [{ kind: "pinned", facilitator: by.name, ...leaseOf(access, payment) }]);
}
