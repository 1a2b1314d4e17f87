// The state of one payment, and what time makes of it. Pure; what a report makes of it stands in `rules.ts`.
//
// `pay` is about the money, `delivery` about the goods. Time is an event too: a claim past its lease may have settled,
// a settled payment whose attempt never reported was not delivered, a credit and a debt end.

export type Pay =
  /** An attempt is under way; past its lease nobody can say what it did. */
  | "claimed"
  /** Given back before the upstream was called; claimable again. */
  | "released"
  /** Executed, and the upstream's answer was not for sale. */
  | "uncharged"
  /** Refused for a reason that was decided before any broadcast. */
  | "rejected"
  /** Served before it was settled; settling goes on. */
  | "owed"
  /** It may have settled. */
  | "unknown"
  | "settled"
  /** It can never settle any more. */
  | "failed"
  /** Nobody could find out in time. */
  | "undetermined"
  /** Served, never paid, and no longer held against the payer. */
  | "written_off";

export type Delivery = "none" | "delivered" | "truncated" | "undelivered" | "redeemed" | "expired";

export interface PaymentState {
  readonly pay: Pay;
  readonly delivery: Delivery;
  /** The attempt that may report about the money; another one is refused. */
  readonly attempt: string;
  /** The attempt that may report about the goods: whoever finds out about the money takes no delivery over. */
  readonly courier: string;
  /** Until then the attempt is taken to be alive. */
  readonly leaseUntilMs: number;
  /** The facilitator that settles it, and no other: this one may have. */
  readonly facilitator: string;
  /** Whether a settle call is known to have begun. */
  readonly settleBegan: boolean;
  /** Of the settlement; of one that is only said to be under way while `pay` is unknown. */
  readonly transaction: string | null;
  /** Why it ended without a charge. */
  readonly reason: string | null;
  /** When a credit, a debt, or the memory of an execution that was not charged ends; null for everything else. */
  readonly endsMs: number | null;
}

/** How long an attempt is taken to be alive from now on, and whatever that is, until when at most. */
export interface Lease {
  readonly leaseMs: number;
  readonly leaseEndsMs: number;
}

export const leaseUntil = ({ leaseMs, leaseEndsMs }: Lease, nowMs: number): number =>
  Math.min(nowMs + leaseMs, leaseEndsMs);

/** Reported by an attempt. */
export type LedgerEvent =
  | { readonly kind: "release" }
  /** Another facilitator than the claim's has verified it, and nothing was settled yet. */
  | ({ readonly kind: "pinned"; readonly facilitator: string } & Lease)
  | { readonly kind: "uncharged"; readonly reason: string }
  | { readonly kind: "rejected"; readonly reason: string }
  /** A settle call without a trustworthy answer; the hash where one was named. */
  | { readonly kind: "lost"; readonly transaction: string | null }
  /** @member charge what was moved, where only the chain knows */
  | { readonly kind: "settled"; readonly transaction: string; readonly charge?: string }
  /** The answer was handed over before settling. */
  | { readonly kind: "served" }
  /** What a metered call has used, and so what is to be settled; the body of `/settle` that says so. */
  | { readonly kind: "metered"; readonly charge: string; readonly calculation: string; readonly settleBody: string }
  /** Served, and nothing is charged for it: nothing was used, or nobody can say what. */
  | { readonly kind: "waived"; readonly reason: "no_usage" | "usage_missing" }
  /** Settling, or finding out, did not work this time. */
  | { readonly kind: "postponed"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "undetermined"; readonly reason: string }
  /** A stream that lasts longer than its attempt was to is still on its way. */
  | { readonly kind: "delivering"; readonly leaseMs: number }
  | { readonly kind: "delivered" }
  | { readonly kind: "truncated" }
  /** Settled, and the upstream's answer was none. */
  | { readonly kind: "undelivered" }
  | { readonly kind: "redeemed" };

/** How long what is left open stays open. */
export interface Terms {
  readonly creditMs: number;
  readonly debtMs: number;
}

const SERVED: readonly Delivery[] = ["delivered", "truncated"];
/** Over, but for what is remembered of them until their end. */
const REMEMBERED: readonly Pay[] = ["uncharged", "rejected", "failed", "undetermined"];

/** What time alone makes of a state; the same state where it makes nothing. */
export function lapse(state: PaymentState, nowMs: number, { creditMs }: Terms): PaymentState {
  const atMs = lapsesAt(state);
  if (atMs === null || nowMs < atMs) return state;
  if (state.pay === "claimed") return { ...state, pay: "unknown" };
  if (isDebt(state)) return { ...state, pay: "written_off", endsMs: null };
  if (state.pay !== "settled" && state.pay !== "owed") return { ...state, endsMs: null };
  if (state.delivery !== "none") return { ...state, delivery: "expired", endsMs: null };
  // Its end was never reported: the seller calls it served, the buyer not whole.
  if (state.pay === "owed") return { ...state, delivery: "truncated" };
  return { ...state, delivery: "undelivered", endsMs: nowMs + creditMs };
}

/** When time alone will change it; null where it stays as it is unless somebody reports. */
export function lapsesAt(state: PaymentState): number | null {
  const { pay, delivery, leaseUntilMs, endsMs } = state;
  if (pay === "claimed" || (delivery === "none" && (pay === "settled" || pay === "owed"))) return leaseUntilMs;
  if (endsMs === null) return null;
  if (REMEMBERED.includes(pay)) return endsMs;
  // Who redeems a credit is not cut off by its end.
  return isCredit(state) ? Math.max(endsMs, leaseUntilMs) : null;
}

/** Somebody finds out what became of the money, or goes on settling. The goods stay with their courier. */
export const lent = (state: PaymentState, attempt: string, leaseUntilMs: number): PaymentState => ({
  ...state,
  attempt,
  leaseUntilMs,
});

/** Somebody delivers again what was paid for. */
export const entrusted = (state: PaymentState, courier: string, leaseUntilMs: number): PaymentState => ({
  ...state,
  attempt: courier,
  courier,
  leaseUntilMs,
});

/** The goods were handed over, whatever became of the money. */
export const isServed = ({ delivery }: PaymentState): boolean => SERVED.includes(delivery);

/** Paid for and not delivered. */
export const isCredit = ({ pay, delivery }: PaymentState): boolean =>
  pay === "settled" && (delivery === "undelivered" || delivery === "truncated");

/** Delivered and not paid for. */
export const isDebt = (state: PaymentState): boolean => state.pay === "failed" && isServed(state);

/** Whether somebody has to find out, or go on settling. */
export const isOpen = ({ pay }: Pick<PaymentState, "pay">): boolean => pay === "unknown" || pay === "owed";
