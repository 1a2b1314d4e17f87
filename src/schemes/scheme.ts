// What a row of the scheme table is: one (scheme, network family, asset transfer method), everything about it. And what all
// of them have in common.

import type { JsonObject } from "../std/index.ts";
import type { AssetTransferMethod, PaymentId, PaymentRequirements, PresentedPayment, Token } from "../x402/index.ts";

/** What comes first, in the specification's words: `authorization` serves before it settles, `upfront` after. */
export type PaymentFlow = "authorization" | "upfront";

/** `after`: serve, settle, deliver. `before`: settle, then serve. `async`: answer, and settle behind the answer. */
export type SettleMode = "after" | "before" | "async";

/** `exact` moves the amount that was signed, `upto` at most that much. */
export type SchemeName = "exact" | "upto";

export interface Price {
  readonly scheme: SchemeName;
  /** CAIP-2. */
  readonly network: string;
  readonly token: Token;
  /** One that the token takes. */
  readonly assetTransferMethod: AssetTransferMethod;
  /** Atomic units, above zero; by `upto` the most that can be asked. */
  readonly amount: bigint;
  /** EIP-55 form; base58 on Solana. */
  readonly payTo: string;
  readonly maxTimeoutSeconds: number;
}

export interface CheckInput {
  readonly payload: PresentedPayment["payload"];
  /** What the client made of the extensions that it was to sign something for, by name. */
  readonly extensions: JsonObject;
  readonly requirements: PaymentRequirements;
  readonly token: Token;
  /** Of `prepare`. */
  readonly domain: Uint8Array;
  /** Whether a signature that is no account's own may be a contract's. */
  readonly contractWallets: boolean;
}

export interface Moment {
  readonly unixSeconds: number;
  /** How long an authorization has to last from now on, so that serving and settling fit into it. */
  readonly roomSeconds: number;
}

export type Finding =
  | { readonly kind: "malformed"; readonly detail: string }
  /** Nobody who could pay signed this. */
  | { readonly kind: "refused"; readonly reason: string }
  | {
      readonly kind: "authentic";
      /** Whether the payer is proved; a contract wallet's signature is the chain's to judge (EIP-1271, EIP-6492). */
      readonly isProven: boolean;
      /** Why it does not pay for this offer at that moment, or null where it does. */
      readonly objection: (now: Moment) => string | null;
      readonly id: PaymentId;
      /** EIP-55 form, as `payTo`; base58 on Solana. */
      readonly payer: string;
      /** What was signed, in atomic units; it is the offer's only where there is no objection. */
      readonly amount: string;
      readonly payTo: string;
      /** Rebuilt from the fields that we know, in one canonical spelling. */
      readonly payload: PresentedPayment["payload"];
      /** Those that the client signed something for, rebuilt as the payload. */
      readonly extensions: JsonObject;
      /** The facilitator's account for which it is signed, so that it alone can settle it; null where any may. */
      readonly settler: string | null;
      /** Null where the payment does not say for how long it can settle; then `UNDATED_MS` is the most. */
      readonly validBeforeMs: number | null;
    };

/**
 * From the moment on in which a payment is seen that names no end: a transaction of Solana lasts for 150 blocks from the one
 * whose hash it names, which is a minute or a minute and a half, and blocks may be slow.
 */
export const UNDATED_MS = 180_000;

export interface Scheme {
  readonly scheme: SchemeName;
  /** CAIP-2 namespace. */
  readonly family: string;
  readonly assetTransferMethod: AssetTransferMethod;
  /** The member of `extra` that names the facilitator's account for which alone payers sign; null where any may settle. */
  readonly settlerKey: "feePayer" | "facilitatorAddress" | null;
  readonly requirements: (price: Price) => PaymentRequirements;
  /** What of a check depends on the offer alone, made once. */
  readonly prepare: (price: Price) => Uint8Array;
  /** Pure: no clock, no I/O. */
  readonly check: (input: CheckInput) => Finding;
}

/** The entry of a challenge. */
export const requirementsOf = (
  { scheme, network, token, amount, payTo, maxTimeoutSeconds }: Price,
  extra: PaymentRequirements["extra"] & object,
): PaymentRequirements => ({
  scheme,
  network,
  amount: amount.toString(),
  asset: token.asset,
  payTo,
  maxTimeoutSeconds,
  extra,
});

export const malformed = (detail: string): Extract<Finding, { kind: "malformed" }> => ({ kind: "malformed", detail });
