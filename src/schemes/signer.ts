// Who signed: the account whose key made a signature (ECDSA public key recovery on secp256k1).

import { secp256k1 } from "@noble/curves/secp256k1";
import { keccak_256 } from "@noble/hashes/sha3";

/**
 * @param digest 32 bytes
 * @param signature 65 bytes in hexadecimal, `v` as 27 or 28
 * @returns the address in lower case; null where no point on the curve has these numbers
 */
export function recoverAddress(digest: Uint8Array, signature: string): string | null {
  try {
    const recovery = Number.parseInt(signature.slice(130), 16) - 27;
    const point = secp256k1.Signature.fromCompact(signature.slice(2, 130)).addRecoveryBit(recovery);
    const publicKey = point.recoverPublicKey(digest).toRawBytes(false);
    const address = keccak_256(publicKey.subarray(1)).subarray(12);
    return `0x${Array.from(address, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  } catch {
    return null;
  }
}
