// Which transfer stands for which authorization in one transaction. EIP-3009 has each use write AuthorizationUsed and
// Transfer side by side (Circle's FiatToken in this order, some tokens the other way round), but names the nonce in
// the first and the value in the second only. Transactions that settle many authorizations at once hold many of both,
// and whoever sends one puts into it what he likes; so a transfer counts for one authorization at most, and what
// cannot be told apart is `unclear`, never a failure. Pure.

import {
  AUTHORIZATION_CANCELED,
  AUTHORIZATION_USED,
  type Authorization,
  isOfNonce,
  isPaymentOf,
  TRANSFER,
} from "./events.ts";
import type { Log, Receipt } from "./receipt.ts";

export type Judgement =
  /** The transfer beside this nonce's use is the payment. */
  | "paid"
  /** The nonce was canceled or used here, and no such transfer is left that could be its own. */
  | "unpaid"
  /** The nonce was used here, and there is such a transfer, but not beside it. */
  | "unclear"
  /** Not a word of this nonce, or reverted. */
  | "unrelated";

const EVENTS = [TRANSFER, AUTHORIZATION_USED, AUTHORIZATION_CANCELED];

export function judgeReceipt({ succeeded, logs }: Receipt, authorization: Authorization): Judgement {
  if (!succeeded) return "unrelated";
  const asset = authorization.asset.toLowerCase();
  const events = logs.filter(
    ({ address, topics }) => address === asset && topics.length === 3 && EVENTS.some((event) => event === topics[0]),
  );
  const own = events.filter((event) => isOfNonce(event, authorization));
  if (own.length === 0) return "unrelated";
  const payments = events.filter((event) => isPaymentOf(event, authorization));
  // A canceled nonce is never used, and without any such transfer no pairing has to be known.
  if (payments.length === 0 || !own.some(isUse)) return "unpaid";
  return judgePayments(own, payments, pairings(events));
}

function judgePayments(
  own: readonly Log[],
  payments: readonly Log[],
  [likely, ...others]: readonly Owners[],
): Judgement {
  if (likely === undefined) return "unclear";
  const isOwn = (owners: Owners, payment: Log): boolean => own.includes(owners.get(payment) ?? payment);
  if (payments.some((payment) => isOwn(likely, payment))) return "paid";
  const isForeign = (owners: Owners, payment: Log): boolean => owners.has(payment) && !isOwn(owners, payment);
  const isProved = [likely, ...others].every((owners) => payments.every((payment) => isForeign(owners, payment)));
  return isProved ? "unpaid" : "unclear";
}

/** The use of an authorization that a transfer stands for. */
type Owners = ReadonlyMap<Log, Log>;

/** Each way to pair that explains every use in the transaction: one token writes all of them in one order. */
const pairings = (events: readonly Log[]): readonly Owners[] =>
  [pair(events, 1), pair(events, -1)].filter((owners) => owners !== null);

/** @param step from a use to its transfer. Null where a use has no transfer of its own authorizer there. */
function pair(events: readonly Log[], step: 1 | -1): Owners | null {
  const owners = new Map<Log, Log>();
  for (const [i, use] of events.entries()) {
    if (!isUse(use)) continue;
    const beside = events[i + step];
    if (beside?.topics[0] !== TRANSFER || beside.topics[1] !== use.topics[1]) return null;
    owners.set(beside, use);
  }
  return owners;
}

const isUse = ({ topics }: Log): boolean => topics[0] === AUTHORIZATION_USED;
