// What a payment is to somebody who presents it, or who signed another one for the same thing. Pure.

import { isCredit, type PaymentState } from "./state.ts";

/** An answer that is kept for repeats. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

export type Standing =
  | { readonly kind: "claimable" }
  /** An attempt, or a redelivery, is under way. */
  | { readonly kind: "in_flight" }
  /** It may have settled; somebody is finding out. */
  | { readonly kind: "unknown" }
  /** It may have settled, and nobody is finding out at the moment. */
  | { readonly kind: "unresolved" }
  /** Settled, and the answer that was bought is kept. */
  | { readonly kind: "answerable"; readonly transaction: string }
  /** Settled, and not delivered. */
  | { readonly kind: "redeemable"; readonly transaction: string }
  | { readonly kind: "settled"; readonly transaction: string; readonly isCredit: boolean }
  | { readonly kind: "ended"; readonly reason: string }
  | { readonly kind: "bound_elsewhere" };

/** What a payment's row says beside its state. */
export interface Kept extends PaymentState {
  readonly fingerprint: string;
  readonly hasAnswer: boolean;
  /** How often its redelivery was begun. */
  readonly redemptions: number;
}

/** A redelivery executes the upstream again; one that never works is not tried for ever. */
const REDEMPTIONS_MAX = 3;

/** Paid for, not delivered, and there is a way left to deliver it. */
export const isDeliverable = (kept: Kept): boolean =>
  isCredit(kept) && (kept.hasAnswer || kept.redemptions < REDEMPTIONS_MAX);

/**
 * @param kept after `lapse`
 * @param isBuyer whether it is proved that the bought goods are the presenter's: never by the payload alone, which
 *   everybody can read on the chain
 */
export function standingOf(kept: Kept | null, fingerprint: string, isBuyer: boolean, nowMs: number): Standing {
  if (kept === null || kept.pay === "released") return { kind: "claimable" };
  if (kept.fingerprint !== fingerprint) return { kind: "bound_elsewhere" };
  const isAlive = nowMs < kept.leaseUntilMs;
  switch (kept.pay) {
    case "claimed":
    case "owed":
      return { kind: "in_flight" };
    case "unknown":
      return { kind: isAlive ? "unknown" : "unresolved" };
    case "settled":
      return settledStanding(kept, isBuyer, isAlive);
    default:
      return { kind: "ended", reason: kept.reason ?? kept.pay };
  }
}

function settledStanding(kept: Kept, isBuyer: boolean, isAlive: boolean): Standing {
  const transaction = kept.transaction ?? "";
  if (!isBuyer) return { kind: "settled", transaction, isCredit: isCredit(kept) };
  // Between the settlement and its delivery, or while it is redeemed.
  const isBusy = isAlive && (kept.delivery === "none" || isCredit(kept));
  if (isBusy) return { kind: "in_flight" };
  if (kept.hasAnswer) return { kind: "answerable", transaction };
  if (isDeliverable(kept)) return { kind: "redeemable", transaction };
  return { kind: "settled", transaction, isCredit: isCredit(kept) };
}
