// A price that follows the request: what it follows is read first, whole where it is a body, and what was read is what is
// forwarded. Then it is a price like any other, or nothing that is sold.

import {
  type ComputedAccess,
  type FixedAccess,
  type FreeAccess,
  type PaidAccess,
  type PricedRoute,
  termsAt,
} from "../config/index.ts";
import { digestOf } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { Problem } from "../problem.ts";
import type { Terms } from "../schemes/index.ts";
import { err, ok, type Result, readWithin } from "../std/index.ts";
import { choose, needsBody } from "../tariff/index.ts";
import { type Call, type Gate, isBodiless, refuse } from "./gate.ts";
import { pass } from "./pass.ts";
import { type Echo, quoted, readEcho } from "./quote.ts";
import { sell } from "./sell.ts";

export async function sellComputed(
  gate: Gate,
  asked: Call,
  route: PricedRoute,
  access: ComputedAccess,
): Promise<Outcome> {
  const read = await readSelected(gate, asked, access);
  if (!read.ok) return refuse(read.error);
  const call = read.value;
  const priced = priceOf(call, route, access);
  // Only what has a price is there to be observed.
  if (!priced.ok) return access.mode === "observe" ? pass(gate, call, freely(access)) : refuse(priced.error);
  const { said, meant } = priced.value;
  if (meant.kind === "closed") return refuse({ reason: "not_sold" });
  if (access.mode === "observe") {
    call.trace.observed = meant.kind === "paid" ? meant.offer : null;
    return pass(gate, call, meant);
  }
  if (meant.kind === "free") return waive(gate, call, meant);
  const { target, request } = call;
  const verb = request.method === "HEAD" ? "GET" : request.method;
  const called = await digestOf(JSON.stringify([verb, target.host, target.path, said]));
  return sellQuoted(gate, call, route, meant, called);
}

/**
 * Today's price, or the one that was quoted for the same call and has not ended. Whatever is asked for now is quoted anew.
 *
 * @param called the digest of what is priced
 */
async function sellQuoted(
  gate: Gate,
  call: Call,
  route: PricedRoute,
  access: PaidAccess,
  called: string,
): Promise<Outcome> {
  const echo = await readEcho(gate, call, called);
  if (echo.kind === "unavailable") return refuse({ reason: "ledger_unavailable" });
  const { offer } = access;
  const terms = echo.kind === "quoted" && !echo.isOver ? termsAt(offer, echo.quote.price) : null;
  // What is settled or under way is told its own truth first, whatever stands against it now.
  const outcome = await sell(
    gate,
    call,
    route,
    terms === null ? access : { ...access, offer: { ...offer, terms } },
    objectionTo(echo, offer.price, terms),
  );
  const seconds = Math.floor(gate.nowMs() / 1000) + offer.maxTimeoutSeconds;
  return quoted(gate, outcome, { price: offer.price, expires: seconds, call: called });
}

/** A quote that is over does no harm where the price is still the same. */
function objectionTo(echo: Echo, price: string, terms: readonly Terms[] | null): string | null {
  switch (echo.kind) {
    case "refused":
      return echo.code;
    case "quoted":
      if (terms !== null || (echo.isOver && echo.quote.price === price)) return null;
      return echo.isOver ? "price_quote_expired" : "price_quote_mismatch";
    default:
      return null;
  }
}

/** As if it had no price. */
export const freely = ({ upstream, bodyBytesMax }: ComputedAccess): FreeAccess => ({
  kind: "free",
  upstream,
  bodyBytesMax,
});

/** It costs nothing here, and stays at a priced place: the table's word about pages of other origins holds for it. */
async function waive(gate: Gate, call: Call, access: FreeAccess): Promise<Outcome> {
  const outcome = await pass(gate, call, access);
  return outcome.kind === "passed" ? { ...outcome, kind: "waived" } : outcome;
}

interface Meant {
  readonly meant: FixedAccess;
  /** What the request says of that which decides. */
  readonly said: string;
}

function priceOf(call: Call, route: PricedRoute, access: ComputedAccess): Result<Meant, Problem> {
  const { request, target, body } = call;
  const { method, headers } = request;
  const isAtKey = target.segments.length === route.segments.length;
  const choice = choose(access.table, { method, query: target.query, headers, body, isAtKey });
  switch (choice.kind) {
    case "entry":
      return ok({ meant: choice.value, said: choice.said });
    case "transport":
      return ok({ meant: freely(access), said: "" });
    case "refused":
      return err(choice.problem);
  }
}

/** A body that the price follows is read before anybody is asked to pay, within what is read whole anywhere. */
async function readSelected({ config }: Gate, call: Call, access: ComputedAccess): Promise<Result<Call, Problem>> {
  const { body, request, trace } = call;
  const { method, headers } = request;
  if (!(body instanceof ReadableStream) || isBodiless(method) || !needsBody(access.table.selector, method)) {
    return ok(call);
  }
  const bytesMax = Math.min(access.bodyBytesMax ?? config.bufferBytesMax, config.bufferBytesMax);
  const length = headers.get("content-length");
  const isTooLarge = Number(length) > bytesMax;
  // What is only observed passes, and is not read for that.
  if (access.mode === "observe" && (isTooLarge || length === null)) return ok(call);
  if (isTooLarge) return err({ reason: "body_too_large", bytesMax });
  const bytes = await trace.measure("body", readWithin(body, bytesMax, access.upstream.timeoutMs));
  if (!bytes.ok)
    return err(bytes.error === "too_large" ? { reason: "body_too_large", bytesMax } : { reason: "body_incomplete" });
  const isWhole = length === null || bytes.value.byteLength === Number(length);
  return isWhole ? ok({ ...call, body: bytes.value }) : err({ reason: "body_incomplete" });
}
