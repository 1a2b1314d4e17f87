// Outcome to Response. Nothing of ours may be cached, and a paid answer belongs to its payer alone.

import type { Invitation, Problem } from "../problem.ts";
import { encodeChallenge, encodeReceipt, encodeV1Challenge } from "../x402/index.ts";
import { type CorsPolicy, preflightHeaders, setCors } from "./cors.ts";
import type { Answer, Outcome } from "./outcome.ts";
import { refusalOf } from "./refusal.ts";

/** What an answer needs to know of its request. */
export interface Asker {
  readonly requestId: string;
  /** Of the page whose script asks, or null where no page does. */
  readonly origin: string | null;
}

export function respond(outcome: Outcome, cors: CorsPolicy, { requestId, origin }: Asker): Response {
  if (outcome.kind === "passed") return toResponse(outcome.answer);
  const response = respondAlone(outcome, requestId);
  setCors(response.headers, cors, origin);
  return response;
}

function respondAlone(outcome: Exclude<Outcome, { kind: "passed" }>, requestId: string): Response {
  switch (outcome.kind) {
    case "preflight":
      return new Response(null, { status: 204, headers: preflightHeaders(outcome.preflight) });
    case "told":
      return Response.json(outcome.json, { headers: { "cache-control": "no-store" } });
    case "unsold":
    case "served":
      return toResponse(withPrivateCaching(outcome.answer));
    case "redelivered":
    case "sold": {
      const answer = withPrivateCaching(outcome.answer);
      answer.headers.set(...encodeReceipt(outcome.receipt));
      return toResponse(answer);
    }
    case "refused":
      return refuse(outcome.problem, requestId);
  }
}

function refuse(problem: Problem, requestId: string): Response {
  const { status, message, code, headers, evidence, invitation } = refusalOf(problem);
  const error = code ?? problem.reason;
  const members = JSON.stringify({ error, message, ...evidence, requestId });
  const response = new Response(invitation ? withV1(members, invitation) : members, {
    status,
    headers: { ...headers },
  });
  response.headers.set("content-type", "application/json");
  response.headers.set("cache-control", "no-store");
  if (invitation) {
    const reason = problem.reason === "payment_required" ? "PAYMENT-SIGNATURE header is required" : error;
    const { challenge, resourceUrl } = invitation;
    response.headers.set("payment-required", encodeChallenge(challenge, resourceUrl, reason));
  }
  return response;
}

/** One object for both: what we say to a reader, and the challenge that v1 clients look for in the body. */
const withV1 = (members: string, { challenge, resourceUrl }: Invitation): string =>
  `{${encodeV1Challenge(challenge, resourceUrl)}${members.slice(1)}`;

/** Shared caches have headers of their own beside Cache-Control (RFC 9213 and its vendors). */
const SHARED_CACHING = [
  "cdn-cache-control",
  "cloudflare-cdn-cache-control",
  "surrogate-control",
  "expires",
  "pragma",
  "age",
];

function withPrivateCaching(answer: Answer): Answer {
  const headers = new Headers(answer.headers);
  for (const name of SHARED_CACHING) headers.delete(name);
  headers.set("cache-control", "private, no-store");
  return { ...answer, headers };
}

/** These have no body, and `Response` throws when it is given one (RFC 9110 section 15). */
const NULL_BODY_STATUSES = [101, 204, 205, 304];

function toResponse({ status, headers, body, webSocket }: Answer): Response {
  const isEmpty = NULL_BODY_STATUSES.includes(status);
  return new Response(isEmpty ? null : body, {
    status,
    headers,
    encodeBody: "manual",
    ...(webSocket && { webSocket }),
  });
}
