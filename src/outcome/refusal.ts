// A problem as status, sentence and headers: the status table of the wire, a row for each reason.

import type { Invitation, Problem } from "../problem.ts";
import { encodeReceipt, PERMIT2_ADDRESS } from "../x402/index.ts";

export interface Refusal {
  readonly status: number;
  /** The reader's sentence: what happened, and what would be right. */
  readonly message: string;
  /** The machine's word where it is not the reason itself: x402's own code. */
  readonly code?: string;
  readonly headers?: { readonly [name: string]: string };
  /** More members of the JSON body. */
  readonly evidence?: { readonly [name: string]: unknown };
  /** Present where signing a payment is the right next step, and only there. */
  readonly invitation?: Invitation;
}

const CAPS = {
  in_flight: "Too many of your payments are under way; wait for their answers.",
  unsettled: "Too much of yours is not settled yet; wait until it is.",
  uncharged: "Too many of your requests ended without a charge within the hour.",
  funds: "What you have open may come to more than your wallet has, or lets Permit2 move; wait until some is settled.",
} as const;

type Reason = Problem["reason"];
type Row<R extends Reason> = (problem: Extract<Problem, { reason: R }>) => Refusal;

const NOT_CHARGED = "You were not charged.";
const SOON = { "retry-after": "2" };
const LATER = { "retry-after": "5" };

