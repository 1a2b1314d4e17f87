// Whether a payment may be claimed, given what is open in its payer's book. Pure.

import type { SettleMode } from "../schemes/index.ts";
import { isDeliverable, type Kept } from "./standing.ts";
import { isCredit, isDebt, isServed, type PaymentState } from "./state.ts";

/** What one payer may have open at once, on one network. */
export interface Caps {
  /** Attempts under way. */
  readonly inFlightMax: number;
  /** Atomic units of the asset that were claimed and are not known to be settled. */
  readonly unsettledMax: bigint;
  /** Executions within the last hour that were not charged. */
  readonly unchargedMax: number;
}

export type CapName = "in_flight" | "unsettled" | "uncharged";

/** A payment of the same payer that still matters, after `lapse`. */
export interface OpenPayment extends Kept {
  readonly id: string;
  readonly mode: SettleMode;
  readonly asset: string;
  readonly amount: bigint;
  /** Whether its attempt is under way, as far as anybody knows. */
  readonly isRunning: boolean;
}

/**
 * The payment that a new one of the same call is served on the account of, or has to wait for: one that settled and can
 * still be delivered, or that may still settle. What is being executed is no such payment: two calls at once are two.
 * Nor is a credit whose redeliveries all failed, or nobody could buy that call any more until it expires.
 */
export function firstOf<P extends OpenPayment>(open: readonly P[], fingerprint: string): P | undefined {
  const same = open.filter((payment) => payment.fingerprint === fingerprint);
  return same.find(isDeliverable) ?? same.find((payment) => payment.pay === "unknown" && !isServed(payment));
}

export const hasDebt = (open: readonly OpenPayment[]): boolean => open.some(isDebt);

/** What is not known to be settled of an asset. */
export const unsettledOf = <P extends OpenPayment>(open: readonly P[], asset: string): readonly P[] =>
  open.filter((payment) => payment.asset === asset && isUnsettled(payment));

const isUnsettled = ({ pay }: PaymentState): boolean => pay === "claimed" || pay === "unknown" || pay === "owed";

/** The cap that one more payment would exceed, or null. */
export function exceededCap(
  open: readonly OpenPayment[],
  { asset, amount }: Pick<OpenPayment, "asset" | "amount">,
  caps: Caps,
): CapName | null {
  if (open.filter(({ isRunning }) => isRunning).length >= caps.inFlightMax) return "in_flight";
  if (open.filter(wasInVain).length >= caps.unchargedMax) return "uncharged";
  const unsettled = unsettledOf(open, asset).reduce((sum, payment) => sum + payment.amount, amount);
  return unsettled > caps.unsettledMax ? "unsettled" : null;
}

/** Executed and not paid for, and still remembered. What is settled first is rejected before the upstream is asked. */
const wasInVain = ({ mode, ...state }: OpenPayment): boolean => {
  if (state.endsMs === null || isDebt(state) || isCredit(state)) return false;
  return state.pay === "uncharged" || mode !== "before";
};

/** Whether a payment still matters to its payer's next claim. */
export function isLive(state: PaymentState): boolean {
  // One that nobody has delivered yet becomes a credit by time alone.
  if (state.pay === "settled") return state.delivery === "none" || isCredit(state);
  return ["claimed", "unknown", "owed"].includes(state.pay) || state.endsMs !== null;
}
