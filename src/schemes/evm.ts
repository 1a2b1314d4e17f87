// What the rows of eip155:* have in common: how members of a payload are written, and whether the payer signed.

import { getAddress, type Hex } from "viem";
import { canonicalSignature, isAccountLong } from "./signature.ts";
import { recoverAddress } from "./signer.ts";

const ADDRESS = /^0x[0-9a-f]{40}$/i;
const DECIMAL = /^(0|[1-9][0-9]{0,77})$/;
/** Whole bytes. EIP-6492 wraps a wallet's deployment around its signature; header and JSON limits hold it in bounds. */
const BYTES = /^0x(?:[0-9a-f]{2})+$/i;

export const chainIdOf = (network: string): number => Number(network.slice("eip155:".length));

/** EIP-55 form, whatever letter case it is written in; null for what is no address. */
export const readAddress = (value: unknown): Hex | null =>
  typeof value === "string" && ADDRESS.test(value) ? getAddress(value.toLowerCase() as Hex) : null;

/** A decimal number in its one spelling; null for anything else. */
export const readDecimal = (value: unknown): string | null =>
  typeof value === "string" && DECIMAL.test(value) ? value : null;

export interface Proof {
  /** Whether the payer is proved; a contract wallet's signature is the chain's to judge. */
  readonly isProven: boolean;
  /** In its one spelling. */
  readonly signature: string;
}

/**
 * Null where nobody who could pay signed.
 *
 * @param digest what was to be signed
 * @param contractWallets whether a signature that is no account's own may be a contract's
 */
export function proofOf(signature: string, digest: Uint8Array, payer: string, contractWallets: boolean): Proof | null {
  const canonical = canonicalSignature(signature);
  if (canonical !== null && recoverAddress(digest, canonical) === payer.toLowerCase()) {
    return { isProven: true, signature: canonical };
  }
  // An account's signature has 65 bytes and one form; what else has that length is a contract's only where a route says so.
  const mayBeContract = BYTES.test(signature) && (contractWallets || !isAccountLong(signature));
  return mayBeContract ? { isProven: false, signature: signature.toLowerCase() } : null;
}
