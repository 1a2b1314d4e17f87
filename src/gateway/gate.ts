// What the gateway needs of the world, and what it carries through the story of a request.

import type { Chain } from "../chain/index.ts";
import {
  attemptMs,
  CONFIRM_MS,
  type ComputedAccess,
  type Config,
  LEASE_MARGIN_MS,
  type Offer,
  type PaidAccess,
  type PricedRoute,
  settleMs,
} from "../config/index.ts";
import type { Facilitators } from "../facilitator/index.ts";
import type { Books, Exposure, Lease, SpentPayments, Transactions } from "../ledger/index.ts";
import type { Meter } from "../metering/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { Invitation, Problem } from "../problem.ts";
import type { Target } from "../route/index.ts";
import type { CheckedPayment } from "../schemes/index.ts";
import type { PublicKey, Upstream, UpstreamAnswer, UpstreamSettings } from "../upstream/index.ts";
import type { X402Version } from "../x402/index.ts";
import type { Admitted } from "./admit.ts";
import type { Seal } from "./seal.ts";
import type { RequestLine, Trace } from "./trace.ts";

export interface Gate {
  readonly config: Config;
  readonly books: Books;
  readonly spent: SpentPayments;
  readonly transactions: Transactions;
  /** What all payers together owe. */
  readonly exposure: Exposure;
  readonly seal: Seal;
  /** What the upstream said of late about prices, by the call that it was asked about. */
  readonly quotes: Map<string, KeptQuote>;
  readonly facilitators: Facilitators;
  /** Of prices that follow the request; null in a bundle whose table has none. */
  readonly sellComputed: SellComputed | null;
  /** Of prices that follow use; null in a bundle whose table has none. */
  readonly metering: Metering | null;
  /** Of the settings in `config`. */
  readonly upstream: (settings: UpstreamSettings) => Upstream;
  /** With which what is sent to upstreams can be checked. */
  readonly publicKeys: () => Promise<readonly PublicKey[]>;
  /** Null where the table names no RPC for the network (CAIP-2). */
  readonly chain: (network: string) => Chain | null;
  /**
   * Whether one more signature that cannot be checked here may go to the facilitator, for this client. I/O of the
   * platform's rate limiter, so it is asked for nothing else.
   */
  readonly admitUnproven: (client: string) => Promise<boolean>;
  readonly nowMs: () => number;
  /** Unguessable, a new one each time. */
  readonly newId: () => string;
  readonly sleep: (ms: number) => Promise<void>;
  /** Keeps the invocation alive behind the answer; the platform allows 30 seconds more when the client is gone. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
  readonly log: (line: RequestLine) => void;
}

export type SellComputed = (gate: Gate, call: Call, route: PricedRoute, access: ComputedAccess) => Promise<Outcome>;

export interface Metering {
  /** @param judgedMs when its time was found to be enough */
  readonly serve: (gate: Gate, order: Order, admitted: Admitted, meter: Meter, judgedMs: number) => Promise<Outcome>;
  /** For a stream that is delivered again. */
  readonly track: (gate: Gate, access: PaidAccess, answer: UpstreamAnswer, body: ReadableStream<Uint8Array>) => Tracked;
}

/** An answer on its way. */
export interface Tracked {
  readonly answer: UpstreamAnswer;
  /** It is truncated where nobody knows whether its client left or its upstream broke off. */
  readonly ended: Promise<"delivered" | "truncated" | "left" | "broken">;
}

export interface KeptQuote {
  readonly offer: Offer;
  readonly untilMs: number;
}

/** A request whose target was understood. */
export interface Call {
  readonly request: Request;
  readonly target: Target;
  /** As it came, or whole where it was read. */
  readonly body: Body;
  /** What the header says that the price follows; null where it follows none. Nothing else of the call would tell it apart. */
  readonly said: string | null;
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
  /** Of the envelope that the payment came in: a receipt goes back in the same. */
  readonly x402Version: X402Version;
  readonly key: CallKey | null;
}

