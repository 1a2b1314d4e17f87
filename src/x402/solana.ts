// How Solana writes things: addresses and signatures are bytes in base58, where letter case tells them apart, and so it
// does in the names of its networks (CAIP-2, namespace `solana`).

import { decodeBase58 } from "../std/index.ts";

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

export const isSolana = (network: string): boolean => network.startsWith("solana:");

/** An address's 32 bytes; null for what is none. */
export function readPublicKey(text: string): Uint8Array | null {
  const bytes = decodeBase58(text);
  return bytes?.length === KEY_BYTES ? bytes : null;
}

/** Whether it is written as the name of a transaction, which is its first signature. */
export const isTransactionName = (text: string): boolean => decodeBase58(text)?.length === SIGNATURE_BYTES;

/** Elsewhere letter case is a checksum at most. */
export const isSameAddress = (network: string, one: string, other: string): boolean =>
  one === other || (!isSolana(network) && one.toLowerCase() === other.toLowerCase());
