// HTTP Message Signatures (RFC 9421) on what goes to an upstream, so that it knows that a request came through the gate,
// and for which payment. The body is not covered: it may be a stream. Keys are imported once; what is kept of them is the
// key and never a promise, which would belong to the request that began it.

import { encodeBytes } from "../std/index.ts";
import type { SigningKeySettings } from "./signing-key.ts";

export interface SigningKey extends Pick<SigningKeySettings, "keyId" | "algorithm"> {
  /** Of `readSigningKey`. */
  readonly bytes: Uint8Array;
}

/** What an upstream is told of a payment; null for what is not known, or has not happened yet. */
export interface Paid {
  /** `0x` and 40 hex digits, in any letter case. */
  readonly payer: string;
  /** CAIP-2. */
  readonly network: string;
  readonly id: string;
  readonly asset: string | null;
  /** Atomic units. */
  readonly amount: string | null;
  /** Of a settlement that came first. */
  readonly transaction: string | null;
}

export type Component = readonly [name: string, value: string];
type HeaderList = readonly (readonly [name: string, value: string])[];

export type Signer = (request: {
  readonly method: string;
  readonly url: string;
  readonly paid: Paid | null;
}) => Promise<HeaderList>;

/** Our signature's name in both headers, and its application (RFC 9421 section 2.3, `tag`). */
const LABEL = "faregate";

const encoder = new TextEncoder();

export function buildSigner(key: SigningKey, nowMs: () => number): Signer {
  const sign = signWith(key);
  return async ({ method, url, paid }) => {
    const headers = paidHeaders(paid);
    const components = [...requestComponents(method, new URL(url)), ...headers];
    const created = Math.floor(nowMs() / 1000);
    const params = signatureParams(components, `;created=${created};keyid="${key.keyId}";tag="${LABEL}"`);
    const signature = await sign(signatureBase(components, params));
    return [...headers, ["signature-input", `${LABEL}=${params}`], ["signature", `${LABEL}=:${signature}:`]];
  };
}

/**
 * Without the scheme, and so not `@target-uri`: an origin behind a proxy that ends TLS does not know it. The rest is
 * what every server reads from the request line and Host (RFC 9421 section 2.2).
 */
const requestComponents = (method: string, { host, pathname, search }: URL): readonly Component[] => [
  ["@method", method],
  ["@authority", host],
  ["@path", pathname],
  ["@query", search === "" ? "?" : search],
];

function paidHeaders(paid: Paid | null): HeaderList {
  if (paid === null) return [];
  const { payer, network, id, asset, amount, transaction } = paid;
  const headers = [
    ["faregate-payer", payer],
    ["faregate-amount", amount],
    ["faregate-asset", asset],
    ["faregate-network", network],
    ["faregate-payment-id", id],
    ["faregate-transaction", transaction],
  ] as const;
  return headers.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

export const signatureParams = (components: readonly Component[], parameters: string): string =>
  `(${components.map(([name]) => `"${name}"`).join(" ")})${parameters}`;

/** RFC 9421 section 2.5. */
export const signatureBase = (components: readonly Component[], params: string): string =>
  [...components, ["@signature-params", params] as const].map(([name, value]) => `"${name}": ${value}`).join("\n");

/** A text's signature in base64. */
export function signWith({
  algorithm,
  bytes,
}: Pick<SigningKey, "algorithm" | "bytes">): (text: string) => Promise<string> {
  let key: CryptoKey | null = null;
  return async (text) => {
    key ??= await (algorithm === "ed25519"
      ? crypto.subtle.importKey("pkcs8", bytes, "Ed25519", false, ["sign"])
      : crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]));
    const signature = await crypto.subtle.sign(key.algorithm.name, key, encoder.encode(text));
    return encodeBytes(new Uint8Array(signature));
  };
}

/** A public key as the gate publishes it (RFC 7517, RFC 8037 section 2). */
export interface PublicKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly kid: string;
  readonly x: string;
  readonly use: "sig";
}

/** Of Ed25519 keys only: of an HMAC key nothing is public. */
export function buildDirectory(keys: readonly SigningKey[]): () => Promise<readonly PublicKey[]> {
  let published: readonly PublicKey[] | null = null;
  const publicKeys = keys.filter(({ algorithm }) => algorithm === "ed25519");
  return async () => {
    published ??= await Promise.all(publicKeys.map(publicKeyOf));
    return published;
  };
}

async function publicKeyOf({ keyId, bytes }: SigningKey): Promise<PublicKey> {
  const key = await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", true, ["sign"]);
  const { x = "" } = (await crypto.subtle.exportKey("jwk", key)) as JsonWebKey;
  return { kty: "OKP", crv: "Ed25519", kid: keyId, x, use: "sig" };
}
