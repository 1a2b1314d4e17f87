// Ed25519 (RFC 8032), as Solana's accounts sign with it.

import { ed25519 } from "@noble/curves/ed25519";

/**
 * Strictly: s below the group's order, both points in their one spelling, and no key of small order, under which a
 * signature would fit many messages. Solana refuses a few more, of which each is of its own signer's making.
 *
 * @param signature 64 bytes
 * @param key 32 bytes
 */
export const isSigned = (signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean =>
  ed25519.verify(signature, message, key, { zip215: false });

/** Whether somebody may hold the secret to these 32 bytes; a program's own addresses are off the curve. */
export function isOnCurve(bytes: Uint8Array): boolean {
  try {
    ed25519.ExtendedPoint.fromHex(bytes);
    return true;
  } catch {
    return false;
  }
}
