// What a report makes of a payment: every event, from where it counts, and what follows. Pure; `book.ts` stores the
// result. The same report said twice is said once: an answer of the ledger's may get lost, and its caller asks again.

import { err, ok, type Result } from "../std/index.ts";
import {
  type Delivery,
  isCredit,
  isDebt,
  isServed,
  type LedgerEvent,
  leaseUntil,
  type Pay,
  type PaymentState,
  type Terms,
} from "./state.ts";

export type Refusal = "no_such_payment" | "stale_attempt" | "not_from_here";

interface Rule<E> {
  readonly pay: readonly Pay[];
  readonly delivery: readonly Delivery[];
  /** Where the event has happened already; null for what changes nothing when it is said again. */
  readonly done: Pay | Delivery | null;
  readonly next: (state: PaymentState, event: E, nowMs: number, terms: Terms) => Partial<PaymentState>;
}

/** How long an execution that was not charged counts against its payer. */
const UNCHARGED_MS = 3_600_000;

const ANY: readonly Delivery[] = ["none", "delivered", "truncated", "undelivered", "redeemed", "expired"];
const FRESH: readonly Delivery[] = ["none"];
/** A payment that may still be, or was, paid: what became of its goods is worth knowing. */
const WORTH: readonly Pay[] = ["settled", "owed", "unknown", "failed", "undetermined"];

/** Every transition that an attempt can cause. Those of one report are one durable write. */
export const RULES: { readonly [K in LedgerEvent["kind"]]: Rule<Extract<LedgerEvent, { kind: K }>> } = {
  release: { pay: ["claimed"], delivery: FRESH, done: "released", next: () => ({ pay: "released" }) },
  pinned: {
    pay: ["claimed"],
    delivery: FRESH,
    done: null,
    next: (_, { facilitator, ...lease }, nowMs) => ({ facilitator, leaseUntilMs: leaseUntil(lease, nowMs) }),
  },
  // What was to be served first, and was not, is nobody's debt.
  uncharged: {
    pay: ["claimed", "owed"],
    delivery: FRESH,
    done: "uncharged",
    next: (_, { reason }, nowMs) => ({ pay: "uncharged", reason, endsMs: nowMs + UNCHARGED_MS }),
  },
  rejected: {
    pay: ["claimed"],
    delivery: FRESH,
    done: "rejected",
    next: (_, { reason }, nowMs) => ({ pay: "rejected", reason, endsMs: nowMs + UNCHARGED_MS }),
  },
  lost: {
    pay: ["claimed", "owed", "unknown"],
    delivery: ANY,
    done: null,
    next: (state, { transaction }) => ({
      pay: "unknown",
      delivery: beyondOwed(state),
      settleBegan: true,
      leaseUntilMs: 0,
      transaction: transaction ?? state.transaction,
    }),
  },
  // The chain decides about this one, not we: a report of money that moved is taken from wherever it comes.
  settled: {
    pay: ["claimed", "owed", "unknown", "released", "uncharged", "rejected", "failed", "undetermined", "written_off"],
    delivery: ANY,
    done: "settled",
    next: (state, { transaction }, nowMs, { creditMs }) => {
      // Whoever only found out, or has handed over what there was, delivers no more: a credit can be redeemed at once.
      const isDelivering = state.attempt === state.courier && !isServed(state);
      const leaseUntilMs = isDelivering ? state.leaseUntilMs : 0;
      const isLate = state.delivery === "none" && nowMs >= leaseUntilMs;
      const delivery = isLate ? beyondLease(state.pay) : state.delivery;
      const settled = { ...state, pay: "settled", delivery, transaction, reason: null, leaseUntilMs } as const;
      return { ...settled, endsMs: isCredit(settled) ? nowMs + creditMs : null };
    },
  },
  // The row holds the numbers; the state is as it was.
  metered: { pay: ["claimed", "owed", "unknown"], delivery: ANY, done: null, next: () => ({}) },
  waived: {
    pay: ["owed"],
    delivery: ANY,
    done: "uncharged",
    // Who makes the upstream work, and keeps its use from being read, is counted; who used nothing is not.
    next: (state, { reason }, nowMs) => ({
      pay: "uncharged",
      delivery: beyondOwed(state),
      reason,
      endsMs: reason === "no_usage" ? null : nowMs + UNCHARGED_MS,
    }),
  },
  served: { pay: ["claimed"], delivery: FRESH, done: "owed", next: () => ({ pay: "owed" }) },
  postponed: {
    pay: ["owed", "unknown"],
    delivery: ANY,
    done: null,
    next: (_, { reason }) => ({ reason, leaseUntilMs: 0 }),
  },
  failed: {
    pay: ["owed", "unknown"],
    delivery: ANY,
    done: "failed",
    next: (state, { reason }, nowMs, { debtMs }) => {
      const delivery = beyondOwed(state);
      const endsMs = isServed({ ...state, delivery }) ? nowMs + debtMs : inVainUntil(state, nowMs);
      return { pay: "failed", delivery, reason, leaseUntilMs: 0, endsMs };
    },
  },
  undetermined: {
    pay: ["owed", "unknown"],
    delivery: ANY,
    done: "undetermined",
    next: (state, { reason }, nowMs) => {
      const delivery = beyondOwed(state);
      const endsMs = isServed({ ...state, delivery }) ? null : inVainUntil(state, nowMs);
      return { pay: "undetermined", delivery, reason, leaseUntilMs: 0, endsMs };
    },
  },
  // Until its end is told it is nobody's credit, also where its lease has run out meanwhile.
  delivering: {
    pay: WORTH,
    delivery: ["none", "undelivered", "truncated"],
    done: null,
    next: ({ pay, leaseUntilMs }, { leaseMs }, nowMs) =>
      pay === "settled"
        ? { delivery: "none", leaseUntilMs: Math.max(leaseUntilMs, nowMs + leaseMs), endsMs: null }
        : {},
  },
  // A report that comes after the lease is late, not wrong: nobody else has begun to deliver.
  delivered: {
    pay: WORTH,
    delivery: ["none", "undelivered", "truncated"],
    done: "delivered",
    next: (state, _, nowMs, { debtMs }) => {
      if (state.pay !== "failed") return { delivery: "delivered", endsMs: null };
      return { delivery: "delivered", endsMs: isDebt(state) ? state.endsMs : nowMs + debtMs };
    },
  },
  truncated: {
    pay: WORTH,
    delivery: ["none", "undelivered"],
    done: "truncated",
    next: (state, _, nowMs, { creditMs, debtMs }) => {
      if (state.pay === "failed") return { delivery: "truncated", endsMs: nowMs + debtMs };
      // The attempt still settles what is owed; of what is settled nothing is left for it to do.
      if (state.pay !== "settled") return { delivery: "truncated", endsMs: null };
      return { delivery: "truncated", leaseUntilMs: 0, endsMs: state.endsMs ?? nowMs + creditMs };
    },
  },
  undelivered: {
    pay: ["settled"],
    delivery: ["none", "undelivered", "truncated"],
    done: null,
    next: ({ delivery, endsMs }, _, nowMs, { creditMs }) => ({
      delivery: delivery === "none" ? "undelivered" : delivery,
      leaseUntilMs: 0,
      endsMs: endsMs ?? nowMs + creditMs,
    }),
  },
  redeemed: {
    pay: ["settled"],
    delivery: ["undelivered", "truncated"],
    done: "redeemed",
    next: () => ({ delivery: "redeemed", leaseUntilMs: 0, endsMs: null }),
  },
};

