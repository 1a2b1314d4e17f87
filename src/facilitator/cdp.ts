// API keys of Coinbase CDP: each call carries a JWT (RFC 7519) that the key signs, good for one method, host and path and
// for two minutes (docs.cdp.coinbase.com/get-started/authentication/jwt-authentication; `aud` and the nonce's form are
// the official TypeScript SDK's). It is made anew for each call, as Coinbase asks of its users
// (docs.cdp.coinbase.com/coinbase-app/authentication-authorization/api-key-authentication) and its SDKs do: whoever told
// its nonce from one that was used could refuse it, and a settlement would stay unknown. Only bundles whose table names
// such a key have this file.

import { SignJWT } from "jose";
import type { Authorize } from "./auth.ts";
import { type CdpKey, readCdpKey } from "./cdp-key.ts";

export interface CdpOptions {
  readonly keyId: string;
  readonly secret: string;
  readonly nowMs: () => number;
  readonly newNonce: () => string;
}

/** The longest that Coinbase takes. */
const LIFE_SECONDS = 120;

/** Null where the secret is none of a key. */
export function buildCdpAuth({ keyId, secret, nowMs, newNonce }: CdpOptions): Authorize | null {
  const read = readCdpKey(secret);
  if (read === null) return null;
  // The key and never a promise, which would belong to the request that began it.
  let key: CryptoKey | null = null;
  return async (method, url) => {
    key ??= await importKey(read);
    const { host, pathname } = new URL(url);
    const now = Math.floor(nowMs() / 1000);
    const token = await new SignJWT({ uris: [`${method} ${host}${pathname}`] })
      .setProtectedHeader({ alg: read.algorithm, kid: keyId, typ: "JWT", nonce: newNonce() })
      .setIssuer("cdp")
      .setSubject(keyId)
      .setAudience(["cdp_service"])
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + LIFE_SECONDS)
      .sign(key);
    return [["authorization", `Bearer ${token}`]];
  };
}

function importKey({ algorithm, pkcs8 }: CdpKey): Promise<CryptoKey> {
  const kind = algorithm === "EdDSA" ? "Ed25519" : { name: "ECDSA", namedCurve: "P-256" };
  return crypto.subtle.importKey("pkcs8", pkcs8, kind, false, ["sign"]);
}
