// CheckedPayment to AdmittedPayment: claimed in the ledger and verified by the facilitator. Only such a payment can
// be settled; the brand is minted here and nowhere else.

import type { Verdict } from "../x402/index.ts";
import type { CheckedPayment } from "./check.ts";

declare const admitted: unique symbol;

/** One try to use a payment. */
export interface Attempt {
  readonly payment: CheckedPayment;
  /** Every report to the ledger carries it. */
  readonly attemptId: string;
  /** The body that `/verify` is asked with, and later `/settle`. */
  readonly facilitatorBody: string;
}

/** Who settles it. */
export interface Settler {
  /** Its name. */
  readonly facilitator: string;
  /** Whether another one could have been asked in its place, and may have been shown it. */
  readonly hasNext: boolean;
  /** Nothing of it is settled there after all: whether that one settles again, others may see. */
  readonly leave: () => void;
}

export type AdmittedPayment = Attempt & Settler & { readonly [admitted]: true };

/** The evidence is asked for by its type: a claim that was granted, and a verdict that is valid. */
export function admitPayment(
  attempt: Attempt,
  _claim: { readonly kind: "granted" },
  _verdict: Extract<Verdict, { kind: "valid" }>,
  settler: Settler,
): AdmittedPayment {
  return { ...attempt, ...settler } as AdmittedPayment;
}
