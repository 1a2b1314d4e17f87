// What is said to a payer's book, and what it answers. Amounts are atomic units in decimal, times are milliseconds.

import type { SettleMode } from "../schemes/index.ts";
import type { CapName, Caps } from "./claim.ts";
import type { Standing, StoredAnswer } from "./standing.ts";
import type { Lease, LedgerEvent, PaymentState } from "./state.ts";

/** A payment that somebody holds in hand. */
export interface Presentation {
  readonly id: string;
  readonly attempt: string;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** How long it may take to deliver again what was paid for. */
  readonly redemptionMs: number;
  readonly fingerprint: string;
  /** Of the Idempotency-Key or payment identifier that came with it, SHA-256; null where none came. */
  readonly keyDigest: string | null;
  /** Whether that is too long to be guessed. */
  readonly isKeySecret: boolean;
  /** Whether a redeem token, or the payer's own word, came with it. */
  readonly isRedeemer: boolean;
  /** As they were signed; null where no payment came with the request. One nonce may be signed for two of them. */
  readonly terms: { readonly amount: string; readonly payTo: string } | null;
}

/** A payment as it is claimed. */
export interface Claim extends Presentation, Lease {
  readonly network: string;
  readonly asset: string;
  readonly payer: string;
  readonly payTo: string;
  readonly amount: string;
  readonly route: string;
  readonly mode: SettleMode;
  /** The name of the one that is to settle it: what one facilitator may have settled is never settled elsewhere. */
  readonly facilitator: string;
  /** The body of `/settle`, kept because asking again has to be identical. */
  readonly settleBody: string;
  /** Of a metered call: what is charged if nobody ever says what it used, up to `amount`. Null: it is `amount`. */
  readonly charge: string | null;
  readonly validBeforeMs: number;
  readonly creditMs: number;
  readonly debtMs: number;
  readonly caps: Caps;
}

/** A payment whose truth has to be found out, or that is still to be settled. The attempt is the finder's. */
export interface Due {
  readonly id: string;
  readonly attempt: string;
  /** The attempt that claimed it, or that redeems it. */
  readonly courier: string;
  readonly network: string;
  readonly asset: string;
  readonly payer: string;
  readonly payTo: string;
  readonly amount: string;
  /** The key of the route that it was made for. */
  readonly route: string;
  /** What is to be settled of it; "0" where nothing is. */
  readonly charge: string;
  readonly facilitator: string;
  readonly settleBody: string;
  /** Whether the goods were handed over already, so that settling is the seller's right. */
  readonly isOwed: boolean;
  readonly settleBegan: boolean;
  /** A hash that the facilitator named while the settlement was under way. */
  readonly transaction: string | null;
  readonly createdAtMs: number;
  readonly validBeforeMs: number;
}

export type Known =
  | { readonly kind: "unresolved"; readonly due: Due }
  /** `wasOwed`: it was not delivered yet, and the presenter reports that it is. */
  | {
      readonly kind: "answer";
      readonly id: string;
      readonly transaction: string;
      readonly answer: StoredAnswer;
      readonly wasOwed: boolean;
    }
  /** The right to deliver what was paid for, under the presenter's attempt. */
  | { readonly kind: "redeem"; readonly id: string; readonly transaction: string }
  | Exclude<Standing, { kind: "unresolved" | "claimable" | "answerable" | "redeemable" }>;

export type PresentAnswer = { readonly kind: "claimable" } | Known;

export interface Unsettled {
  readonly id: string;
  /** Atomic units. */
  readonly amount: string;
}

export type ClaimAnswer =
  /** `unsettled`: of what is served before it is settled, all that the payer has open of this asset, itself among it. */
  | { readonly kind: "granted"; readonly unsettled: readonly Unsettled[] }
  | { readonly kind: "key_reused" }
  | { readonly kind: "in_debt" }
  | { readonly kind: "over_cap"; readonly cap: CapName }
  /** The payer has paid for this call before: the goods are there, for whoever proves to be the payer. */
  | { readonly kind: "on_account"; readonly id: string }
  | Known;

/** What became of an attempt, in order. */
export interface Report {
  readonly id: string;
  readonly attempt: string;
  readonly nowMs: number;
  readonly events: readonly LedgerEvent[];
  /** Kept for who proves to have bought it. */
  readonly answer: (StoredAnswer & { readonly untilMs: number }) | null;
}

/** A payment as the seller's books have it. */
export interface Entry {
  readonly id: string;
  readonly network: string;
  readonly asset: string;
  readonly payer: string;
  readonly payTo: string;
  /** What was charged, or is to be. */
  readonly amount: string;
  /** How a metered call's charge came to be; null for all others, and while it is not known. */
  readonly calculation: string | null;
  readonly pay: PaymentState["pay"];
  readonly delivery: PaymentState["delivery"];
  readonly route: string;
  readonly transaction: string | null;
  readonly facilitator: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Grows with every change of the payment. */
  readonly seq: number;
}

export interface Sweep {
  readonly due: readonly Due[];
  readonly entries: readonly Entry[];
}
