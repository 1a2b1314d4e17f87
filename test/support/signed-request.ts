// The origin's side of HTTP Message Signatures (RFC 9421), written for the tests alone and with none of the gate's code.

import { createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";
import type { Seen } from "./fake-upstream.ts";
import { PUBLIC_KEYS, SHARED_SECRET } from "./signing-keys.ts";

export interface Verdict {
  /** The key that signed, or null where the signature does not fit the request. */
  readonly keyId: string | null;
  readonly components: readonly string[];
  readonly createdSeconds: number;
}

export function verifySigned({ method, url, headers }: Seen): Verdict {
  const [, params = "", list = "", created, keyId = ""] =
    /^faregate=((\([^)]*\));created=(\d+);keyid="([^"]*)";tag="faregate")$/.exec(String(headers["signature-input"])) ??
    [];
  const [, signature = ""] = /^faregate=:([^:]*):$/.exec(String(headers["signature"])) ?? [];
  const components = [...list.matchAll(/"([^"]*)"/g)].map(([, name]) => name ?? "");
  const [path = "", ...query] = url.split("?");
  const derived: { readonly [name: string]: string | undefined } = {
    "@method": method,
    "@authority": headers.host,
    "@path": path,
    "@query": `?${query.join("?")}`,
  };
  const lines = components.map((name) => `"${name}": ${name.startsWith("@") ? derived[name] : headers[name]}`);
  const base = [...lines, `"@signature-params": ${params}`].join("\n");
  const isGenuine = isSignedWith(keyId, Buffer.from(base), Buffer.from(signature, "base64"));
  return { keyId: isGenuine ? keyId : null, components, createdSeconds: Number(created) };
}

function isSignedWith(keyId: string, base: Buffer, signature: Buffer): boolean {
  if (keyId === "shared") {
    const mac = createHmac("sha256", Buffer.from(SHARED_SECRET, "base64")).update(base).digest();
    return mac.length === signature.length && timingSafeEqual(mac, signature);
  }
  const x = PUBLIC_KEYS[keyId];
  if (x === undefined) return false;
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return verify(null, base, key, signature);
}
