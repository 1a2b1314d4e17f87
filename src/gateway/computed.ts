// A price that follows the request: what it follows is read first, whole where it is a body, and what was read is what is
// forwarded. Then it is a price like any other, or nothing that is sold.

import type { ComputedAccess, FixedAccess, FreeAccess, PricedRoute } from "../config/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { Problem } from "../problem.ts";
import { err, ok, type Result, readWithin } from "../std/index.ts";
import { choose, needsBody } from "../tariff/index.ts";
import { type Call, type Gate, isBodiless, refuse } from "./gate.ts";
import { pass } from "./pass.ts";
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
  const { value: meant } = priced;
  if (meant.kind === "closed") return refuse({ reason: "not_sold" });
  if (access.mode === "observe") {
    call.trace.observed = meant.kind === "paid" ? meant.offer : null;
    return pass(gate, call, meant);
  }
  return meant.kind === "free" ? waive(gate, call, meant) : sell(gate, call, route, meant);
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

function priceOf(call: Call, route: PricedRoute, access: ComputedAccess): Result<FixedAccess, Problem> {
  const { request, target, body } = call;
  const { method, headers } = request;
  const isAtKey = target.segments.length === route.segments.length;
  const choice = choose(access.table, { method, query: target.query, headers, body, isAtKey });
  switch (choice.kind) {
    case "entry":
      return ok(choice.value);
    case "transport":
      return ok(freely(access));
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
