// What became of an authorization, from what one RPC said of it. A used nonce alone proves nothing: a canceled
// authorization uses it too, so only the logs of its transaction tell. Where they are missing or do not fit together
// the fate is unknown; a payment is never called failed for want of evidence. Pure.

import { err, ok, type Result } from "../std/index.ts";
import type { Authorization } from "./events.ts";
import { judgeReceipt } from "./judgement.ts";
import type { Log, Receipt } from "./receipt.ts";
import { type Fault, fault } from "./rpc.ts";

export type Fate =
  /** A transfer of the amount, from payer to payee, in the transaction that used this nonce or has this message. */
  | {
      readonly kind: "paid";
      readonly transaction: string;
      /** What was moved, in atomic units; by `upto` it may be less than what was signed, or than what is asked about. */
      readonly amount: string;
    }
  /** The nonce is gone or the message has failed, and it is proved that no such transfer stands behind: it can never pay. */
  | { readonly kind: "canceled" }
  /**
   * Not used as of a block of that time; of a message, and it can be used no more if its block's hash is older than that.
   * Failed for good only when that is past `validBefore`, with a margin.
   */
  | { readonly kind: "unused"; readonly chainTimeMs: number }
  /** Nobody could be asked, or the answers prove nothing. No secret of a URL is in it. */
  | { readonly kind: "unavailable"; readonly detail: string };

export type KnownFate = Exclude<Fate, { kind: "unavailable" }>;

/** Of the transaction that the facilitator named. Anything but a payment leaves the question open. */
export function fateInHint(receipt: Receipt, authorization: Authorization): KnownFate | null {
  return judgeReceipt(receipt, authorization) === "paid" ? paidIn(receipt, authorization) : null;
}

/**
 * Of a nonce that reads as used.
 * @param logs every AuthorizationUsed and AuthorizationCanceled of it that was found
 * @param receipts of the logs' transactions
 */
export function fateInLogs(
  logs: readonly Log[],
  receipts: readonly Receipt[],
  authorization: Authorization,
): Result<KnownFate, Fault> {
  if (logs.length === 0) return err(fault("says that the nonce is used, and has no log of it"));
  if (!logs.every((log) => receipts.some((receipt) => holds(receipt, log))))
    return err(fault("has logs that are not in their receipts"));
  const judgements = receipts.map((receipt) => judgeReceipt(receipt, authorization));
  // Some tokens let a nonce be used again: the use that paid counts.
  const paid = receipts[judgements.indexOf("paid")];
  if (paid) return ok(paidIn(paid, authorization));
  if (judgements.every((judgement) => judgement === "unpaid")) return ok({ kind: "canceled" });
  return err(fault("shows a transfer of this value that may or may not be this nonce's"));
}

/** By EIP-3009 all that was signed is moved. */
const paidIn = ({ transaction }: Receipt, { amount }: Authorization): KnownFate => ({
  kind: "paid",
  transaction,
  amount,
});

/** The same log in the same block: between the two questions the chain may have taken another turn. */
const holds = ({ logs }: Receipt, { blockHash, logIndex, address, topics }: Log): boolean =>
  logs.some(
    (log) =>
      log.blockHash === blockHash &&
      log.logIndex === logIndex &&
      log.address === address &&
      log.topics.join() === topics.join(),
  );
