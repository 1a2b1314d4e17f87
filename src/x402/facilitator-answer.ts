// What a facilitator's answer means (core specification, section 7). A settlement has three outcomes, not two: an
// answer that does not prove that nothing was broadcast is `unknown`, because a buyer who is told "failed" pays again.

import { isObject, type JsonObject } from "../std/index.ts";
import { isSameAddress, isSolana, isTransactionName } from "./solana.ts";
import type { PaymentRequirements } from "./types.ts";

export type Verdict =
  | { readonly kind: "valid" }
  | { readonly kind: "invalid"; readonly reason: string }
  | { readonly kind: "unavailable"; readonly detail: string };

export type Settlement =
  | { readonly kind: "settled"; readonly transaction: string }
  | { readonly kind: "rejected"; readonly reason: string }
  /** It may have settled; the hash where the facilitator named one. */
  | { readonly kind: "unknown"; readonly detail: string; readonly transaction: string | null };

/** After an attempt that was never answered. */
export type LateSettlement = Exclude<Settlement, { kind: "rejected" }>;

export interface FacilitatorReply {
  readonly status: number;
  /** Parsed JSON, `undefined` where the body was none. */
  readonly json: unknown;
}

/** One line of `/supported`: what a facilitator verifies and settles. */
export interface Kind {
  readonly x402Version: number;
  readonly scheme: string;
  readonly network: string;
  readonly extra?: unknown;
}

/** What a facilitator says that it can do. */
export interface Abilities {
  readonly kinds: readonly Kind[];
  /** Names of x402 extensions. */
  readonly extensions: readonly string[];
  /** The accounts that it signs with, by network, or by family of networks such as `solana:*`. */
  readonly signers: { readonly [pattern: string]: readonly string[] };
}

/** What we know of the payment that the answer has to be about. */
export interface Expected {
  readonly payer: string;
  readonly network: PaymentRequirements["network"];
  /** Of a payment that may be settled in part, what was asked for in atomic units: no other amount is believed. */
  readonly part?: string;
  /** On Solana whoever pays the gas, whom some call the payer (scheme_exact_svm, "SettlementResponse"). */
  readonly settler?: string | null;
}

/**
 * Reasons that prove that nothing of this payment was mined. Most are decided before any broadcast; the reference
 * facilitator also derives balance, signature and "not yet valid" from errors around it, but a token that reverts with
 * one of these still had the nonce unused. Not so "expired": an earlier broadcast may have been mined in time.
 *
 * Of Permit2's only those that hold whatever was broadcast before. The reference facilitator says "invalid signature" of
 * an expired one too, and blames balance or allowance without a look at the nonce: both may be gone because this very
 * payment took them. Nor does it hold that the caller is not who was signed: a facilitator of many accounts may have sent it
 * from the right one before.
 */
const REASONS_BEFORE_BROADCAST: ReadonlySet<string> = new Set([
  "insufficient_funds",
  "invalid_network",
  "invalid_payload",
  "invalid_payment_requirements",
  "invalid_scheme",
  "invalid_x402_version",
  "unsupported_scheme",
  "unsupported_payload_type",
  "asset_not_deployed_contract",
  "invalid_exact_evm_authorization_value",
  "invalid_exact_evm_eip3009_not_supported",
  "invalid_exact_evm_insufficient_balance",
  "invalid_exact_evm_missing_eip712_domain",
  "invalid_exact_evm_network_mismatch",
  "invalid_exact_evm_payload_authorization_valid_after",
  "invalid_exact_evm_payload_authorization_value",
  "invalid_exact_evm_payload_authorization_value_mismatch",
  "invalid_exact_evm_payload_recipient_mismatch",
  "invalid_exact_evm_payload_signature",
  "invalid_exact_evm_recipient_mismatch",
  "invalid_exact_evm_scheme",
  "invalid_exact_evm_signature",
  "invalid_exact_evm_token_name_mismatch",
  "invalid_exact_evm_token_version_mismatch",
  "invalid_upto_evm_network_mismatch",
  "invalid_upto_evm_payload_settlement_exceeds_amount",
  "invalid_upto_evm_scheme",
  "invalid_permit2_recipient_mismatch",
  "invalid_permit2_spender",
  "permit2_amount_mismatch",
  "permit2_not_yet_valid",
  "permit2_payment_too_early",
  "permit2_proxy_not_deployed",
  "permit2_token_mismatch",
  "upto_amount_exceeds_permitted",
  "upto_facilitator_mismatch",
]);

/**
 * The same of a transaction on Solana: what is said of its own bytes stays so, and of who signs for its fee payer. That it
 * could not be simulated may mean that it was carried out.
 */
const SVM_REASON_BEFORE_BROADCAST =
  /^invalid_exact_svm_(payload_(?!\w*simulation)\w+|fee_payer_mismatch|fee_payer_not_managed_by_facilitator|network_mismatch|unsupported_scheme)$/;

const isBeforeBroadcast = (reason: string): boolean =>
  REASONS_BEFORE_BROADCAST.has(reason) || SVM_REASON_BEFORE_BROADCAST.test(reason);

