// What the gateway needs of the world, and what it carries through the story of a paid request.

import { attemptMs, type Config } from "../config/index.ts";
import type { Facilitator } from "../facilitator/index.ts";
import type { Books, SpentPayments } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { Invitation, Problem } from "../problem.ts";
import type { Offer, Route, Target } from "../route/index.ts";
import type { SignedPayment } from "../schemes/index.ts";
import type { Forwarded, Upstream, UpstreamAnswer } from "../upstream/index.ts";

export interface Gate {
  readonly config: Config;
  readonly books: Books;
  readonly spent: SpentPayments;
  readonly facilitator: Facilitator;
  readonly upstream: Upstream;
  readonly nowMs: () => number;
  /** Unguessable, a new one each time. */
  readonly newId: () => string;
  /** Keeps the invocation alive behind the answer; the platform allows 30 seconds more when the client is gone. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
  readonly logPayment: (line: PaymentLine) => void;
}

/** A request whose target was understood. */
export interface Call {
  readonly request: Request;
  readonly target: Target;
  readonly upstreamUrl: string;
}

/** A paid request once its body, where it is small, was read. */
export interface Order {
  readonly call: Call;
  readonly route: Route;
  readonly offer: Offer;
  readonly invitation: Invitation;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  readonly fingerprint: string;
}

/** What became of a payment, for the operator's log. */
export interface PaymentLine {
  readonly payment: SignedPayment;
  readonly order: Order;
  readonly outcome: Outcome;
  readonly durationMs: number;
}

export const refuse = (problem: Problem): Outcome => ({ kind: "refused", problem });

/** Leases outlast everything that an attempt does; the margin covers the way between. */
const LEASE_MARGIN_MS = 15_000;

export const leaseMs = ({ config }: Gate): number => attemptMs(config) + LEASE_MARGIN_MS;

/** An answer that nobody gets: the upstream may stop writing it. */
export function discard({ body }: UpstreamAnswer): void {
  // One that is already gone has nothing to cancel.
  if (body instanceof ReadableStream) void body.cancel().catch(() => undefined);
}

/** One fetch to the upstream. `wholeBytesMax` is up to which declared length the answer is read whole. */
export function forward(
  gate: Gate,
  { request, target, upstreamUrl }: Call,
  body: Order["body"],
  priced: boolean,
  wholeBytesMax: number,
): Promise<Forwarded> {
  const { method, headers } = request;
  const { host, proto } = target;
  return gate.upstream({ url: upstreamUrl, method, headers, body, host, proto, priced, wholeBytesMax });
}
