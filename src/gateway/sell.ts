// A priced route, up to the moment where the ledger is asked: the challenge, the payment's shape, its signature. All
// of it without I/O, so that nobody makes the gate work by sending nonsense.

import { attemptMs } from "../config/index.ts";
import { fingerprintOf, type Purchase } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { Offer, Route, Target } from "../route/index.ts";
import { type Check, checkPayment, type Moment, type SignedPayment } from "../schemes/index.ts";
import { readWithin } from "../std/index.ts";
import { type PresentedPayment, RESOURCE_URL_BYTES_MAX, readPayment } from "../x402/index.ts";
import { type Call, type Gate, type Order, refuse } from "./gate.ts";
import { purchase } from "./purchase.ts";
import { revisit } from "./revisit.ts";

export async function sell(gate: Gate, call: Call, route: Route, offer: Offer): Promise<Outcome> {
  const startMs = gate.nowMs();
  const { headers } = call.request;
  const resourceUrl = resourceUrlOf(call.target);
  if (resourceUrl === null) return refuse({ reason: "uri_too_long", bytesMax: RESOURCE_URL_BYTES_MAX });
  if (headers.has("upgrade")) return refuse({ reason: "upgrade_required" });
  const invitation = { challenge: offer.challenge, resourceUrl };
  const presented = readPayment(headers);
  if (!presented.ok) {
    const { error } = presented;
    if (error.reason !== "invalid_x402_version") return refuse(error);
    return refuse({ reason: "payment_refused", code: error.reason, invitation });
  }
  if (presented.value === null) return refuse({ reason: "payment_required", invitation });
  const check = await checkAgainst(offer, presented.value, resourceUrl);
  if (check.kind === "malformed") return refuse({ reason: "invalid_payload", detail: check.detail });
  if (check.kind === "refused") return refuse({ reason: "payment_refused", code: check.reason, invitation });
  const { payment } = check;
  const body = await readBody(gate, call.request);
  if (body === "incomplete") return refuse({ reason: "body_incomplete" });
  const fingerprint = await fingerprintOf(purchaseOf(call, payment, body));
  const order: Order = { call, route, offer, invitation, body, fingerprint };
  // Judged only now, because a client can take its time with the body.
  const judgement = check.judge(momentOf(gate));
  const isValid = judgement.kind === "valid";
  const ending = isValid ? purchase(gate, order, judgement.payment) : revisit(gate, order, payment, judgement.reason);
  const logged = ending.then((outcome) => {
    gate.logPayment({ payment, order, outcome, durationMs: gate.nowMs() - startMs });
    return outcome;
  });
  // A client that leaves stops neither the attempt nor its record.
  gate.waitUntil(logged);
  return logged;
}

/** The URL that the client sees; a long query is left out, because the challenge has to fit into a header. */
function resourceUrlOf({ proto, host, path, query }: Target): string | null {
  const url = `${proto}://${host}${path.text}`;
  const fits = (candidate: string): boolean => JSON.stringify(candidate).length <= RESOURCE_URL_BYTES_MAX;
  return [url + query, url].find(fits) ?? null;
}

async function checkAgainst(offer: Offer, presented: PresentedPayment, resourceUrl: string): Promise<Check> {
  // Clients echo the challenge's resource: a payment that names another one was not meant for this.
  if ((presented.resource?.url ?? resourceUrl) !== resourceUrl) return { kind: "refused", reason: "resource_mismatch" };
  return checkPayment(offer.terms, presented, resourceUrl);
}

function momentOf({ nowMs, config }: Gate): Moment {
  return { unixSeconds: Math.floor(nowMs() / 1000), roomSeconds: Math.ceil(attemptMs(config) / 1000) };
}

/** A declared length that fits is read before anything is claimed, so that it counts in the fingerprint. */
async function readBody({ config }: Gate, { body, headers }: Request): Promise<Order["body"] | "incomplete"> {
  const length = headers.get("content-length");
  if (body === null || length === null || Number(length) > config.bufferBytesMax) return body;
  const bytes = await readWithin(body, config.bufferBytesMax, config.upstream.timeoutMs);
  return bytes?.byteLength === Number(length) ? bytes : "incomplete";
}

function purchaseOf({ request, target }: Call, payment: SignedPayment, body: Order["body"]): Purchase {
  return {
    method: request.method,
    host: target.host,
    path: target.path.text,
    query: target.query,
    amount: payment.amount,
    asset: payment.asset,
    payTo: payment.payTo,
    contentType: request.headers.get("content-type"),
    contentLength: request.headers.get("content-length"),
    body: body instanceof Uint8Array ? body : null,
  };
}
