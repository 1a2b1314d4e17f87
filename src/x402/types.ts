// The shapes of x402 v2 as they stand on the wire (core specification, section 5). Amounts are decimal strings of
// atomic units here and bigint everywhere else.

import type { JsonObject } from "../std/index.ts";

export interface PaymentRequirements {
  readonly scheme: string;
  /** CAIP-2, such as `eip155:84532`. */
  readonly network: string;
  /** Atomic units of the asset, a decimal string above zero. */
  readonly amount: string;
  readonly asset: string;
  readonly payTo: string;
  readonly maxTimeoutSeconds: number;
  readonly extra?: { readonly [key: string]: unknown };
}

export interface ResourceInfo {
  readonly url: string;
  readonly description?: string;
  readonly mimeType?: string;
}

/**
 * What the client says that it accepted: compared with our own requirements, never used in their place. A v1 payment
 * names scheme and network only; what it left out is checked against what it signed.
 */
export interface Accepted extends Pick<PaymentRequirements, "scheme" | "network"> {
  readonly amount?: string;
  readonly asset?: string;
  readonly payTo?: string;
  readonly extra?: { readonly [key: string]: unknown } | null;
}

export type X402Version = 1 | 2;

/** A payment as it was presented, in the envelope of either version. */
export interface PresentedPayment {
  readonly x402Version: X402Version;
  readonly resource?: { readonly url: string };
  /** The client's own and its echo of ours, by name. */
  readonly extensions?: JsonObject;
  readonly accepted: Accepted;
  /** Scheme-specific, the same in both versions; the scheme checks its shape. */
  readonly payload: { readonly [key: string]: unknown };
}

/** What the facilitator is asked about. */
export interface PaymentPayload {
  readonly x402Version: 2;
  readonly resource: { readonly url: string };
  readonly accepted: PaymentRequirements;
  /** Ours that the client echoed, as we advertised them; what it signed for one is rebuilt from the fields that we know. */
  readonly extensions?: JsonObject;
  readonly payload: { readonly [key: string]: unknown };
}

/** Sent to the client in PAYMENT-RESPONSE (section 5.3). */
export interface SettlementResponse {
  readonly success: boolean;
  readonly errorReason?: string;
  readonly payer: string;
  /** The transaction's hash, or the empty string where there is none. */
  readonly transaction: string;
  readonly network: string;
  /** What was charged, in atomic units, where that may be less than what was authorized. */
  readonly amount?: string;
}