/** Of what nobody got: where a settlement had begun, the upstream had worked. */
const inVainUntil = ({ settleBegan }: PaymentState, nowMs: number): number | null =>
  settleBegan ? nowMs + UNCHARGED_MS : null;

/** What is no longer owed was served all the same; whether to its end, its courier may yet say. */
const beyondOwed = ({ pay, delivery }: PaymentState): Delivery =>
  pay === "owed" && delivery === "none" ? "truncated" : delivery;

/** What became of goods whose courier did not report in time. */
const beyondLease = (pay: Pay): Delivery => (pay === "owed" ? "truncated" : "undelivered");

/** The state after an attempt's report, or why the report does not count. */
export function transition(
  state: PaymentState | null,
  event: LedgerEvent,
  attempt: string,
  nowMs: number,
  terms: Terms,
): Result<PaymentState, Refusal> {
  if (state === null) return err("no_such_payment");
  // That money moved is true whichever attempt says it, and however late.
  if (event.kind !== "settled" && attempt !== reporterOf(state, event)) return err("stale_attempt");
  // Each rule takes its own event, which the compiler cannot follow through the look-up.
  const rule = RULES[event.kind] as Rule<LedgerEvent>;
  if (rule.done === state.pay || rule.done === state.delivery) return ok(state);
  if (!rule.pay.includes(state.pay) || !rule.delivery.includes(state.delivery)) return err("not_from_here");
  return ok({ ...state, ...rule.next(state, event, nowMs, terms) });
}

const OF_GOODS: readonly LedgerEvent["kind"][] = ["delivering", "delivered", "truncated", "undelivered", "redeemed"];

const reporterOf = ({ attempt, courier }: PaymentState, { kind }: LedgerEvent): string =>
  OF_GOODS.includes(kind) ? courier : attempt;
