// What the gate hands out about a payment and takes back later: the address of its state, and the right to have it
// delivered. Both carry a MAC, so that nobody makes us look for a payment by guessing; the key never leaves the gate.

import { fromBase64Url, toBase64Url } from "../std/index.ts";
import { isPaymentId } from "../x402/index.ts";

export interface Seal {
  /** HMAC-SHA-256 in base64url; null while the gate's own key cannot be had. */
  readonly sign: (text: string) => Promise<string | null>;
}

/** What a MAC was made for: one kind is not another. */
type Purpose = "payment" | "redeem";

/** `ID.MAC`, for a URL or a header; null while the key cannot be had. */
export async function sealId({ sign }: Seal, purpose: Purpose, id: string): Promise<string | null> {
  const mac = await sign(`${purpose}:${id}`);
  return mac && `${encodeId(id)}.${mac}`;
}

/** The payment's id, or null for what this gate did not hand out. */
export async function openSealed({ sign }: Seal, purpose: Purpose, text: string): Promise<string | null> {
  const parts = /^([^.]+)\.([^.]+)$/.exec(text);
  if (parts === null) return null;
  const [, encoded, mac] = parts as unknown as [string, string, string];
  const id = decodeId(encoded);
  const expected = id && (await sign(`${purpose}:${id}`));
  return expected && isEqual(expected, mac) ? id : null;
}

/** base64url of a payment id, which is ASCII. */
export const encodeId = (id: string): string => toBase64Url(btoa(id));

/** Null for what is no id that we could have written. */
export function decodeId(text: string): string | null {
  if (!/^[A-Za-z0-9_-]{1,400}$/.test(text)) return null;
  try {
    const id = atob(fromBase64Url(text));
    return encodeId(id) === text && isPaymentId(id) ? id : null;
  } catch {
    return null;
  }
}

/** In a time that does not tell where they differ. */
export function isEqual(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
