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

/**
 * For Solana, where a transaction runs at most once: its message is what the payer signs. Letter case tells addresses and
 * networks apart there.
 *
 * @param hash SHA-256 of the message's bytes, in hexadecimal of lower case
 */
export function solanaPaymentId(network: string, payer: string, hash: string): PaymentId {
  return `${network}|${MESSAGE}|${payer}|${hash}` as PaymentId;
}

/** Where the others name their token's address. */
const PERMIT2 = "permit2";
const MESSAGE = "message";
const METHODS: ReadonlyMap<string, AssetTransferMethod> = new Map([
  [PERMIT2, "permit2"],
  [MESSAGE, "transferChecked"],
]);

export interface PaymentParts {
  readonly network: string;
  readonly assetTransferMethod: AssetTransferMethod;
  readonly payer: string;
  /** As it is signed: 32 bytes in hexadecimal for EIP-3009, a decimal number for Permit2; the message's hash for Solana. */
  readonly nonce: string;
}

/** What an id names, in lower case; but for Solana. */
export function partsOf(id: string): PaymentParts {
  const [network, scope, payer, nonce] = id.split("|") as [string, string, string, string];
  return { network, assetTransferMethod: METHODS.get(scope) ?? "eip3009", payer, nonce };
}

export const isPaymentId = (text: string): boolean => /^[!-{}~]+(?:\|[!-{}~]+){3}$/.test(text);
