// Outcome to Response. Nothing of ours may be cached, and a paid answer belongs to its payer alone.

import type { Problem } from "../problem.ts";
import { encodeChallenge, encodeReceipt } from "../x402/index.ts";
import type { Answer, Outcome } from "./outcome.ts";
import { refusalOf } from "./refusal.ts";

export function respond(outcome: Outcome): Response {
  switch (outcome.kind) {
    case "passed":
      return toResponse(outcome.answer);
    case "unsold":
      return toResponse(withPrivateCaching(outcome.answer));
    case "sold": {
      const answer = withPrivateCaching(outcome.answer);
      answer.headers.set("payment-response", encodeReceipt(outcome.settlement));
      return toResponse(answer);
    }
    case "refused":
      return refuse(outcome.problem);
  }
}

function refuse(problem: Problem): Response {
  const { status, message, code, headers, evidence, invitation } = refusalOf(problem);
  const error = code ?? problem.reason;
  const response = Response.json({ error, message, ...evidence }, { status, headers: { ...headers } });
  response.headers.set("cache-control", "no-store");
  if (invitation) {
    const reason = problem.reason === "payment_required" ? "PAYMENT-SIGNATURE header is required" : error;
    const { challenge, resourceUrl } = invitation;
    response.headers.set("payment-required", encodeChallenge(challenge, resourceUrl, reason));
  }
  return response;
}

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

function toResponse({ status, headers, body }: Answer): Response {
  const isEmpty = NULL_BODY_STATUSES.includes(status);
  return new Response(isEmpty ? null : body, { status, headers, encodeBody: "manual" });
}
