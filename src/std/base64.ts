// Base64 of UTF-8 text and of bytes: the standard alphabet with padding (RFC 4648 section 4), as x402 headers use it.

import { err, ok, type Result } from "./result.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const encodeBase64 = (text: string): string => encodeBytes(encoder.encode(text));

export const encodeBytes = (bytes: Uint8Array): string => bytes.toBase64();

/** The same for URLs and file names, without padding (RFC 4648 section 5). */
export const toBase64Url = (base64: string): string =>
  base64
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/={1,2}$/, "");

/** Padding stays left out. */
export const fromBase64Url = (text: string): string => text.replaceAll("-", "+").replaceAll("_", "/");

/** Null for what is not the standard alphabet; padding may be left out. */
export function decodeBytes(text: string): Uint8Array | null {
  // The runtime also skips white space, which the RFC does not allow here.
  if (/[^A-Za-z0-9+/=]/.test(text)) return null;
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return null;
  }
}

/** Refuses what is not the standard alphabet, and bytes that are not UTF-8. */
export function decodeBase64(text: string): Result<string, "not_base64"> {
  const bytes = decodeBytes(text);
  if (bytes === null) return err("not_base64");
  try {
    return ok(decoder.decode(bytes));
  } catch {
    return err("not_base64");
  }
}
