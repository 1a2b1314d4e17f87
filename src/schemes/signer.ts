// Who signed: the account whose key made a signature.

import { keccak_256 } from "@noble/hashes/sha3";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils";
import { recoverPublicKey } from "./secp256k1.ts";

const RS_DIGITS = 128;

/**
 * @param digest 32 bytes
 * @param signature of `canonicalSignature`: 65 bytes in hexadecimal, `v` as 27 or 28
 * @returns the address in lower case; null where no key made this signature
 */
export function recoverAddress(digest: Uint8Array, signature: string): string | null {
  const rs = hexToBytes(signature.slice(2, 2 + RS_DIGITS));
  const publicKey = recoverPublicKey(digest, rs, signature.endsWith("1b") ? 0 : 1);
  return publicKey && `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))}`;
}
