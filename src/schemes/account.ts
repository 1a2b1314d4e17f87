// An account of our own that signs. Its key stays in a closure: whoever prints the account, prints no key.

import { bytesToHex, hexToBytes } from "@noble/hashes/utils";
import { getAddress, type Hex } from "viem";
import { type RecoverableSignature, signRecoverable } from "./secp256k1.ts";
import { recoverAddress } from "./signer.ts";

export interface AccountSignature {
  /** 32 bytes each. */
  readonly r: Hex;
  readonly s: Hex;
  readonly yParity: 0 | 1;
}

export interface Account {
  /** EIP-55 form. */
  readonly address: Hex;
  /** Of 32 bytes. It waits for nothing, so it can stand inside a transaction of a store. */
  readonly sign: (digest: Uint8Array) => AccountSignature;
}

const KEY = /^(?:0x)?[0-9a-f]{64}$/i;
/** Anything; who signed it is the account. */
const PROBE = new Uint8Array(32).fill(1);

/** @param key 32 bytes in hexadecimal; null for what is no account's key */
export function openAccount(key: string): Account | null {
  if (!KEY.test(key)) return null;
  const secret = hexToBytes(key.slice(-64));
  const probe = signRecoverable(PROBE, secret);
  if (probe === null) return null;
  const { r, s, yParity } = wordsOf(probe);
  const address = recoverAddress(PROBE, `${r}${s.slice(2)}${yParity === 0 ? "1b" : "1c"}`) as Hex;
  // A key that signs once signs always.
  const sign = (digest: Uint8Array) => wordsOf(signRecoverable(digest, secret) as RecoverableSignature);
  return { address: getAddress(address), sign };
}

const wordsOf = ({ signature, recovery }: RecoverableSignature): AccountSignature => ({
  r: `0x${bytesToHex(signature.subarray(0, 32))}`,
  s: `0x${bytesToHex(signature.subarray(32))}`,
  yParity: recovery,
});
