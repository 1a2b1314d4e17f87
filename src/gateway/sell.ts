// A priced route, up to the moment where the ledger is asked: the challenge, the payment's shape, its signature. All
// of it without I/O, so that nobody makes the gate work by sending nonsense.

import type { PaidAccess, PricedRoute } from "../config/index.ts";
import { fingerprintOf, type Purchase } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { Target } from "../route/index.ts";
import { type Check, checkPayment, type SignedPayment } from "../schemes/index.ts";
import { readWithin } from "../std/index.ts";
import { isFaithfulEcho, type PresentedPayment, RESOURCE_URL_BYTES_MAX, readPayment } from "../x402/index.ts";
import { type Body, budgetMs, type Call, type Gate, type Order, refuse, type Sale } from "./gate.ts";
import { purchase } from "./purchase.ts";
import { revisit } from "./revisit.ts";

export async function sell(gate: Gate, call: Call, route: PricedRoute, access: PaidAccess): Promise<Outcome> {
  const { headers } = call.request;
  const resourceUrl = resourceUrlOf(call.target);
  if (resourceUrl === null) return refuse({ reason: "uri_too_long", bytesMax: RESOURCE_URL_BYTES_MAX });
  if (headers.has("upgrade")) return refuse({ reason: "upgrade_required" });
  const invitation = { challenge: access.offer.challenge, resourceUrl };
  const presented = readPayment(headers);
  if (!presented.ok) {
    const { error } = presented;
    if (error.reason !== "invalid_x402_version") return refuse(error);
    return refuse({ reason: "payment_refused", code: error.reason, invitation });
  }
  if (presented.value === null) return refuse({ reason: "payment_required", invitation });
  const sale = { call, route, access, invitation };
  const check = await checkAgainst(sale, presented.value);
  if (check.kind === "malformed") return refuse({ reason: "invalid_payload", detail: check.detail });
  if (check.kind === "refused") return refuse({ reason: "payment_refused", code: check.reason, invitation });
  const ending = buy(gate, sale, check);
  // A client that leaves stops neither the attempt nor its record.
  gate.waitUntil(ending);
  return ending;
}

/** The URL that the client sees; a long query is left out, because the challenge has to fit into a header. */
function resourceUrlOf({ proto, host, path, query }: Target): string | null {
  const url = `${proto}://${host}${path}`;
  const fits = (candidate: string): boolean => JSON.stringify(candidate).length <= RESOURCE_URL_BYTES_MAX;
  return [url + query, url].find(fits) ?? null;
}

async function checkAgainst({ access, invitation }: Sale, presented: PresentedPayment): Promise<Check> {
  const { resourceUrl: url } = invitation;
  const { terms, extensions: advertised } = access.offer;
  // Clients echo the challenge's resource: a payment that names another one was not meant for this.
  if ((presented.resource?.url ?? url) !== url) return { kind: "refused", reason: "resource_mismatch" };
  const isFaithful = isFaithfulEcho(advertised, presented.extensions ?? {});
  if (!isFaithful) return { kind: "refused", reason: "extension_echo_mismatch" };
  return checkPayment(terms, presented, { url, advertised });
}

async function buy(gate: Gate, sale: Sale, check: Extract<Check, { kind: "authentic" }>): Promise<Outcome> {
  const { call, access } = sale;
  const { payment } = check;
  call.trace.payment = payment;
  if (!payment.isProven && !(await isAdmitted(gate, call))) return refuse({ reason: "too_many_unproven" });
  const body = await call.trace.measure("body", readBody(gate, sale));
  if (body === "incomplete") return refuse({ reason: "body_incomplete" });
  const order: Order = { ...sale, body, fingerprint: await fingerprintOf(purchaseOf(call, payment, body)) };
  // Judged only now, because a client can take its time with the body.
  const unixSeconds = Math.floor(gate.nowMs() / 1000);
  const judgement = check.judge({ unixSeconds, roomSeconds: Math.ceil(budgetMs(access) / 1000) });
  if (judgement.kind === "valid") return purchase(gate, order, judgement.payment);
  const { reason } = judgement;
  if (payment.isProven) return revisit(gate, order, payment, reason);
  return refuse({ reason: "payment_refused", code: reason, invitation: sale.invitation });
}

/** Cloudflare writes this header itself; elsewhere all are one client. */
const isAdmitted = (gate: Gate, { request }: Call): Promise<boolean> =>
  gate.admitUnproven(request.headers.get("cf-connecting-ip") ?? "unknown");

/** A declared length that fits is read before anything is claimed, so that it counts in the fingerprint. */
async function readBody({ config }: Gate, { call, access }: Sale): Promise<Body | "incomplete"> {
  const { body, headers } = call.request;
  const length = headers.get("content-length");
  if (body === null || length === null || Number(length) > config.bufferBytesMax) return body;
  const bytes = await readWithin(body, config.bufferBytesMax, access.upstream.timeoutMs);
  return bytes?.byteLength === Number(length) ? bytes : "incomplete";
}

function purchaseOf({ request, target }: Call, payment: SignedPayment, body: Body): Purchase {
  return {
    method: request.method,
    host: target.host,
    path: target.path,
    query: target.query,
    amount: payment.amount,
    asset: payment.asset,
    payTo: payment.payTo,
    contentType: request.headers.get("content-type"),
    contentLength: request.headers.get("content-length"),
    body: body instanceof Uint8Array ? body : null,
  };
}
