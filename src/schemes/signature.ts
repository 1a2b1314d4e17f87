// An account's signature has 65 bytes and one spelling; every other one of the same meaning is a second identity.

import type { Hex } from "viem";

const SIGNATURE = /^0x[0-9a-f]{130}$/i;
/** Half of secp256k1's order: a signature with a higher s has a twin with a lower one (EIP-2). */
const S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

export const isAccountLong = (text: string): boolean => SIGNATURE.test(text);

/** The one spelling that contracts take: lower case, s in the lower half, v as 27 or 28. Null for anything else. */
export function canonicalSignature(text: string): Hex | null {
  if (!SIGNATURE.test(text)) return null;
  const s = BigInt(`0x${text.slice(66, 130)}`);
  const v = Number.parseInt(text.slice(130), 16);
  const recovery = v === 27 || v === 28 ? v - 27 : v;
  if (s > S_MAX || recovery > 1) return null;
  return `${text.slice(0, 130).toLowerCase()}${(recovery + 27).toString(16)}` as Hex;
}
