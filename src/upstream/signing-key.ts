// Keys for HTTP Message Signatures, as operators keep them in secrets. Reading one is synchronous, so that a wrong key is
// told before anything is served; what is said of it holds nothing of its text.

import { decodeBytes, fromBase64Url, isObject, parseJson } from "../std/index.ts";

/** What the table says of a key. */
export interface SigningKeySettings {
  readonly keyId: string;
  readonly algorithm: "ed25519" | "hmac-sha256";
  /** `{{SECRET}}`. */
  readonly key: string;
}

/** Of an Ed25519 key in PKCS#8 (RFC 8410 section 7); the 32 bytes of the key follow. */
const PKCS8_HEAD = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const SEED_BYTES = 32;
/** As many as the hash has (RFC 2104 section 3). */
const HMAC_BYTES_MIN = 32;

/** @returns PKCS#8 of an Ed25519 key, or the bytes of an HMAC key; null where the text is neither */
export function readSigningKey(algorithm: SigningKeySettings["algorithm"], text: string): Uint8Array | null {
  if (algorithm === "ed25519") return readEd25519(text.trim());
  const bytes = decodeBytes(text.trim());
  return bytes !== null && bytes.length >= HMAC_BYTES_MIN ? bytes : null;
}

/** What would be right, as the end of a sentence. */
export const keyHint = (algorithm: SigningKeySettings["algorithm"]): string =>
  algorithm === "ed25519"
    ? 'is no Ed25519 private key: write PKCS#8 in base64, or a JWK with "d"'
    : `is no key for HMAC: write base64 of at least ${HMAC_BYTES_MIN} random bytes`;

/** The public part is computed from the private one, so a JWK's "x" is not read. */
function readEd25519(text: string): Uint8Array | null {
  if (text.startsWith("{")) {
    const json = parseJson(text, { depthMax: 2, nodesMax: 20 });
    const jwk = json.ok && isObject(json.value) ? json.value : {};
    const isEd25519 = jwk["kty"] === "OKP" && jwk["crv"] === "Ed25519" && typeof jwk["d"] === "string";
    const seed = isEd25519 ? decodeBytes(fromBase64Url(String(jwk["d"]))) : null;
    return seed?.length === SEED_BYTES ? Uint8Array.of(...PKCS8_HEAD, ...seed) : null;
  }
  // A PEM file is the same base64 between two lines.
  const bytes = decodeBytes(text.replaceAll(/-----[A-Z ]+-----|\s/g, ""));
  const isEd25519 =
    bytes?.length === PKCS8_HEAD.length + SEED_BYTES && PKCS8_HEAD.every((byte, i) => byte === bytes[i]);
  return isEd25519 ? bytes : null;
}
