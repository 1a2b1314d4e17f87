// The identity of a payment is the scope in which the chain keeps its nonce unique. Never the header's hash or the
// signature: both can be written in many ways for one authorization.

import type { AssetTransferMethod } from "./networks.ts";

declare const paymentId: unique symbol;
export type PaymentId = string & { readonly [paymentId]: true };

/** For EIP-3009, where a token keeps one nonce per payer. Letter case does not tell payments apart. */
export function eip3009PaymentId(network: string, asset: string, payer: string, nonce: string): PaymentId {
  return `${network}|${asset}|${payer}|${nonce}`.toLowerCase() as PaymentId;
}

/**
 * For Permit2, where an owner has one row of nonces for all tokens.
 *
 * @param nonce a decimal number without leading zeros
 */
export function permit2PaymentId(network: string, owner: string, nonce: string): PaymentId {
  return `${network}|${PERMIT2}|${owner}|${nonce}`.toLowerCase() as PaymentId;
}

/** Where the others name their token's address. */
const PERMIT2 = "permit2";

export interface PaymentParts {
  readonly network: string;
  readonly assetTransferMethod: AssetTransferMethod;
  readonly payer: string;
  /** As it is signed: 32 bytes in hexadecimal for EIP-3009, a decimal number for Permit2. */
  readonly nonce: string;
}

/** What an id names, in lower case. */
export function partsOf(id: string): PaymentParts {
  const [network, scope, payer, nonce] = id.split("|") as [string, string, string, string];
  return { network, assetTransferMethod: scope === PERMIT2 ? "permit2" : "eip3009", payer, nonce };
}

export const isPaymentId = (text: string): boolean => /^[!-{}~]+(?:\|[!-{}~]+){3}$/.test(text);
