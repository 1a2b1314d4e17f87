// The receipt in its header: PAYMENT-RESPONSE for v2 ("Settlement Response Delivery"), X-PAYMENT-RESPONSE for v1,
// which calls networks by their old names. A payer gets the header of the version that it paid with, and no other.

import { encodeBase64 } from "../std/index.ts";
import { v1NameOf } from "./networks.ts";
import type { SettlementResponse, X402Version } from "./types.ts";

export interface Receipt extends SettlementResponse {
  readonly x402Version: X402Version;
}

/** Header name and value. */
export function encodeReceipt({ x402Version, ...response }: Receipt): readonly [name: string, value: string] {
  if (x402Version === 2) return ["payment-response", encodeBase64(JSON.stringify(response))];
  const network = v1NameOf(response.network) ?? response.network;
  return ["x-payment-response", encodeBase64(JSON.stringify({ ...response, network }))];
}
