// A priced route, up to the moment where the ledger is asked: the challenge, the payment's shape, its signature. All
// of it without I/O, so that nobody makes the gate work by sending nonsense.

import type { PaidAccess, PricedRoute } from "../config/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { Target } from "../route/index.ts";
import { type Check, checkPayment } from "../schemes/index.ts";
import { isHandshake } from "../upstream/index.ts";
import { isFaithfulEcho, type PresentedPayment, RESOURCE_URL_BYTES_MAX, readPayment } from "../x402/index.ts";
import { type Call, type Gate, neededMs, refuse, type Sale } from "./gate.ts";
import { offeredSoon } from "./offered.ts";
import { readCallKey, readOrder } from "./order.ts";
import { purchase } from "./purchase.ts";
import { REDEEM_HEADER, redeem } from "./redeem.ts";
import { revisit } from "./revisit.ts";

/** @param objection what stands against any payment, whatever its signature says; null where nothing does */
export async function sell(
  gate: Gate,
  call: Call,
  route: PricedRoute,
  access: PaidAccess,
  objection: string | null,
): Promise<Outcome> {
  return orNothingOffered(await sellNow(gate, call, route, await offeredSoon(gate, access), objection));
}

/** Nobody can be asked to pay where nobody is known who would settle it. */
function orNothingOffered(outcome: Outcome): Outcome {
  if (outcome.kind !== "refused") return outcome;
  const { problem } = outcome;
  // Whoever paid hears what became of that, though nobody can be asked to pay again.
  if (problem.reason !== "payment_required" && problem.reason !== "payment_refused") return outcome;
  return problem.invitation.challenge.isEmpty ? refuse({ reason: "facilitator_unknown" }) : outcome;
}

async function sellNow(
  gate: Gate,
  call: Call,
  route: PricedRoute,
  access: PaidAccess,
  objection: string | null,
): Promise<Outcome> {
  const { headers } = call.request;
  const resourceUrl = resourceUrlOf(call.target);
  if (resourceUrl === null) return refuse({ reason: "uri_too_long", bytesMax: RESOURCE_URL_BYTES_MAX });
  if (isHandshake(call.request) && !(access.offer.webSocket && isKnownVersion(headers))) {
    return refuse({ reason: "upgrade_required" });
  }
  const invitation = { challenge: access.offer.challenge, resourceUrl };
  const sale = { call, route, access, invitation };
  const voucher = headers.get(REDEEM_HEADER);
  // What was paid for once is not paid for again, whatever payment comes beside it.
  if (voucher !== null) return held(gate, redeem(gate, sale, voucher));
  const presented = readPayment(headers);
  if (!presented.ok) {
    const { error } = presented;
    if (error.reason !== "invalid_x402_version") return refuse(error);
    return refuse({ reason: "payment_refused", code: error.reason, invitation });
  }
  if (presented.value === null) return refuse({ reason: "payment_required", invitation });
  const check = checkAgainst(sale, presented.value);
  if (check.kind === "malformed") return refuse({ reason: "invalid_payload", detail: check.detail });
  if (check.kind === "refused") return refuse({ reason: "payment_refused", code: check.reason, invitation });
  return held(gate, buy(gate, sale, presented.value, check, objection));
}

/** Any other version of WebSockets the runtime would refuse, after it was paid (RFC 6455 section 4.4). */
const isKnownVersion = (headers: Headers): boolean => (headers.get("sec-websocket-version") ?? "13").trim() === "13";

/** A client that leaves stops neither the attempt nor its record. */
function held(gate: Gate, ending: Promise<Outcome>): Promise<Outcome> {
  gate.waitUntil(ending);
  return ending;
}

/** The URL that the client sees; a long query is left out, because the challenge has to fit into a header. */
function resourceUrlOf({ proto, host, path, query }: Target): string | null {
  const url = `${proto}://${host}${path}`;
  const fits = (candidate: string): boolean => JSON.stringify(candidate).length <= RESOURCE_URL_BYTES_MAX;
  return [url + query, url].find(fits) ?? null;
}

function checkAgainst({ access, invitation }: Sale, presented: PresentedPayment): Check {
  const { resourceUrl: url } = invitation;
  const { terms, extensions: advertised, sponsoring } = access.offer;
  // Clients echo the challenge's resource: a payment that names another one was not meant for this.
  if ((presented.resource?.url ?? url) !== url) return { kind: "refused", reason: "resource_mismatch" };
  const isFaithful = isFaithfulEcho(advertised, presented.extensions ?? {});
  if (!isFaithful) return { kind: "refused", reason: "extension_echo_mismatch" };
  return checkPayment(terms, presented, { url, advertised, sponsoring });
}

async function buy(
  gate: Gate,
  sale: Sale,
  presented: PresentedPayment,
  { payment, judge }: Extract<Check, { kind: "authentic" }>,
  objection: string | null,
): Promise<Outcome> {
  const { call, access } = sale;
  call.trace.payment = payment;
  if (!payment.isProven && !(await isAdmitted(gate, call))) return refuse({ reason: "too_many_unproven" });
  const key = readCallKey(call.request.headers, presented.extensions ?? {}, access.offer.identifier);
  if (!key.ok) return refuse({ reason: "invalid_payload", detail: key.error });
  const { x402Version } = presented;
  const read = await readOrder(gate, sale, { key: key.value, x402Version });
  if (!read.ok) return refuse(read.error);
  const order = read.value;
  if (objection !== null) return revisit(gate, order, payment, objection);
  // Judged only now, because a client can take its time with the body.
  const unixSeconds = Math.floor(gate.nowMs() / 1000);
  const judgement = judge({ unixSeconds, roomSeconds: Math.ceil(neededMs(access) / 1000) });
  return judgement.kind === "valid"
    ? purchase(gate, order, judgement.payment)
    : revisit(gate, order, payment, judgement.reason);
}

/** Cloudflare writes this header itself; elsewhere all are one client. */
const isAdmitted = (gate: Gate, { request }: Call): Promise<boolean> =>
  gate.admitUnproven(request.headers.get("cf-connecting-ip") ?? "unknown");
