// A price that follows the request: what it follows is read first, whole where it is a body, and what was read is what is
// forwarded. Then it is a price like any other, or nothing that is sold.

import {
  type ComputedAccess,
  type FixedAccess,
  type FreeAccess,
  offersOf,
  type PaidAccess,
  type PricedRoute,
  termsAt,
} from "../config/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { Problem } from "../problem.ts";
import { ok, type Result } from "../std/index.ts";
import { choose, needsBody, type PriceTable, selectorText } from "../tariff/index.ts";
import { isHandshake } from "../upstream/index.ts";
import { isDeclaredShort, readWhole } from "./body.ts";
import { type Call, type Gate, isBodiless, refuse } from "./gate.ts";
import { offeredSoon } from "./offered.ts";
import { freely, pass } from "./pass.ts";
import { calledBy, objectionTo, quoted, quoteOf, readEcho } from "./quote.ts";
import { sellAsQuoted } from "./quoted.ts";
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
  const { tariff } = access;
  return tariff.kind === "table"
    ? sellByTable(gate, call, route, access, tariff.table)
    : sellAsQuoted(gate, call, route, access, tariff);
}

/** A body that the price follows is read before anybody is asked to pay, within what is read whole anywhere. */
async function readSelected(gate: Gate, call: Call, access: ComputedAccess): Promise<Result<Call, Problem>> {
  const { body, request } = call;
  if (!(body instanceof ReadableStream) || !readsBody(access, request.method)) return ok(call);
  // What is only observed passes, and is not read for that.
  if (access.mode === "observe" && !isDeclaredShort(gate, call, access)) return ok(call);
  const whole = await readWhole(gate, call, body, access);
  return whole.ok ? ok({ ...call, body: whole.value }) : whole;
}

function readsBody({ tariff }: ComputedAccess, method: string): boolean {
  if (isBodiless(method)) return false;
  return tariff.kind === "table" ? needsBody(tariff.table.selector, method) : tariff.sendsBody;
}

async function sellByTable(
  gate: Gate,
  call: Call,
  route: PricedRoute,
  access: ComputedAccess,
  table: PriceTable<FixedAccess>,
): Promise<Outcome> {
  const { request, target, body, trace } = call;
  const isAtKey = target.segments.length === route.segments.length;
  const asked = { method: request.method, query: target.query, headers: request.headers, body, isAtKey };
  const isObserved = access.mode === "observe";
  // What was too long to be read has no price that anybody could name.
  const isUnread = body instanceof ReadableStream && needsBody(table.selector, request.method);
  if (isObserved && isUnread) return pass(gate, call, freely(access));
  const choice = choose(table, asked);
  // Only what has a price is there to be observed.
  if (choice.kind === "refused") return isObserved ? pass(gate, call, freely(access)) : refuse(choice.problem);
  const { value: meant, said } = choice.kind === "entry" ? choice : { value: freely(access), said: "" };
  if (meant.kind === "closed") return refuse({ reason: "not_sold" });
  if (isObserved) {
    trace.observed = meant.kind === "paid" ? meant.offer : null;
    return pass(gate, call, meant);
  }
  if (meant.kind === "free") return waive(gate, call, access, meant);
  const { selector } = table;
  const sold = selector.kind === "header" ? { ...call, said } : call;
  return sellAtEntry(gate, sold, route, meant, await calledBy(call, selectorText(selector), said));
}

/**
 * It costs nothing here, and stays at a priced place: the table's word about pages of other origins holds for it, and
 * behind a WebSocket anything could be asked for.
 */
async function waive(gate: Gate, call: Call, computed: ComputedAccess, access: FreeAccess): Promise<Outcome> {
  const sellsWebSockets = offersOf(computed).some(({ webSocket }) => webSocket);
  if (isHandshake(call.request) && !sellsWebSockets) return refuse({ reason: "upgrade_required" });
  const outcome = await pass(gate, call, access);
  return outcome.kind === "passed" ? { ...outcome, kind: "waived" } : outcome;
}

/** At the entry's price, or at the one that was quoted for the same call and has not ended. */
async function sellAtEntry(
  gate: Gate,
  call: Call,
  route: PricedRoute,
  entry: PaidAccess,
  called: string,
): Promise<Outcome> {
  const echo = await readEcho(gate, call, called);
  // The form that is sold, so that what is changed of it stays changed.
  const access = await offeredSoon(gate, entry);
  if (echo.kind === "unavailable") return refuse({ reason: "ledger_unavailable" });
  const { offer } = access;
  const terms = echo.kind === "quoted" && !echo.isOver ? termsAt(offer, echo.quote.price) : null;
  const held = terms === null ? access : { ...access, offer: { ...offer, terms } };
  // What is settled or under way is told its own truth first, whatever stands against it now.
  const objection = objectionTo(echo, offer.price, terms !== null);
  return quoted(gate, await sell(gate, call, route, held, objection), quoteOf(gate, access, called));
}