const rows: { readonly [R in Reason]: Row<R> } = {
  invalid_path: ({ flaw }) => ({ status: 400, message: "Write the path in its plain form.", evidence: { flaw } }),
  invalid_host: () => ({ status: 400, message: "The Host header is not a host name." }),
  misdirected: () => ({ status: 421, message: "This host is not served here." }),
  loop_detected: () => ({ status: 508, message: "The API behind the gate leads back to the gate." }),
  invalid_query: () => ({ status: 400, message: "Percent-encode the query." }),
  uri_too_long: ({ bytesMax }) => ({ status: 414, message: `Keep the URL within ${bytesMax} bytes, query aside.` }),
  unexpected_body: () => ({ status: 400, message: "Send GET and HEAD without a body." }),
  body_incomplete: () => ({ status: 400, message: `The body broke off: send all of it. ${NOT_CHARGED}` }),
  body_too_large: ({ bytesMax }) => ({
    status: 413,
    message: `Keep the body within ${bytesMax} bytes. ${NOT_CHARGED}`,
  }),
  not_found: () => ({ status: 404, message: "There is nothing here." }),
  price_ambiguous: ({ by, why }) => ({ status: 400, message: `The price depends on ${by}, and ${why}.` }),
  price_unknown: ({ by }) => ({
    status: 400,
    message: `The price depends on ${by}, and nothing is sold for what it is here.`,
  }),
  // No 404: to a client of MCP that would say that its session is gone.
  not_sold: () => ({ status: 403, message: "This is not sold here." }),
  quote_unavailable: () => ({
    status: 503,
    message: `What this costs cannot be found out now. ${NOT_CHARGED}`,
    headers: LATER,
  }),
  unsupported_body: () => ({
    status: 415,
    message: "The price depends on the body: send JSON in UTF-8 as application/json, and do not compress it.",
  }),
  length_required: () => ({ status: 411, message: "The price depends on the body's length: send Content-Length." }),
  method_not_allowed: ({ allow }) => ({
    status: 405,
    message: `Use ${allow.join(", ")}.`,
    headers: { allow: allow.join(", ") },
  }),
  upgrade_required: () => ({
    status: 426,
    message: "No such WebSocket is sold here: send a plain request, or where WebSockets are sold one of version 13.",
    headers: { upgrade: "HTTP/1.1", connection: "upgrade", "sec-websocket-version": "13" },
  }),

  payment_required: ({ invitation }) => ({
    status: 402,
    message: "Pay with x402: sign an entry of PAYMENT-REQUIRED and send it as PAYMENT-SIGNATURE.",
    invitation,
  }),
  payment_header_too_large: ({ bytesMax }) => ({
    status: 431,
    message: `Keep the payment header within ${bytesMax} bytes.`,
  }),
  invalid_payload: ({ detail }) => ({ status: 400, message: `The payment cannot be read: ${detail}.` }),
  payment_refused: ({ code, invitation }) => ({
    status: 402,
    code,
    message: `This payment is not accepted. ${NOT_CHARGED}`,
    invitation,
  }),
  // x402 has a status of its own for this (scheme_exact_evm, Permit2, Verification Logic).
  permit2_allowance_required: ({ invitation }) => ({
    status: 412,
    message: `Permit2 may not move enough of this token for you: approve ${PERMIT2_ADDRESS} as its spender, then pay again. ${NOT_CHARGED}`,
    evidence: { spender: PERMIT2_ADDRESS },
    invitation,
  }),

  too_many_unproven: () => ({
    status: 429,
    message: `Too many payments of contract wallets come from your address; wait a minute. ${NOT_CHARGED}`,
    headers: { "retry-after": "60" },
  }),

  payment_in_flight: () => ({
    status: 409,
    message: "This payment is being used by another request; wait for its answer.",
    headers: SOON,
  }),
  payment_settled: ({ transaction, isCredit }) => ({
    status: 409,
    message: isCredit
      ? "This payment was settled, and what it bought was not delivered; its buyer can have it with Faregate-Redeem."
      : "This payment was already settled and bought one answer.",
    evidence: { transaction },
  }),
  payment_bound_elsewhere: () => ({ status: 409, message: "This payment belongs to another request." }),
  payment_ended: ({ code, invitation }) => ({
    status: 402,
    code,
    message: "This payment ended without a charge and cannot be used again; sign a new one.",
    invitation,
  }),
  key_reused: () => ({
    status: 409,
    message: `This Idempotency-Key stands for another request; take a new one. ${NOT_CHARGED}`,
  }),
  invalid_voucher: () => ({
    status: 403,
    message: "Faregate-Redeem is neither a token of this gate nor signed by the payer for this hour.",
  }),
  payer_over_cap: ({ cap }) => ({
    status: 429,
    message: `${CAPS[cap]} ${NOT_CHARGED}`,
    headers: { "retry-after": cap === "uncharged" ? "60" : "5" },
    evidence: { cap },
  }),
  settlement_unknown: ({ credit }) => ({
    status: 503,
    message: "It is not known yet whether this payment settled. Do not pay again; repeat this request later.",
    headers: LATER,
    ...(credit && { evidence: { ...credit } }),
  }),
  paid_undelivered: ({ cause, status, receipt, credit }) => ({
    status: status ?? (cause === "upstream_timeout" ? 504 : 502),
    message:
      "You paid, and the API did not deliver. Repeat this request with Faregate-Redeem; nothing more is charged.",
    headers: Object.fromEntries([encodeReceipt(receipt)]),
    evidence: { cause, transaction: receipt.transaction, ...credit },
  }),
  settlement_rejected: ({ code, receipt, invitation }) => ({
    status: 402,
    code,
    message: `The payment could not be settled. ${NOT_CHARGED}`,
    headers: Object.fromEntries([encodeReceipt(receipt)]),
    invitation,
  }),

  ledger_unavailable: () => ({
    status: 503,
    message: `The gate's ledger cannot be reached. ${NOT_CHARGED}`,
    headers: LATER,
  }),
  facilitator_unavailable: () => ({
    status: 503,
    message: `No facilitator verified this payment. ${NOT_CHARGED}`,
    headers: LATER,
  }),
  facilitator_unknown: () => ({
    status: 503,
    message: `It is not known yet for whom a payment would have to be signed: ask again. ${NOT_CHARGED}`,
    headers: SOON,
  }),
  upstream_unreachable: () => ({ status: 502, message: `The API behind the gate cannot be reached. ${NOT_CHARGED}` }),
  upstream_timeout: () => ({ status: 504, message: `The API behind the gate did not answer in time. ${NOT_CHARGED}` }),
  upstream_not_sellable: ({ status }) => ({
    status: 502,
    message: `The API behind the gate answered ${status}, which is not for sale. ${NOT_CHARGED}`,
  }),

  misconfigured: () => ({ status: 500, message: "The gate is misconfigured; its log says how." }),
  internal_error: () => ({ status: 500, message: "The gate failed." }),
};

export function refusalOf(problem: Problem): Refusal {
  // Each row takes its own reason's evidence, which the compiler cannot follow through the look-up.
  return (rows[problem.reason] as Row<Reason>)(problem);
}
