// One fetch to the upstream, with what the table says about bodies.

import type { FreeAccess, PaidAccess } from "../config/index.ts";
import { upstreamUrl } from "../route/index.ts";
import { limited } from "../std/index.ts";
import { addressOf, type Forwarded, type Paid } from "../upstream/index.ts";
import { conditionsOf } from "./conditions.ts";
import { type Body, type Call, discard, type Gate, isBodiless } from "./gate.ts";

export type Forwarding =
  | Forwarded
  | { readonly kind: "failed"; readonly reason: "body_too_large"; readonly bytesMax: number }
  | { readonly kind: "failed"; readonly reason: "body_incomplete" };

/**
 * An answer whose declared length is at most `bufferBytesMax` is read whole where it is priced.
 *
 * @param paid null for what passes unpaid
 */
export async function forward(
  { config, upstream }: Gate,
  { request, target, trace }: Call,
  access: FreeAccess | PaidAccess,
  body: Body,
  paid: Paid | null,
): Promise<Forwarding> {
  const { method, headers } = request;
  const { host, proto } = target;
  const offer = access.kind === "paid" && access.offer.mode === "enforce" ? access.offer : null;
  const sent = limitBody(isBodiless(method) ? null : body, headers, access.bodyBytesMax);
  const answer = upstream(access.upstream)({
    url: upstreamUrl(addressOf(access.upstream, target.hostname), target),
    method,
    headers,
    body: sent.body,
    cancel: sent.limit?.broken ?? null,
    host,
    proto,
    priced: offer !== null,
    conditions: offer && conditionsOf(offer, method, paid),
    paid,
    wholeBytesMax: offer === null ? 0 : config.bufferBytesMax,
    isRead: offer !== null && offer.meter !== null,
  });
  const forwarded = await trace.measure("upstream", answer);
  if (!sent.limit?.broken.aborted) return forwarded;
  // The upstream may have taken what it got of the body for all of it, and answered that.
  if (forwarded.kind === "answered") discard(forwarded.answer);
  const { broken, bytesMax } = sent.limit;
  return broken.reason === "too_large"
    ? { kind: "failed", reason: "body_too_large", bytesMax }
    : { kind: "failed", reason: "body_incomplete" };
}

interface LimitedBody {
  readonly body: Body;
  /** Null where nothing is counted. */
  readonly limit: { readonly broken: AbortSignal; readonly bytesMax: number } | null;
}

/** A body of a length that nobody declared is counted on its way; others were judged by their length. */
function limitBody(body: Body, headers: Headers, bytesMax: number | null): LimitedBody {
  if (!(body instanceof ReadableStream) || bytesMax === null || headers.has("content-length")) {
    return { body, limit: null };
  }
  const { stream, broken } = limited(body, bytesMax);
  return { body: stream, limit: { broken, bytesMax } };
}
