// How many transactions the relayer sends for a payer who may yet waste them. A wallet's code may approve when it is asked
// and refuse in a block, and nobody can tell before. Pure.
//
// Who has paid is sent as many at once as they have paid for. Beyond that is trust: a few for each payer, and a few for all
// of them together, because wallets cost nothing. Where that is used up, payers who have paid go on: what strangers can
// exhaust is theirs alone.

/** What the outbox has of a payer and of everybody. Burned is mined and reverted, and not seen to be paid since. */
export interface Standing {
  /** Of the payer, within the time that is looked at. */
  readonly burned: number;
  /** Not known to have paid or burned. */
  readonly open: number;
  /** As far back as is remembered. */
  readonly paid: number;
  /** Of all payers, sent on trust within that time: those that are open, and those that burned. */
  readonly openOnTrust: number;
  readonly burnedOnTrust: number;
}

export type Refusal = "payer_reverted_too_often" | "relayer_reverted_too_often";

export type Trust =
  | { readonly kind: "trusted"; readonly isOnTrust: boolean }
  /** What is open may yet be paid. */
  | { readonly kind: "waits" }
  | { readonly kind: "refused"; readonly reason: Refusal };

/** What burned is held against its payer, and against strangers, for so long. */
export const TRUST_MS = 3_600_000;
/** So many of one payer's. */
const BURNED_MAX = 3;
/** Beyond what they have paid for: of one payer's at once, and of everybody's within the time. */
const ON_TRUST_MAX = 8;
const ON_TRUST_BY_ALL_MAX = 30;
/** More was never sent at once. */
export const PAID_MAX = 64;

export function trustIn({ burned, open, paid, openOnTrust, burnedOnTrust }: Standing): Trust {
  if (burned >= BURNED_MAX) return { kind: "refused", reason: "payer_reverted_too_often" };
  const ahead = open + burned - paid;
  if (ahead < 0) return { kind: "trusted", isOnTrust: false };
  if (burnedOnTrust >= ON_TRUST_BY_ALL_MAX) {
    return open > 0 ? { kind: "waits" } : { kind: "refused", reason: "relayer_reverted_too_often" };
  }
  const isFull = ahead >= ON_TRUST_MAX || openOnTrust + burnedOnTrust >= ON_TRUST_BY_ALL_MAX;
  return isFull ? { kind: "waits" } : { kind: "trusted", isOnTrust: true };
}
