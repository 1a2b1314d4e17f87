// Coinbase CDP's side of its API keys: keys as its portal hands them out, and a server that lets nobody in without a
// token that is right for the call. The judgement is Node's own crypto, and shares nothing with the gate's.

import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { startServer, type TestServer } from "./server.ts";

export interface CdpKeyPair {
  /** As it is put into the Worker's secret. */
  readonly secret: string;
  readonly publicKey: KeyObject;
}

export function newEd25519(): CdpKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { d = "", x = "" } = privateKey.export({ format: "jwk" });
  const secret = Buffer.concat([Buffer.from(d, "base64url"), Buffer.from(x, "base64url")]).toString("base64");
  return { secret, publicKey };
}

/** @param type the form of the PEM file */
export function newEc(type: "sec1" | "pkcs8", namedCurve = "P-256"): CdpKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
  return { secret: String(privateKey.export({ type, format: "pem" })), publicKey };
}

export const KEY_ID = "organizations/0e1f/apiKeys/4a5b";

/** A token's two readable parts. */
export interface Token {
  readonly header: { readonly [name: string]: unknown };
  readonly claims: { readonly [name: string]: unknown };
}

export const parseToken = (token: string): Token => {
  const [header, claims] = token
    .split(".")
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
  return { header, claims };
};

export interface CdpServer extends TestServer {
  readonly host: string;
  /** What came with each call, in order. */
  readonly asked: { readonly call: string; readonly token: string; readonly refusal: string | null }[];
}

/** @param serve answers whoever may ask */
export async function startCdpServer(
  publicKey: KeyObject,
  serve: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<CdpServer> {
  const asked: CdpServer["asked"] = [];
  const nonces = new Set<unknown>();
  const server = await startServer((request, response) => {
    const { method, url = "", headers } = request;
    const token = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    const call = `${method} ${headers.host}${url}`;
    const refusal = refusalOf(token, call, publicKey, nonces);
    asked.push({ call, token, refusal });
    if (refusal === null) return serve(request, response);
    return response.writeHead(401, { "content-type": "application/json" }).end('{"errorType":"unauthorized"}');
  });
  return { ...server, host: new URL(server.url).host, asked };
}

/** Null where the token is right; else what is wrong with it. */
function refusalOf(token: string, call: string, publicKey: KeyObject, nonces: Set<unknown>): string | null {
  const [head, body, signature, ...more] = token.split(".");
  if (!head || !body || !signature || more.length > 0) return "no token";
  const { header, claims } = parseToken(token);
  const isEc = publicKey.asymmetricKeyType === "ec";
  if (header["alg"] !== (isEc ? "ES256" : "EdDSA") || header["typ"] !== "JWT") return "another algorithm";
  const key = isEc ? { key: publicKey, dsaEncoding: "ieee-p1363" as const } : publicKey;
  const signed = Buffer.from(`${head}.${body}`);
  if (!verify(isEc ? "sha256" : null, signed, key, Buffer.from(signature, "base64url"))) return "another key";
  if (header["kid"] !== KEY_ID || claims["sub"] !== KEY_ID || claims["iss"] !== "cdp") return "another key's name";
  if (JSON.stringify(claims["aud"]) !== '["cdp_service"]') return "another audience";
  if (JSON.stringify(claims["uris"]) !== JSON.stringify([call])) return "another call";
  const nowSeconds = Date.now() / 1000;
  const [begin, issued, end] = [claims["nbf"], claims["iat"], claims["exp"]].map(Number);
  if (begin === undefined || issued === undefined || end === undefined) return "no time";
  if (begin > nowSeconds || issued > nowSeconds || end <= nowSeconds || end - begin > 120) return "another time";
  if (typeof header["nonce"] !== "string" || header["nonce"].length < 16) return "no nonce";
  if (nonces.has(header["nonce"])) return "a nonce that was used";
  nonces.add(header["nonce"]);
  return null;
}

/** Of another key. */
export const strangersKey = (): KeyObject => createPublicKey(generateKeyPairSync("ed25519").privateKey);