/** The Idempotency-Key or payment identifier of a call. */
export interface CallKey {
  /** SHA-256. */
  readonly digest: string;
  /** Whether it is too long to be guessed. */
  readonly isSecret: boolean;
}

export type Body = ReadableStream<Uint8Array> | Uint8Array | null;

/** Methods whose body is refused before anything else is done; `fetch` takes none with them, not even an empty one. */
export const isBodiless = (method: string): boolean => method === "GET" || method === "HEAD";

export const refuse = (problem: Problem): Outcome => ({ kind: "refused", problem });

/** Of a payment that is not taken. x402 tells apart a payer who has to let Permit2 move the token first. */
export function refusePayment(code: string, invitation: Invitation): Outcome {
  const needsAllowance = code === "permit2_allowance_required";
  return refuse(needsAllowance ? { reason: code, invitation } : { reason: "payment_refused", code, invitation });
}

/** Nothing more is owed: who wants this now pays first. */
export function askUpfront({ access, invitation }: Order, code: string): Outcome {
  const challenge = access.offer.upfront ?? invitation.challenge;
  return refuse({ reason: "payment_refused", code, invitation: { ...invitation, challenge } });
}

/** The longest that an attempt may take. */
const budgetMs = ({ upstream, offer }: PaidAccess): number => attemptMs(upstream, offer);

/** How long an authorization has to last. What is served first somebody else may have to settle. */
export const neededMs = (access: PaidAccess): number =>
  budgetMs(access) + (access.offer.settle === "async" ? LEASE_MARGIN_MS : 0);

/** Where a transaction is named for two payments: to hear that, and to look for it on the chain. */
const DOUBT_MS = CONFIRM_MS + 5_000;

/** Leases outlast everything that an attempt does. */
export const leaseMs = (access: PaidAccess): number => budgetMs(access) + LEASE_MARGIN_MS + DOUBT_MS;

/** How long a metered stream may last that is delivered again: no shorter than it could the first time. */
export const redeliveredMs = ({ offer }: PaidAccess): number => offer.maxTimeoutSeconds * 1000;

/** A redelivery that is followed to its end is lent to nobody else before. */
export const redemptionMs = (access: PaidAccess): number =>
  leaseMs(access) + (access.offer.meter === null ? 0 : redeliveredMs(access));

/** How long a metered stream that begins now may last, so that it can still be settled. */
export function meteredMs({ nowMs }: Gate, { access }: Order, { validBeforeMs }: CheckedPayment): number {
  const { offer } = access;
  const lastsMs = Math.min(validBeforeMs - nowMs(), offer.maxTimeoutSeconds * 1000);
  return Math.max(lastsMs - settleMs(offer) - LEASE_MARGIN_MS, 0);
}

/**
 * How long nobody but its attempt settles it, and until when at most: of what is served first there is time left for who
 * does it then. Whatever is metered may last as long as a stream that begins as late as may be.
 */
export function leaseOf(access: PaidAccess, { validBeforeMs }: CheckedPayment): Lease {
  const usualMs = leaseMs(access);
  const { settle, meter, maxTimeoutSeconds } = access.offer;
  if (settle !== "async") return { leaseMs: usualMs, leaseEndsMs: Number.POSITIVE_INFINITY };
  const streamedMs = budgetMs(access) + maxTimeoutSeconds * 1000 - LEASE_MARGIN_MS;
  return { leaseMs: meter === null ? usualMs : streamedMs, leaseEndsMs: validBeforeMs - LEASE_MARGIN_MS };
}

/** An answer that nobody gets: the upstream may stop writing it. */
export function discard({ body }: Pick<UpstreamAnswer, "body">): void {
  // One that is already gone has nothing to cancel.
  if (body instanceof ReadableStream) void body.cancel().catch(() => undefined);
}