/** Null where the answer has no list of kinds; entries of its lists that are none are left out. */
export function readAbilities({ json }: FacilitatorReply): Abilities | null {
  if (!isObject(json)) return null;
  const { kinds, extensions, signers } = json;
  if (!Array.isArray(kinds)) return null;
  const names = Array.isArray(extensions) ? extensions.filter(isText) : [];
  return { kinds: kinds.filter(isKind), extensions: names, signers: readSigners(signers) };
}

function readSigners(value: unknown): Abilities["signers"] {
  const lists = Object.entries(isObject(value) ? value : {});
  return Object.fromEntries(lists.map(([pattern, list]) => [pattern, Array.isArray(list) ? list.filter(isText) : []]));
}

const isText = (value: unknown): value is string => typeof value === "string";

const isKind = (value: unknown): value is Kind =>
  isObject(value) &&
  typeof value["x402Version"] === "number" &&
  typeof value["scheme"] === "string" &&
  typeof value["network"] === "string";

/** Whether it is a word about a payment, whatever it says. */
export const isAnswer = ({ json }: FacilitatorReply): boolean =>
  isObject(json) && (typeof json["isValid"] === "boolean" || typeof json["success"] === "boolean");

/**
 * An `isValid: false` counts whatever its status, unless it speaks of the facilitator alone; `isValid: true` only with a
 * 2xx and for the payer that we know.
 */
export function readVerdict({ status, json }: FacilitatorReply, expected: Expected): Verdict {
  if (!isObject(json) || typeof json["isValid"] !== "boolean") {
    return { kind: "unavailable", detail: `verify answered ${status} without isValid` };
  }
  if (!json["isValid"]) return readRefusal(reasonOf(json["invalidReason"]));
  if (!isSuccess(status)) return { kind: "unavailable", detail: `verify answered ${status} with isValid: true` };
  if (!isPayer(json, expected)) return { kind: "unavailable", detail: "verify answered for another payer" };
  return { kind: "valid" };
}

/** A facilitator's own trouble is no word about the payment (core specification, error reasons). */
const readRefusal = (reason: string): Verdict =>
  reason === "unexpected_verify_error" ? { kind: "unavailable", detail: reason } : { kind: "invalid", reason };

/** For the first attempt. After an unanswered one, see `readSettlementAgain`. */
export function readSettlement({ status, json }: FacilitatorReply, expected: Expected): Settlement {
  if (status >= 500) return unknown(`settle answered ${status}`);
  if (!isObject(json) || typeof json["success"] !== "boolean") {
    return unknown(`settle answered ${status} without success`);
  }
  return json["success"] ? readSuccess(status, json, expected) : readFailure(json, expected);
}

/** An attempt that was never answered may have settled: after it, no failure is a rejection. */
export function readSettlementAgain(reply: FacilitatorReply, expected: Expected): LateSettlement {
  const settlement = readSettlement(reply, expected);
  return settlement.kind === "rejected" ? unknown(settlement.reason) : settlement;
}

function readSuccess(status: number, json: JsonObject, expected: Expected): Settlement {
  const { transaction, network } = json;
  if (!isSuccess(status)) return unknown(`settle answered ${status} with success: true`);
  if (!isPayer(json, expected)) return unknown("settle answered for another payer");
  if (network !== expected.network) return unknown("settle answered for another network");
  if (!isPart(json, expected)) return unknown("settle answered for another amount");
  const hash = readTransaction(transaction, expected);
  return hash === null ? unknown("settle answered without a transaction hash") : { kind: "settled", transaction: hash };
}

function readFailure({ errorReason, transaction }: JsonObject, expected: Expected): Settlement {
  const reason = reasonOf(errorReason);
  const broadcast = transaction !== "" && transaction !== undefined && transaction !== null;
  if (broadcast || !isBeforeBroadcast(reason)) return unknown(reason, readTransaction(transaction, expected));
  return { kind: "rejected", reason };
}

const unknown = (detail: string, transaction: string | null = null) =>
  ({ kind: "unknown", detail, transaction }) as const;

/** Not an end: the facilitator has sent a transaction and waits for it (core specification, error reasons). */
export const isPending = (settlement: Settlement): settlement is Extract<Settlement, { kind: "unknown" }> =>
  settlement.kind === "unknown" && settlement.detail === "settlement_pending" && settlement.transaction !== null;

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** In its one spelling; null for what names no transaction of the network. */
function readTransaction(value: unknown, { network }: Expected): string | null {
  if (typeof value !== "string") return null;
  if (isSolana(network)) return isTransactionName(value) ? value : null;
  return /^0x[0-9a-f]{64}$/i.test(value) ? value.toLowerCase() : null;
}

/** The payer may be left out; one that is named has to be ours. */
function isPayer(json: JsonObject, { payer: ours, network, settler }: Expected): boolean {
  const payer = json["payer"] ?? ours;
  return typeof payer === "string" && ((isSolana(network) && payer === settler) || isSameAddress(network, payer, ours));
}

/** So may the amount; of what is settled whole, it says nothing that we have to know. */
const isPart = ({ amount }: JsonObject, { part }: Expected): boolean => part === undefined || (amount ?? part) === part;

/** A facilitator's reason goes into our header: a short code, or nothing of it. */
function reasonOf(value: unknown): string {
  return typeof value === "string" && /^[\w.:-]{1,100}$/.test(value) ? value : "unspecified";
}
