// PAYMENT-REQUIRED (transport HTTP v2): everything that does not depend on the request is prepared at start-up, so
// that a challenge costs one concatenation and one base64, and no I/O.

import { encodeBase64 } from "../std/index.ts";
import type { PaymentRequirements, ResourceInfo } from "./types.ts";

/** Clients echo the challenge in their payment, and Node stops at 16 KB for all headers. */
const HEADER_BYTES_MAX = 4096;
const JSON_BYTES_MAX = (HEADER_BYTES_MAX / 4) * 3;

/** What every challenge keeps free for the request's own URL and the reason. */
export const RESOURCE_URL_BYTES_MAX = 1024;
const ERROR_BYTES_MAX = 128;
export const CHALLENGE_FIXED_BYTES_MAX = JSON_BYTES_MAX - RESOURCE_URL_BYTES_MAX - ERROR_BYTES_MAX;

export interface Challenge {
  /** JSON after the two values that a request adds. */
  readonly tail: string;
  readonly fixedBytes: number;
}

export function buildChallenge(about: Omit<ResourceInfo, "url">, accepts: readonly PaymentRequirements[]): Challenge {
  const resource = JSON.stringify(about).slice(1);
  const tail = `${resource === "}" ? "" : ","}${resource},"accepts":${JSON.stringify(accepts)}}`;
  return { tail, fixedBytes: new TextEncoder().encode(encode({ tail, fixedBytes: 0 }, "", "")).byteLength };
}

/** The PAYMENT-REQUIRED header's value. `url` is the resource as the client sees it. */
export function encodeChallenge(challenge: Challenge, url: string, error: string): string {
  return encodeBase64(encode(challenge, url, error.slice(0, ERROR_BYTES_MAX)));
}

function encode({ tail }: Challenge, url: string, error: string): string {
  return `{"x402Version":2,"error":${JSON.stringify(error)},"resource":{"url":${JSON.stringify(url)}${tail}`;
}
