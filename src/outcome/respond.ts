// Outcome to Response. Nothing of ours may be cached, and a paid answer belongs to its payer alone.

import type { Invitation, Problem } from "../problem.ts";
import { encodeChallenge, encodeReceipt, encodeV1Challenge } from "../x402/index.ts";
import { type CorsPolicy, corsHeaders, type HeaderTexts, preflightHeaders, setCors } from "./cors.ts";
import type { Answer, Outcome } from "./outcome.ts";
import { refusalOf } from "./refusal.ts";

/** What an answer needs to know of its request. */
export interface Asker {
  readonly requestId: string;
  /** Of the page whose script asks, or null where no page does. */
  readonly origin: string | null;
}

export function respond(outcome: Outcome, cors: CorsPolicy, { requestId, origin }: Asker): Response {
  switch (outcome.kind) {
    case "passed":
      return outcome.answer.whole ?? toResponse(outcome.answer);
    case "waived": {
      const headers = new Headers(outcome.answer.headers);
      setCors(headers, cors, origin);
      return toResponse({ ...outcome.answer, headers });
    }
    case "preflight": {
      const headers = { ...preflightHeaders(outcome.preflight), ...corsHeaders(cors, origin) };
      return new Response(null, { status: 204, headers });
    }
    case "told":
      return Response.json(outcome.json, { headers: { "cache-control": "no-store", ...corsHeaders(cors, origin) } });
    case "unsold":
    case "served":
      return toResponse(forPayer(outcome.answer, cors, origin));
    case "redelivered":
    case "sold": {
      const answer = forPayer(outcome.answer, cors, origin);
      answer.headers.set(...encodeReceipt(outcome.receipt));
      return toResponse(answer);
    }
    case "refused":
      return refuse(outcome.problem, requestId, corsHeaders(cors, origin));
  }
}

function refuse(problem: Problem, requestId: string, shared: HeaderTexts): Response {
  const { status, message, code, headers, evidence, invitation } = refusalOf(problem);
  const error = code ?? problem.reason;
  const members = JSON.stringify({ error, message, ...evidence, requestId });
  const own = { ...headers, "content-type": "application/json", "cache-control": "no-store", ...shared };
  if (!invitation) return new Response(members, { status, headers: own });
  const { challenge, resourceUrl } = invitation;
  const reason = problem.reason === "payment_required" ? "PAYMENT-SIGNATURE header is required" : error;
  return new Response(withV1(members, invitation), {
    status,
    headers: { ...own, "payment-required": encodeChallenge(challenge, resourceUrl, reason) },
  });
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

function forPayer(answer: Answer, cors: CorsPolicy, origin: string | null): Answer {
  const headers = new Headers(answer.headers);
  setCors(headers, cors, origin);
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
