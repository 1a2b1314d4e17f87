// PAYMENT-SIGNATURE to a typed payload, or the reason why not. Nothing of the client's is trusted further than its
// shape here; what it means is the scheme's to check.

import { decodeBase64, err, isObject, type JsonObject, ok, parseJson, type Result } from "../std/index.ts";
import type { Accepted, PaymentPayload } from "./types.ts";

const HEADER_BYTES_MAX = 16 * 1024;
const JSON_LIMITS = { depthMax: 12, nodesMax: 512 };

export type PaymentFlaw =
  | { readonly reason: "payment_header_too_large"; readonly bytesMax: number }
  | { readonly reason: "invalid_payload"; readonly detail: string }
  | { readonly reason: "invalid_x402_version" };

/** `null` where no payment came with the request. */
export function readPayment(headers: Headers): Result<PaymentPayload | null, PaymentFlaw> {
  const v2 = headers.get("payment-signature");
  const v1 = headers.get("x-payment");
  if (v2 !== null && v1 !== null) return malformed("send PAYMENT-SIGNATURE or X-PAYMENT, not both");
  if (v1?.includes(",")) return malformed("send exactly one payment header");
  if (v1 !== null) return err({ reason: "invalid_x402_version" });
  return v2 === null ? ok(null) : decodePayment(v2);
}

function decodePayment(header: string): Result<PaymentPayload, PaymentFlaw> {
  if (header.length > HEADER_BYTES_MAX) {
    return err({ reason: "payment_header_too_large", bytesMax: HEADER_BYTES_MAX });
  }
  // Two headers of one name arrive joined by a comma, which base64 does not have.
  if (header.includes(",")) return malformed("send exactly one PAYMENT-SIGNATURE header");
  const text = decodeBase64(header);
  if (!text.ok) return malformed("PAYMENT-SIGNATURE is not base64 of UTF-8 text");
  const json = parseJson(text.value, JSON_LIMITS);
  if (!json.ok) return malformed(json.error === "too_complex" ? "its JSON is nested too deep" : "it is not JSON");
  return parsePayment(json.value);
}

function parsePayment(json: unknown): Result<PaymentPayload, PaymentFlaw> {
  if (!isObject(json)) return malformed("it is not a JSON object");
  if (typeof json["x402Version"] !== "number") return malformed("x402Version is not a number");
  if (json["x402Version"] !== 2) return err({ reason: "invalid_x402_version" });
  const { accepted, payload, resource, extensions } = json;
  if (!isAccepted(accepted)) return malformed("accepted is not the entry of the challenge that was chosen");
  if (!isObject(payload)) return malformed("payload is not an object");
  if (!isAbsentOrObject(extensions)) return malformed("extensions is not an object");
  if (!isAbsentOrObject(resource)) return malformed("resource is not an object");
  if (resource && typeof resource["url"] !== "string") return malformed("resource.url is not a string");
  return ok({
    x402Version: 2,
    accepted,
    payload,
    ...(resource && { resource: { url: resource["url"] as string } }),
  });
}

function isAccepted(value: unknown): value is JsonObject & Accepted {
  if (!isObject(value)) return false;
  const texts = ["scheme", "network", "amount", "asset", "payTo"];
  return texts.every((name) => typeof value[name] === "string") && isAbsentOrObject(value["extra"]);
}

/** Optional members may be an explicit null. */
function isAbsentOrObject(value: unknown): value is JsonObject | null | undefined {
  return value === undefined || value === null || isObject(value);
}

const malformed = (detail: string): Result<never, PaymentFlaw> => err({ reason: "invalid_payload", detail });
