// The secret of a Coinbase CDP API key as Coinbase hands it out: base64 of an Ed25519 seed and its public key, or a PEM
// file of an EC key (SEC 1 or PKCS#8). Reading one is synchronous, so that a wrong key is told before anything is served,
// and strict, so that a key that was read can sign.

import { decodeBytes } from "../std/index.ts";

export interface CdpKey {
  /** RFC 7518 section 3.1, RFC 8037 section 3.1. */
  readonly algorithm: "EdDSA" | "ES256";
  readonly pkcs8: Uint8Array;
}

/** Of the private part of either kind. */
const KEY_BYTES = 32;

/** What stands before an Ed25519 key's seed in PKCS#8 (RFC 8410 section 7). */
const ED25519_HEAD = "302e020100300506032b657004220420";
/** What stands before a P-256 key's private part in PKCS#8, where the public one is left out (RFC 5915 section 3). */
const P256_HEAD = "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420";

/** Object ids of keys on elliptic curves, and of the curve P-256 (RFC 5480 section 2.1). */
const EC_PUBLIC_KEY = "2a8648ce3d0201";
const P256 = "2a8648ce3d030107";
/** The order of P-256: a private key is above zero and below it. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Null for what is none. */
export function readCdpKey(text: string): CdpKey | null {
  // Files in which a line break is written as two characters hand it on so.
  const lines = text.replaceAll("\\n", "\n");
  return lines.includes("-----") ? readPem(lines.split("-----")) : readEd25519(lines.trim());
}

function readEd25519(base64: string): CdpKey | null {
  const bytes = decodeBytes(base64);
  if (bytes?.length !== 2 * KEY_BYTES) return null;
  return { algorithm: "EdDSA", pkcs8: Uint8Array.fromHex(ED25519_HEAD + bytes.subarray(0, KEY_BYTES).toHex()) };
}

/** @param parts what stands between the dashes, labels and bodies in turn (RFC 7468) */
function readPem(parts: readonly string[]): CdpKey | null {
  const bodyOf = (label: string): Uint8Array =>
    decodeBytes((parts[parts.indexOf(label) + 1] ?? "").replaceAll(/\s/g, "")) ?? new Uint8Array();
  const isSec1 = parts.includes("BEGIN EC PRIVATE KEY");
  const key = isSec1 ? bodyOf("BEGIN EC PRIVATE KEY") : unwrap(bodyOf("BEGIN PRIVATE KEY"));
  const secret = key && privatePart(key);
  return secret && { algorithm: "ES256", pkcs8: Uint8Array.fromHex(P256_HEAD + secret.toHex()) };
}

/** PKCS#8 (RFC 5958 section 2) to the key on P-256 in it. */
function unwrap(bytes: Uint8Array): Uint8Array | null {
  const [version, algorithm, key] = sequence(bytes);
  if (version?.tag !== INTEGER || algorithm?.tag !== SEQUENCE || key?.tag !== OCTETS) return null;
  const [kind, curve] = elements(algorithm.value);
  return isObjectId(kind, EC_PUBLIC_KEY) && isObjectId(curve, P256) ? key.value : null;
}

/** Of an EC key (RFC 5915 section 3); its curve may be left to what is around it. */
function privatePart(bytes: Uint8Array): Uint8Array | null {
  const [version, secret, ...others] = sequence(bytes);
  if (version?.tag !== INTEGER || secret?.tag !== OCTETS || secret.value.length !== KEY_BYTES) return null;
  const parameters = others.find(({ tag }) => tag === PARAMETERS);
  if (parameters && !isObjectId(elements(parameters.value)[0], P256)) return null;
  const scalar = BigInt(`0x${secret.value.toHex()}`);
  return scalar > 0n && scalar < P256_ORDER ? secret.value : null;
}

const INTEGER = 0x02;
const OCTETS = 0x04;
const OBJECT_ID = 0x06;
const SEQUENCE = 0x30;
/** `[0]`. */
const PARAMETERS = 0xa0;

interface Element {
  readonly tag: number;
  readonly value: Uint8Array;
}

const isObjectId = (element: Element | undefined, id: string): boolean =>
  element?.tag === OBJECT_ID && element.value.toHex() === id;

/** The elements of the one sequence that the bytes are; none where they are something else. */
function sequence(bytes: Uint8Array): readonly Element[] {
  const [whole, ...others] = elements(bytes);
  return whole?.tag === SEQUENCE && others.length === 0 ? elements(whole.value) : [];
}

/** One after the other in DER (X.690), each of at most 255 bytes; none where they do not end where the bytes do. */
function elements(bytes: Uint8Array): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag = 0, short = 0, long = 0] = bytes.subarray(at, at + 3);
    if (short === 0x80 || short > 0x81) return [];
    const begin = at + (short === 0x81 ? 3 : 2);
    at = begin + (short === 0x81 ? long : short);
    if (at > bytes.length) return [];
    found.push({ tag, value: bytes.subarray(begin, at) });
  }
  return found;
}
