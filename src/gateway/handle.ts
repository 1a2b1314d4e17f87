// The story of one request: match, then pass on, refuse, or sell. Nothing is touched before the target was read.

import type { Config, PricedRoute } from "../config/index.ts";
import type { Outcome } from "../outcome/index.ts";
import { parseTarget, type Target } from "../route/index.ts";
import { isLoop } from "../upstream/index.ts";
import { type Call, type Gate, isBodiless, refuse, type SellComputed } from "./gate.ts";
import { answerOwn } from "./own.ts";
import { freely, pass } from "./pass.ts";
import { sell } from "./sell.ts";
import { Trace } from "./trace.ts";

/** @param requestId told to the client in every error, and to the operator in the log */
export async function handle(gate: Gate, request: Request, requestId: string): Promise<Outcome> {
  const trace = new Trace(requestId, gate.nowMs);
  const outcome = await follow(gate, request, trace);
  gate.log(trace.line(request.method, outcome));
  return outcome;
}

async function follow(gate: Gate, request: Request, trace: Trace): Promise<Outcome> {
  const read = parseTarget(request.url, gate.config.matcher.allows);
  if (!read.ok) return refuse(read.error);
  const target = atPublicHost(gate.config, read.value);
  if (target === null) return refuse({ reason: "misdirected" });
  trace.target = target;
  if (target.segments[0] === gate.config.prefix) return answerOwn(gate, request.method, target);
  if (isLoop(request.headers)) return refuse({ reason: "loop_detected" });
  if (hasUnexpectedBody(request)) return refuse({ reason: "unexpected_body" });
  const call = { request, target, body: request.body, said: null, trace };
  const answered = answerPreflight(gate, call);
  if (answered) return answered;
  const match = gate.config.matcher.match(request.method, target);
  switch (match.kind) {
    case "method_not_allowed":
      return refuse({ reason: "method_not_allowed", allow: match.allow });
    case "refused":
      return refuse({ reason: "invalid_path", flaw: match.flaw });
    case "unmatched":
      return enter(gate, call, null);
    case "route":
      trace.route = match.route.key;
      return enter(gate, call, match.route);
  }
}

/** The target as its host is known to the public; null for a host that is not ours to answer for (RFC 9110 section 15.5.20). */
function atPublicHost({ hosts }: Config, target: Target): Target | null {
  if (hosts === null) return target;
  const known = hosts.find(({ host }) => host === target.host);
  if (!known) return null;
  return known.proto === null ? target : { ...target, proto: known.proto };
}

/**
 * A browser asks before a script may call. The gate says yes, unpaid and without the upstream; only where all of the
 * path passes it is the upstream's to say. Null where this is no such question, or is one about something
 * that is not there.
 */
function answerPreflight(gate: Gate, call: Call): Promise<Outcome> | Outcome | null {
  const { method, headers } = call.request;
  if (method !== "OPTIONS" || !headers.has("origin")) return null;
  // Where it names no method, no route has that.
  const asked = headers.get("access-control-request-method") ?? "";
  const { matcher } = gate.config;
  const match = matcher.match(asked, call.target);
  if (match.kind !== "route") return null;
  const { access, key } = match.route;
  if (access.kind === "closed") return null;
  call.trace.route = key;
  if (matcher.every(call.target, passes)) {
    return pass(gate, { ...call, body: null }, access.kind === "computed" ? freely(access) : access);
  }
  const requested = headers.get("access-control-request-headers") ?? "";
  return { kind: "preflight", preflight: { methods: matcher.methods(call.target), requested } };
}

/** Whether requests go through as they are. */
function passes({ access }: PricedRoute): boolean {
  switch (access.kind) {
    case "free":
      return true;
    case "closed":
      return false;
    case "paid":
      return access.offer.mode === "observe";
    case "computed":
      return access.mode === "observe";
  }
}

/** @param route null where none is meant: then the table's own word for the rest holds */
function enter(gate: Gate, call: Call, route: PricedRoute | null): Promise<Outcome> | Outcome {
  const access = route?.access ?? gate.config.unmatched;
  if (access.kind === "closed") return refuse({ reason: "not_found" });
  const { bodyBytesMax } = access;
  if (bodyBytesMax !== null && Number(call.request.headers.get("content-length")) > bodyBytesMax) {
    return refuse({ reason: "body_too_large", bytesMax: bodyBytesMax });
  }
  if (access.kind === "free") return pass(gate, call, access);
  // What no route names has no price.
  const priced = route as PricedRoute;
  // A gate whose table needs it is not opened without it.
  if (access.kind === "computed") return (gate.sellComputed as SellComputed)(gate, call, priced, access);
  if (access.offer.mode === "enforce") return sell(gate, call, priced, access, null);
  call.trace.observed = access.offer;
  return pass(gate, call, access);
}

/**
 * Origins disagree about a body that these methods give no meaning to (RFC 9110 section 9.3.1). One that is said to have
 * no bytes is none, although the runtime hands over a stream for it.
 */
function hasUnexpectedBody({ method, body, headers }: Request): boolean {
  if (!isBodiless(method)) return false;
  const length = headers.get("content-length");
  const isNone = [body === null, length === "0"].includes(true);
  return !isNone || (length ?? "0") !== "0" || headers.has("transfer-encoding");
}
