// Base64 of UTF-8 text: the standard alphabet with padding (RFC 4648 section 4), as x402 headers use it.

import { err, ok, type Result } from "./result.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function encodeBase64(text: string): string {
  let binary = "";
  for (const byte of encoder.encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Refuses what is not the standard alphabet, and bytes that are not UTF-8. */
export function decodeBase64(text: string): Result<string, "not_base64"> {
  // `atob` also skips white space, which the RFC does not allow here.
  if (/[^A-Za-z0-9+/=]/.test(text)) return err("not_base64");
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return ok(decoder.decode(bytes));
  } catch {
    return err("not_base64");
  }
}
