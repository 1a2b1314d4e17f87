// A transaction as a Solana RPC shows it: the message that its signers signed, and whether it was carried out. Pure, but
// for the hash.

import { decodeBytes, encodeBase58, isObject } from "../std/index.ts";
import { isTransactionName, readPublicKey } from "../x402/index.ts";
import type { Call } from "./rpc.ts";

export type Commitment = "confirmed" | "finalized";

export interface SolanaTransaction {
  readonly message: Uint8Array;
  /** One that failed is in its block too. */
  readonly succeeded: boolean;
}

const SIGNATURE_BYTES = 64;
/** A packet of 1232 bytes holds fewer, so their number is one byte of its compact form. */
const SIGNATURES_MAX = 19;

export const transactionCall = (signature: string, commitment: Commitment): Call => ({
  method: "getTransaction",
  params: [signature, { encoding: "base64", commitment, maxSupportedTransactionVersion: 0 }],
});

/** Null also where it is not known yet, and where it is another one. */
export function parseTransaction(value: unknown, signature: string): SolanaTransaction | null {
  if (!isObject(value) || !isObject(value["meta"]) || !Array.isArray(value["transaction"])) return null;
  const { err } = value["meta"];
  const [text, encoding] = value["transaction"];
  const bytes = typeof text === "string" && encoding === "base64" ? decodeBytes(text) : null;
  if (err === undefined || bytes === null) return null;
  const count = bytes[0] ?? 0;
  const message = bytes.subarray(1 + count * SIGNATURE_BYTES);
  if (count === 0 || count > SIGNATURES_MAX || message.length === 0) return null;
  // A transaction goes by its first signature, which is the fee payer's.
  if (encodeBase58(bytes.subarray(1, 1 + SIGNATURE_BYTES)) !== signature) return null;
  return { message, succeeded: err === null };
}

/** SHA-256 in lower-case hexadecimal, as it stands in a payment's id. */
export const hashOf = async (message: Uint8Array): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", message)).toHex();

/** The name of a transaction, if this is one. */
export const parseSignature = (value: unknown): string | null =>
  typeof value === "string" && isTransactionName(value) ? value : null;

/** An account's address, if this is one. */
export const parseAddress = (value: unknown): string | null =>
  typeof value === "string" && readPublicKey(value) !== null ? value : null;
