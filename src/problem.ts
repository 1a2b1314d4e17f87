// Every refusal that we can name, with its evidence. What status and headers it gets is decided in `outcome/` alone.

import type { Challenge, Receipt } from "./x402/index.ts";

/** What a client needs to pay for the request that it made. */
export interface Invitation {
  readonly challenge: Challenge;
  readonly resourceUrl: string;
}

/** What a buyer holds who paid, or may have paid, and got nothing. */
export interface Credit {
  /** The URL that tells the payment's state. */
  readonly payment: string;
  /** Sent as Faregate-Redeem it has what was paid for delivered. */
  readonly redeem: string;
}

export type Problem =
  // The request itself; nothing was touched.
  | { readonly reason: "invalid_path"; readonly flaw: string }
  | { readonly reason: "invalid_host" }
  | { readonly reason: "misdirected" }
  | { readonly reason: "loop_detected" }
  | { readonly reason: "invalid_query" }
  | { readonly reason: "uri_too_long"; readonly bytesMax: number }
  | { readonly reason: "unexpected_body" }
  | { readonly reason: "body_incomplete" }
  | { readonly reason: "body_too_large"; readonly bytesMax: number }
  | { readonly reason: "not_found" }
  // The price that follows the request; `by` says what it follows, in words of the table.
  | { readonly reason: "price_ambiguous"; readonly by: string; readonly why: string }
  | { readonly reason: "price_unknown"; readonly by: string }
  | { readonly reason: "not_sold" }
  /** The API was asked what it costs, and did not say. */
  | { readonly reason: "quote_unavailable" }
  | { readonly reason: "unsupported_body" }
  | { readonly reason: "length_required" }
  | { readonly reason: "method_not_allowed"; readonly allow: readonly string[] }
  | { readonly reason: "upgrade_required" }
  // The payment, before it was claimed.
  | { readonly reason: "payment_required"; readonly invitation: Invitation }
  | { readonly reason: "payment_header_too_large"; readonly bytesMax: number }
  | { readonly reason: "invalid_payload"; readonly detail: string }
  | { readonly reason: "payment_refused"; readonly code: string; readonly invitation: Invitation }
  /** The payer has not let Permit2 move the token yet. */
  | { readonly reason: "permit2_allowance_required"; readonly invitation: Invitation }
  | { readonly reason: "too_many_unproven" }
  // The payment, as the ledger knows it.
  | { readonly reason: "payment_in_flight" }
  /** `isCredit`: what it bought was not delivered yet. */
  | { readonly reason: "payment_settled"; readonly transaction: string; readonly isCredit: boolean }
  | { readonly reason: "payment_bound_elsewhere" }
  | { readonly reason: "payment_ended"; readonly code: string; readonly invitation: Invitation }
  | { readonly reason: "key_reused" }
  | { readonly reason: "invalid_voucher" }
  | { readonly reason: "payer_over_cap"; readonly cap: "in_flight" | "unsettled" | "uncharged" | "funds" }
  | { readonly reason: "settlement_unknown"; readonly credit: Credit | null }
  /** Settled, and the upstream did not deliver; `status` is its own error, where it had one. */
  | {
      readonly reason: "paid_undelivered";
      readonly cause: string;
      readonly status: number | null;
      readonly receipt: Receipt;
      readonly credit: Credit | null;
    }
  | {
      readonly reason: "settlement_rejected";
      readonly code: string;
      readonly receipt: Receipt;
      readonly invitation: Invitation;
    }
  // Parts behind us. Nobody was charged.
  | { readonly reason: "ledger_unavailable" }
  | { readonly reason: "facilitator_unavailable" }
  /** Payers on Solana sign for an account that pays the gas, and there is no other way to pay. */
  | { readonly reason: "facilitator_unknown" }
  | { readonly reason: "upstream_unreachable" }
  | { readonly reason: "upstream_timeout" }
  | { readonly reason: "upstream_not_sellable"; readonly status: number }
  // Ourselves.
  | { readonly reason: "misconfigured" }
  | { readonly reason: "internal_error" };
