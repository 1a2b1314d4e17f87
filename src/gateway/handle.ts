// The story of one request: match, then pass on, refuse, or sell. Nothing is touched before the target was read.

import type { Outcome } from "../outcome/index.ts";
import { OWN_PREFIX, parseTarget, type Route, upstreamUrl } from "../route/index.ts";
import { type Call, discard, forward, type Gate, refuse } from "./gate.ts";
import { sell } from "./sell.ts";

export async function handle(gate: Gate, request: Request): Promise<Outcome> {
  const target = parseTarget(request.url);
  if (!target.ok) return refuse(target.error);
  const { segments } = target.value.path;
  if (segments[0] === OWN_PREFIX) return refuse({ reason: "not_found" });
  if (hasUnexpectedBody(request)) return refuse({ reason: "unexpected_body" });
  const call = { request, target: target.value, upstreamUrl: upstreamUrl(gate.config.upstream.url, target.value) };
  const answered = answerPreflight(gate, call);
  if (answered) return answered;
  const match = gate.config.matcher.match(request.method, segments);
  switch (match.kind) {
    case "method_not_allowed":
      return refuse({ reason: "method_not_allowed", allow: match.allow });
    case "unmatched":
      return gate.config.unmatched === "free" ? pass(gate, call) : refuse({ reason: "not_found" });
    case "route":
      return take(gate, call, match.route);
  }
}

/**
 * A browser asks before a script may call. The gate says yes, unpaid and without the upstream; only where nothing of the
 * path is priced or closed it is the upstream's to say. Null where this is no such question, or is one about something
 * that is not there.
 */
function answerPreflight(gate: Gate, call: Call): Promise<Outcome> | Outcome | null {
  const { method, headers } = call.request;
  const asked = headers.get("access-control-request-method");
  if (method !== "OPTIONS" || asked === null || !headers.has("origin")) return null;
  const { segments } = call.target.path;
  const { matcher } = gate.config;
  const match = matcher.match(asked, segments);
  if (match.kind !== "route" || match.route.access.kind === "closed") return null;
  if (matcher.isFree(segments)) return pass(gate, call, null);
  const requested = headers.get("access-control-request-headers") ?? "";
  return { kind: "preflight", preflight: { methods: matcher.methods(segments), requested } };
}

function take(gate: Gate, call: Call, route: Route): Promise<Outcome> | Outcome {
  switch (route.access.kind) {
    case "closed":
      return refuse({ reason: "not_found" });
    case "free":
      return pass(gate, call);
    case "paid":
      return sell(gate, call, route, route.access.offer);
  }
}

/** A free route: the same bytes both ways. */
async function pass(gate: Gate, call: Call, body = call.request.body): Promise<Outcome> {
  const forwarded = await forward(gate, call, body, false, 0);
  if (forwarded.kind !== "answered") return refuse(forwarded);
  const { answer } = forwarded;
  const { status } = answer;
  // Its own challenge would name somebody else's payee under our name; and there is no status above 599.
  if (status !== 402 && status <= 599) return { kind: "passed", answer };
  discard(answer);
  return refuse({ reason: "upstream_not_sellable", status });
}

/** Origins disagree about a body that these methods give no meaning to (RFC 9110 section 9.3.1). */
function hasUnexpectedBody({ method, body, headers }: Request): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  return body !== null || (headers.get("content-length") ?? "0") !== "0" || headers.has("transfer-encoding");
}
