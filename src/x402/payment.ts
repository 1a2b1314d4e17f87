// PAYMENT-SIGNATURE (v2) or X-PAYMENT (v1) to a typed payload, or the reason why not. Nothing of the client's is
// trusted further than its shape here; what it means is the scheme's to check.

import { decodeBase64, err, isObject, type JsonObject, ok, parseJson, type Result } from "../std/index.ts";
import { networkOfV1 } from "./networks.ts";
import type { Accepted, PresentedPayment, X402Version } from "./types.ts";

const HEADER_BYTES_MAX = 16 * 1024;
const JSON_LIMITS = { depthMax: 12, nodesMax: 512 };

export type PaymentFlaw =
  | { readonly reason: "payment_header_too_large"; readonly bytesMax: number }
  | { readonly reason: "invalid_payload"; readonly detail: string }
  | { readonly reason: "invalid_x402_version" };

/** `null` where no payment came with the request. */
export function readPayment(headers: Headers): Result<PresentedPayment | null, PaymentFlaw> {
  const v2 = headers.get("payment-signature");
  const v1 = headers.get("x-payment");
  if (v2 !== null && v1 !== null) return malformed("send PAYMENT-SIGNATURE or X-PAYMENT, not both");
  if (v2 !== null) return decodePayment(v2, "PAYMENT-SIGNATURE", 2, parseV2);
  return v1 === null ? ok(null) : decodePayment(v1, "X-PAYMENT", 1, parseV1);
}

function decodePayment(
  header: string,
  name: string,
  version: X402Version,
  parse: (json: JsonObject) => Result<PresentedPayment, PaymentFlaw>,
): Result<PresentedPayment, PaymentFlaw> {
  if (header.length > HEADER_BYTES_MAX) {
    return err({ reason: "payment_header_too_large", bytesMax: HEADER_BYTES_MAX });
  }
  // Two headers of one name arrive joined by a comma, which base64 does not have.
  if (header.includes(",")) return malformed(`send exactly one ${name} header`);
  const text = decodeBase64(header);
  if (!text.ok) return malformed(`${name} is not base64 of UTF-8 text`);
  const json = parseJson(text.value, JSON_LIMITS);
  if (!json.ok) return malformed(json.error === "too_complex" ? "its JSON is nested too deep" : "it is not JSON");
  if (!isObject(json.value)) return malformed("it is not a JSON object");
  if (typeof json.value["x402Version"] !== "number") return malformed("x402Version is not a number");
  return json.value["x402Version"] === version ? parse(json.value) : err({ reason: "invalid_x402_version" });
}

function parseV2({ accepted, payload, resource, extensions }: JsonObject): Result<PresentedPayment, PaymentFlaw> {
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
    ...(extensions && { extensions }),
  });
}

/** Specification v1: the scheme and the network's name stand beside the payload, and nothing of the offer. */
function parseV1({ scheme, network, payload }: JsonObject): Result<PresentedPayment, PaymentFlaw> {
  if (typeof scheme !== "string") return malformed("scheme is not a string");
  if (typeof network !== "string") return malformed("network is not a string");
  if (!isObject(payload)) return malformed("payload is not an object");
  // A name that v1 does not have is no network: an empty one is offered by nobody.
  return ok({ x402Version: 1, accepted: { scheme, network: networkOfV1(network) ?? "" }, payload });
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
