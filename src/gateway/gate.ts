// What the gateway needs of the world, and what it carries through the story of a request.

import { attemptMs, type Config, type FreeAccess, type PaidAccess, type PricedRoute } from "../config/index.ts";
import type { Facilitator, FacilitatorSettings } from "../facilitator/index.ts";
import type { Books, SpentPayments } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { Invitation, Problem } from "../problem.ts";
import { type Target, upstreamUrl } from "../route/index.ts";
import { limited } from "../std/index.ts";
import {
  addressOf,
  type Forwarded,
  type Upstream,
  type UpstreamAnswer,
  type UpstreamSettings,
} from "../upstream/index.ts";
import type { RequestLine, Trace } from "./trace.ts";

export interface Gate {
  readonly config: Config;
  readonly books: Books;
  readonly spent: SpentPayments;
  /** Of the settings in `config`. */
  readonly facilitator: (settings: FacilitatorSettings) => Facilitator;
  readonly upstream: (settings: UpstreamSettings) => Upstream;
  /**
   * Whether one more signature that cannot be checked here may go to the facilitator, for this client. I/O of the
   * platform's rate limiter, so it is asked for nothing else.
   */
  readonly admitUnproven: (client: string) => Promise<boolean>;
  readonly nowMs: () => number;
  /** Unguessable, a new one each time. */
  readonly newId: () => string;
  /** Keeps the invocation alive behind the answer; the platform allows 30 seconds more when the client is gone. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
  readonly log: (line: RequestLine) => void;
}

/** A request whose target was understood. */
export interface Call {
  readonly request: Request;
  readonly target: Target;
  readonly trace: Trace;
}

/** A call for something that has a price. */
export interface Sale {
  readonly call: Call;
  readonly route: PricedRoute;
  readonly access: PaidAccess;
  readonly invitation: Invitation;
}

/** A paid call once its body, where it is small, was read. */
export interface Order extends Sale {
  readonly body: Body;
  readonly fingerprint: string;
}

export type Body = ReadableStream<Uint8Array> | Uint8Array | null;

/** Methods whose body is refused before anything else is done; `fetch` takes none with them, not even an empty one. */
export const isBodiless = (method: string): boolean => method === "GET" || method === "HEAD";

export const refuse = (problem: Problem): Outcome => ({ kind: "refused", problem });

/** The longest that an attempt may take. */
export const budgetMs = ({ upstream, offer }: PaidAccess): number => attemptMs(upstream, offer.facilitator);

/** Leases outlast everything that an attempt does; the margin covers the way between. */
const LEASE_MARGIN_MS = 15_000;

export const leaseMs = (access: PaidAccess): number => budgetMs(access) + LEASE_MARGIN_MS;

/** An answer that nobody gets: the upstream may stop writing it. */
export function discard({ body }: UpstreamAnswer): void {
  // One that is already gone has nothing to cancel.
  if (body instanceof ReadableStream) void body.cancel().catch(() => undefined);
}

type Forwarding =
  | Forwarded
  | { readonly kind: "failed"; readonly reason: "body_too_large"; readonly bytesMax: number }
  | { readonly kind: "failed"; readonly reason: "body_incomplete" };

/** One fetch to the upstream. An answer whose declared length is at most `bufferBytesMax` is read whole where it is priced. */
export async function forward(
  { config, upstream }: Gate,
  { request, target, trace }: Call,
  access: FreeAccess | PaidAccess,
  body: Body,
): Promise<Forwarding> {
  const { method, headers } = request;
  const { host, proto } = target;
  const priced = access.kind === "paid" && access.offer.mode === "enforce";
  const { bytesMax, ...limit } = limitBody(isBodiless(method) ? null : body, headers, access.bodyBytesMax);
  const answer = upstream(access.upstream)({
    url: upstreamUrl(addressOf(access.upstream, target.hostname), target),
    method,
    headers,
    body: limit.body,
    cancel: limit.broken,
    host,
    proto,
    priced,
    wholeBytesMax: priced ? config.bufferBytesMax : 0,
  });
  const forwarded = await trace.measure("upstream", answer);
  if (!limit.broken?.aborted) return forwarded;
  // The upstream may have taken what it got of the body for all of it, and answered that.
  if (forwarded.kind === "answered") discard(forwarded.answer);
  return limit.broken.reason === "too_large"
    ? { kind: "failed", reason: "body_too_large", bytesMax }
    : { kind: "failed", reason: "body_incomplete" };
}

interface LimitedBody {
  readonly body: Body;
  readonly broken: AbortSignal | null;
  readonly bytesMax: number;
}

/** A body of a length that nobody declared is counted on its way; others were judged by their length. */
function limitBody(body: Body, headers: Headers, bytesMax: number | null): LimitedBody {
  if (!(body instanceof ReadableStream) || bytesMax === null || headers.has("content-length")) {
    return { body, broken: null, bytesMax: bytesMax ?? 0 };
  }
  const { stream, broken } = limited(body, bytesMax);
  return { body: stream, broken, bytesMax };
}
