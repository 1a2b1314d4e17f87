// One valid claim and one state; each test changes one thing.

import type { Delivery, LedgerEvent, Pay, PaymentState } from "../../../src/ledger/state.ts";
import type { Claim, Presentation, Report } from "../../../src/ledger/words.ts";

export const NOW = 1_800_000_000_000;
export const LEASE = 60_000;
export const DAY = 86_400_000;
export const HASH = `0x${"ab".repeat(32)}`;
export const TERMS = { creditMs: 7 * DAY, debtMs: 3 * DAY };

export const PAYS = [
  "claimed",
  "released",
  "uncharged",
  "rejected",
  "owed",
  "unknown",
  "settled",
  "failed",
  "undetermined",
  "written_off",
] as const satisfies readonly Pay[];

export const DELIVERIES = [
  "none",
  "delivered",
  "truncated",
  "undelivered",
  "redeemed",
  "expired",
] as const satisfies readonly Delivery[];

export const EVENTS: { readonly [K in LedgerEvent["kind"]]: Extract<LedgerEvent, { kind: K }> } = {
  release: { kind: "release" },
  pinned: { kind: "pinned", facilitator: "https://other.example", leaseMs: LEASE, leaseEndsMs: NOW + DAY },
  uncharged: { kind: "uncharged", reason: "upstream_500" },
  rejected: { kind: "rejected", reason: "insufficient_funds" },
  lost: { kind: "lost", transaction: null },
  settled: { kind: "settled", transaction: HASH },
  served: { kind: "served" },
  metered: { kind: "metered", charge: "1858", calculation: "1858 units", settleBody: '{"amount":"1858"}' },
  waived: { kind: "waived", reason: "no_usage" },
  postponed: { kind: "postponed", reason: "unused" },
  failed: { kind: "failed", reason: "authorization_expired" },
  undetermined: { kind: "undetermined", reason: "no_rpc" },
  delivering: { kind: "delivering", leaseMs: LEASE },
  delivered: { kind: "delivered" },
  truncated: { kind: "truncated" },
  undelivered: { kind: "undelivered" },
  redeemed: { kind: "redeemed" },
};

/** An attempt that is under way, and delivers itself. */
export const stateOf = (pay: Pay, delivery: Delivery, changes: Partial<PaymentState> = {}): PaymentState => ({
  pay,
  delivery,
  attempt: "mine",
  courier: "mine",
  leaseUntilMs: NOW + LEASE,
  facilitator: "https://facilitator.example",
  settleBegan: false,
  transaction: null,
  reason: null,
  endsMs: null,
  ...changes,
});

export const ID = "eip155:84532|0xasset|0xpayer|0x01";
export const idOf = (nonce: number | string): string => `eip155:84532|0xasset|0xpayer|${nonce}`;

export const claimOf = (changes: Partial<Claim> = {}): Claim => ({
  id: ID,
  attempt: "a-1",
  nowMs: NOW,
  leaseMs: LEASE,
  leaseEndsMs: Number.POSITIVE_INFINITY,
  redemptionMs: LEASE,
  fingerprint: "f-1",
  keyDigest: null,
  isKeySecret: false,
  isRedeemer: false,
  terms: { amount: changes.amount ?? "10000", payTo: changes.payTo ?? "0xseller" },
  network: "eip155:84532",
  asset: "0xasset",
  payer: "0xpayer",
  payTo: "0xseller",
  amount: "10000",
  route: "/v1/reports",
  mode: "after",
  facilitator: "https://facilitator.example",
  settleBody: '{"signature":"0x"}',
  charge: null,
  validBeforeMs: NOW + 300_000,
  creditMs: TERMS.creditMs,
  debtMs: TERMS.debtMs,
  caps: { inFlightMax: 100, unsettledMax: 10_000_000n, unchargedMax: 100 },
  ...changes,
});

export function presentationOf(changes: Partial<Presentation> = {}): Presentation {
  const { id, attempt, nowMs, leaseMs, redemptionMs, fingerprint, keyDigest, isKeySecret, isRedeemer, terms } =
    claimOf();
  const key = { keyDigest, isKeySecret };
  return { id, attempt, nowMs, leaseMs, redemptionMs, fingerprint, ...key, isRedeemer, terms, ...changes };
}

export const answer = (text: string, untilMs = NOW + DAY): NonNullable<Report["answer"]> => ({
  status: 200,
  headers: [["content-type", "text/plain"]],
  body: new TextEncoder().encode(text),
  untilMs,
});
