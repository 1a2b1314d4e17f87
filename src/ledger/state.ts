// The life of one payment: every state, every event, and what follows. Pure; the Durable Object stores the result.
//
//   claimed ── release ──▶ released ── claim ──▶ claimed        before the upstream was called
//   claimed ── uncharged | rejected | settled ──▶ (final)
//   claimed ── lost ──▶ unknown ── settled ──▶ settled          a settle call without a trustworthy answer
//   settled ── delivered | truncated ──▶ settled                the `delivery` column
//
// A claim past its lease is `unknown` too: what its attempt managed to do, nobody can say.

import { err, ok, type Result } from "../std/index.ts";

export type Pay = "claimed" | "settled" | "rejected" | "uncharged" | "unknown" | "released";
export type Delivery = "none" | "delivered" | "truncated";

export interface PaymentState {
  readonly pay: Pay;
  readonly delivery: Delivery;
  /** The attempt that may report; another one is refused. */
  readonly attempt: string;
  /** Until then the attempt is taken to be alive. */
  readonly leaseUntilMs: number;
  /** What was bought. */
  readonly fingerprint: string;
  readonly transaction: string | null;
  /** Why it ended without a charge. */
  readonly reason: string | null;
}

export type LedgerEvent =
  | { readonly kind: "release" }
  | { readonly kind: "uncharged"; readonly reason: string }
  | { readonly kind: "rejected"; readonly reason: string }
  | { readonly kind: "lost" }
  | { readonly kind: "settled"; readonly transaction: string }
  | { readonly kind: "delivered" }
  | { readonly kind: "truncated" };

/** What a payment is to somebody who presents it again. */
export type Standing =
  | { readonly kind: "claimable" }
  | { readonly kind: "in_flight" }
  /** A settle call was made and not answered; nobody is asking at the moment. */
  | { readonly kind: "unresolved" }
  /** Its attempt ended without a word: it may have settled, or never begun. */
  | { readonly kind: "unknown" }
  | { readonly kind: "settled"; readonly transaction: string }
  | { readonly kind: "ended"; readonly reason: string }
  | { readonly kind: "bound_elsewhere" };

export function standingOf(state: PaymentState | null, fingerprint: string, nowMs: number): Standing {
  if (state === null || state.pay === "released") return { kind: "claimable" };
  if (state.fingerprint !== fingerprint) return { kind: "bound_elsewhere" };
  const isAlive = nowMs < state.leaseUntilMs;
  switch (state.pay) {
    case "claimed":
      return { kind: isAlive ? "in_flight" : "unknown" };
    case "unknown":
      return { kind: isAlive ? "unknown" : "unresolved" };
    case "settled":
      return { kind: "settled", transaction: state.transaction ?? "" };
    case "rejected":
    case "uncharged":
      return { kind: "ended", reason: state.reason ?? state.pay };
  }
}

export type Refusal = "no_such_payment" | "stale_attempt" | "not_from_here";

/** The state after an attempt's report, or why the report does not count. */
export function transition(
  state: PaymentState | null,
  event: LedgerEvent,
  attempt: string,
): Result<PaymentState, Refusal> {
  if (state === null) return err("no_such_payment");
  // That money moved is true whichever attempt says it, and however late.
  if (event.kind !== "settled" && attempt !== state.attempt) return err("stale_attempt");
  if (!isAllowed(state, event.kind)) return err("not_from_here");
  switch (event.kind) {
    case "release":
      return ok({ ...state, pay: "released" });
    case "uncharged":
    case "rejected":
      return ok({ ...state, pay: event.kind, reason: event.reason });
    case "lost":
      return ok({ ...state, pay: "unknown", leaseUntilMs: 0 });
    case "settled":
      return ok({ ...state, pay: "settled", transaction: event.transaction });
    case "delivered":
    case "truncated":
      return ok({ ...state, delivery: event.kind });
  }
}

const FROM: { readonly [kind in LedgerEvent["kind"]]: readonly Pay[] } = {
  release: ["claimed"],
  uncharged: ["claimed"],
  rejected: ["claimed"],
  lost: ["claimed", "unknown"],
  // The chain decides about this one, not we: a report of money that moved is taken from wherever it comes.
  settled: ["claimed", "unknown", "released", "rejected", "uncharged"],
  delivered: ["settled"],
  truncated: ["settled"],
};

function isAllowed({ pay, delivery }: PaymentState, kind: LedgerEvent["kind"]): boolean {
  const isDelivery = kind === "delivered" || kind === "truncated";
  return FROM[kind].includes(pay) && (delivery === "none" || !isDelivery);
}
