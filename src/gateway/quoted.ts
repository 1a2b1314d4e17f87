// A price that the API behind the gate is asked for, before its call is sold. What it said is quoted to the client, and a
// payment that brings the quote back is taken at that, without asking again.

import { type ComputedAccess, offerAt, type PricedRoute, type Quoting } from "../config/index.ts";
import { digestOfBytes } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import { err } from "../std/index.ts";
import { askPrice, bodySaid } from "./ask-price.ts";
import { type Call, type Gate, refuse } from "./gate.ts";
import { freely, pass } from "./pass.ts";
import { calledBy, type Echo, objectionTo, quoted, quoteOf, readEcho } from "./quote.ts";
import { REDEEM_HEADER } from "./redeem.ts";
import { sell } from "./sell.ts";

/** At the price that the upstream names, or has named before. */
export async function sellAsQuoted(
  gate: Gate,
  call: Call,
  route: PricedRoute,
  access: ComputedAccess,
  quoting: Quoting,
): Promise<Outcome> {
  const { most } = quoting;
  const { contentType, contentLength } = bodySaid(call);
  const digest = quoting.sendsBody ? await bodyDigest(call) : null;
  const called = await calledBy(call, call.target.query, contentType, contentLength, digest);
  if (access.mode === "observe") return observeQuoted(gate, call, access, quoting, called);
  // What was paid for is delivered at whatever price it has now.
  if (call.request.headers.has(REDEEM_HEADER)) return sell(gate, call, route, most, null);
  const echo = await readEcho(gate, call, called);
  if (echo.kind === "unavailable") return refuse({ reason: "ledger_unavailable" });
  const offer = echo.kind === "quoted" && !echo.isOver ? offerAt(most.offer, echo.quote.price) : null;
  // Asked for again it is the same quote, with the same end.
  if (echo.kind === "quoted" && offer !== null) {
    return quoted(gate, await sell(gate, call, route, { ...most, offer }, null), echo.quote);
  }
  return sellAsAsked(gate, call, route, access, { quoting, called, echo });
}

interface Asked {
  readonly quoting: Quoting;
  readonly called: string;
  readonly echo: Echo;
}

async function sellAsAsked(
  gate: Gate,
  call: Call,
  route: PricedRoute,
  access: ComputedAccess,
  { quoting, called, echo }: Asked,
): Promise<Outcome> {
  const price = await askPrice(gate, call, access, quoting, called);
  if (!price.ok) call.trace.unquoted = price.error;
  const today = price.ok ? { ...quoting.most, offer: price.value } : quoting.fallback;
  if (today === null) return refuse({ reason: "quote_unavailable" });
  const objection = objectionTo(echo, today.offer.price, false);
  return quoted(gate, await sell(gate, call, route, today, objection), quoteOf(gate, today, called));
}

async function observeQuoted(
  gate: Gate,
  call: Call,
  access: ComputedAccess,
  quoting: Quoting,
  called: string,
): Promise<Outcome> {
  // What was too long to be read has no price that anybody could name.
  const isRead = !quoting.sendsBody || !(call.body instanceof ReadableStream);
  const price = isRead ? await askPrice(gate, call, access, quoting, called) : err("body_unread");
  if (!price.ok) call.trace.unquoted = price.error;
  call.trace.observed = price.ok ? price.value : (quoting.fallback?.offer ?? null);
  return pass(gate, call, freely(access));
}

const bodyDigest = async ({ body }: Call): Promise<string | null> =>
  body instanceof Uint8Array ? digestOfBytes(body) : null;
