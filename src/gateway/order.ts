// A sale to an order: the body, where it is small, and what makes two calls the same one.

import type { Offer } from "../config/index.ts";
import { digestOf, fingerprintOf, type Purchase } from "../ledger/index.ts";
import type { Problem } from "../problem.ts";
import { err, type JsonObject, ok, type Result } from "../std/index.ts";
import { isHandshake } from "../upstream/index.ts";
import { readPaymentIdentifier, type X402Version } from "../x402/index.ts";
import { isDeclaredShort, readWhole } from "./body.ts";
import { partOf } from "./conditions.ts";
import type { Body, CallKey, Gate, Order, Sale } from "./gate.ts";

/** How the request was made. */
interface Manner {
  readonly key: string | null;
  readonly x402Version: X402Version;
}

export async function readOrder(gate: Gate, sale: Sale, { key, x402Version }: Manner): Promise<Result<Order, Problem>> {
  const body = await readBody(gate, sale);
  if (!body.ok) return body;
  const fingerprint = await fingerprintOf(purchaseOf(sale, body.value));
  const callKey = key === null ? null : await callKeyOf(key);
  return ok({ ...sale, body: body.value, fingerprint, x402Version, key: callKey });
}

/**
 * A declared length that fits is read before anything is claimed, so that it counts in the fingerprint. On a metered route
 * no other is taken: what breaks off there is a credit, and a request that is still on its way could see to that.
 */
async function readBody(gate: Gate, { call, access }: Sale): Promise<Result<Body, Problem>> {
  const { body } = call;
  if (!(body instanceof ReadableStream)) return ok(body);
  const isRead = access.offer.meter !== null || isDeclaredShort(gate, call, access);
  return isRead ? readWhole(gate, call, body, access) : ok(body);
}

const purchaseOf = ({ call: { request, target, said }, access }: Sale, body: Body): Purchase => ({
  method: isHandshake(request) ? "WEBSOCKET" : request.method,
  host: target.host,
  path: target.path,
  query: target.query,
  contentType: request.headers.get("content-type"),
  contentLength: request.headers.get("content-length"),
  body: body instanceof Uint8Array ? body : null,
  part: partOf(access.offer, request.headers),
  said,
});

const KEY_LENGTH_MAX = 256;
/** 22 characters of base64url hold 128 bits. */
const SECRET_LENGTH_MIN = 22;

/**
 * What the client calls this call by: the id of `payment-identifier` in the payment, where that is advertised, or
 * Idempotency-Key.
 *
 * @returns null where there is none; the error ends a sentence
 */
export function readCallKey(
  headers: Headers,
  extensions: JsonObject,
  identifier: Offer["identifier"],
): Result<string | null, string> {
  const id = identifier === "off" ? ok(null) : readPaymentIdentifier(extensions);
  if (!id.ok) return id;
  if (id.value === null && identifier === "required") return err("this route asks for an id of payment-identifier");
  const header = headers.get("idempotency-key");
  if (header !== null && (header === "" || header.length > KEY_LENGTH_MAX)) {
    return err(`Idempotency-Key is not 1 to ${KEY_LENGTH_MAX} characters long`);
  }
  return ok(id.value ?? header);
}

const callKeyOf = async (key: string): Promise<CallKey> => ({
  digest: await digestOf(key),
  isSecret: key.length >= SECRET_LENGTH_MIN,
});
