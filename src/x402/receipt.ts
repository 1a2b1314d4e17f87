// PAYMENT-RESPONSE (transport HTTP v2, "Settlement Response Delivery").

import { encodeBase64 } from "../std/index.ts";
import type { SettlementResponse } from "./types.ts";

export function encodeReceipt(response: SettlementResponse): string {
  return encodeBase64(JSON.stringify(response));
}
