// PAYMENT-REQUIRED (transport HTTP v2): everything that does not depend on the request is prepared, so that a challenge
// costs the base64 of its URL and one concatenation, and no I/O. The body of the same answer is the challenge of v1, so
// that one answer serves both generations of clients.

import { encodeBase64, encodeBytes, type JsonObject } from "../std/index.ts";
import { v1NameOf } from "./networks.ts";
import type { PaymentRequirements, ResourceInfo } from "./types.ts";

/** Clients echo the challenge in their payment, and Node stops at 16 KB for all headers. */
const HEADER_BYTES_MAX = 4096;
const JSON_BYTES_MAX = (HEADER_BYTES_MAX / 4) * 3;

/** What every challenge keeps free for the request's own URL and the reason. */
export const RESOURCE_URL_BYTES_MAX = 1024;
const ERROR_BYTES_MAX = 128;
export const CHALLENGE_FIXED_BYTES_MAX = JSON_BYTES_MAX - RESOURCE_URL_BYTES_MAX - ERROR_BYTES_MAX;

export interface Challenge {
  /** JSON after the two values that a request adds; it begins with two characters of ASCII. */
  readonly tail: string;
  /** The tail without its first 0, 1 or 2 bytes, in base64; each is written when a request first asks for it. */
  readonly encoded: string[];
  readonly fixedBytes: number;
  /** Whether there is no way to pay in it. */
  readonly isEmpty: boolean;
  /** v1's entries as JSON, each without its opening brace and its resource. */
  readonly v1: readonly string[];
}

/** @param extensions what is advertised, by name; clients echo it */
export function buildChallenge(
  about: Omit<ResourceInfo, "url">,
  accepts: readonly PaymentRequirements[],
  extensions: JsonObject,
): Challenge {
  const resource = JSON.stringify(about).slice(1);
  const advertised = Object.keys(extensions).length > 0 ? `,"extensions":${JSON.stringify(extensions)}` : "";
  const tail = `${resource === "}" ? "" : ","}${resource},"accepts":${JSON.stringify(accepts)}${advertised}}`;
  const fixedBytes = utf8.encode(headOf("", "") + tail).byteLength;
  return { tail, encoded: [], fixedBytes, isEmpty: accepts.length === 0, v1: v1Entries(about, accepts) };
}

/** At most one entry a network, because a v1 payment names no asset; and none but `exact` by EIP-3009, which v1 alone knows. */
function v1Entries(about: Omit<ResourceInfo, "url">, accepts: readonly PaymentRequirements[]): readonly string[] {
  const entries = new Map<string, string>();
  for (const { scheme, network, amount, asset, payTo, maxTimeoutSeconds, extra } of accepts) {
    const isKnown = scheme === "exact" && extra?.["assetTransferMethod"] === undefined;
    const name = isKnown ? v1NameOf(network) : null;
    if (name === null || entries.has(name)) continue;
    const { description = "", mimeType = "" } = about;
    const price = { scheme, network: name, maxAmountRequired: amount, asset, payTo, maxTimeoutSeconds, extra };
    entries.set(name, JSON.stringify({ description, mimeType, ...price }).slice(1));
  }
  return [...entries.values()];
}

/** The members of the body that speak to v1 clients, as JSON without braces; empty where v1 knows none of the networks. */
export function encodeV1Challenge({ v1 }: Challenge, url: string): string {
  if (v1.length === 0) return "";
  return `"x402Version":1,"accepts":[${v1.map((entry) => `{"resource":${JSON.stringify(url)},${entry}`).join(",")}],`;
}

/** The PAYMENT-REQUIRED header's value. `url` is the resource as the client sees it. */
export function encodeChallenge({ tail, encoded }: Challenge, url: string, error: string): string {
  // Base64 writes three bytes at a time, so the head takes those that its last three still need, two at the most.
  const bytes = utf8.encode(headOf(url, error.slice(0, ERROR_BYTES_MAX)) + tail.slice(0, 2));
  const length = bytes.byteLength - 2;
  const taken = (3 - (length % 3)) % 3;
  encoded[taken] ??= encodeBase64(tail.slice(taken));
  return encodeBytes(bytes.subarray(0, length + taken)) + encoded[taken];
}

const utf8 = new TextEncoder();

function headOf(url: string, error: string): string {
  return `{"x402Version":2,"error":${JSON.stringify(error)},"resource":{"url":${JSON.stringify(url)}`;
}
