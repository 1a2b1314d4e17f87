// CheckedPayment to AdmittedPayment: claimed in the ledger and verified by the facilitator. Only such a payment can
// be settled; the brand is minted here and nowhere else.

import type { CheckedPayment } from "./check.ts";

declare const admitted: unique symbol;

export interface AdmittedPayment extends CheckedPayment {
  readonly [admitted]: true;
  /** The claim's attempt: every later report to the ledger carries it. */
  readonly attempt: string;
  /** The body that `/verify` was asked with and `/settle` is asked with. */
  readonly facilitatorBody: string;
}

/** To be called with a claim that was granted and a verdict that was valid. */
export function admitPayment(payment: CheckedPayment, attempt: string, facilitatorBody: string): AdmittedPayment {
  return { ...payment, attempt, facilitatorBody } as AdmittedPayment;
}
