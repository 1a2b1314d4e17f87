// Permit2: one contract keeps an owner's nonces for all tokens, 256 of them in one word, and writes no event when a
// transfer uses one. So what used it is found by the token's transfers of this value, by `upto` of any value, and proved by
// the call that made one: x402's proxy, called with this nonce. Whoever settles through another contract proves nothing
// here: what such a contract was told is not what it did. A nonce that is gone, with no such transfer since it was free, can
// never pay.

import { err, ok, type Result } from "../std/index.ts";
import { PERMIT2_ADDRESS } from "../x402/index.ts";
import { blockCall, parseBlock } from "./blocks.ts";
import {
  type Authorization,
  isInvalidationOf,
  isPaymentOf,
  NONCE_BITMAP,
  TRANSFER,
  UNORDERED_NONCE_INVALIDATION,
} from "./events.ts";
import type { KnownFate } from "./fate.ts";
import { addressWord, numberWord } from "./hex.ts";
import { type LogRange, readLogs } from "./logs.ts";
import type { Method } from "./method.ts";
import { type Log, parseReceipt, receiptCall } from "./receipt.ts";
import { type Ask, type Fault, fault } from "./rpc.ts";
import { readState } from "./state.ts";
import { parseTransaction, relationOf, settledBy, type Transaction, transactionCall } from "./transaction.ts";

/** Calls in one batch. Providers begin to refuse at ten. */
const BATCH = 8;
/** A payer may pay the same price to the same payee many times meanwhile; what is beyond this stays unknown. */
const TRANSACTIONS_MAX = 40;
/** Of a word of nonces. */
const BITS = 8n;
const BIT_MASK = 255n;

export const permit2: Method = {
  stateCall: ({ payer, nonce }) => ({
    to: PERMIT2_ADDRESS,
    data: `${NONCE_BITMAP}${addressWord(payer).slice(2)}${numberWord(BigInt(nonce) >> BITS).slice(2)}`,
  }),
  isUsed: (word, { nonce }) => ((BigInt(word) >> (BigInt(nonce) & BIT_MASK)) & 1n) === 1n,
  readHint,
  readUse,
};

async function readHint(
  ask: Ask,
  hash: string,
  authorization: Authorization,
): Promise<Result<KnownFate | null, Fault>> {
  const results = await ask([transactionCall(hash), receiptCall(hash)]);
  if (!results.ok) return results;
  const transaction = parseTransaction(results.value[0], hash);
  const receipt = parseReceipt(results.value[1], hash);
  const amount = transaction && receipt && settledBy(transaction, receipt, authorization);
  return ok(amount === null ? null : { kind: "paid", transaction: hash, amount: amount.toString() });
}

async function readUse(
  ask: Ask,
  authorization: Authorization,
  range: LogRange,
  requestsMax: number,
): Promise<Result<KnownFate, Fault>> {
  const paid = await readPayment(ask, authorization, range, requestsMax);
  if (!paid.ok) return paid;
  return paid.value ? ok(paid.value) : readLoss(ask, authorization, range, requestsMax);
}

/** Null where none of the transfers can be this nonce's. */
async function readPayment(
  ask: Ask,
  authorization: Authorization,
  range: LogRange,
  requestsMax: number,
): Promise<Result<KnownFate | null, Fault>> {
  const { asset, payer, payTo } = authorization;
  const topics = [[TRANSFER], [addressWord(payer)], [addressWord(payTo)]];
  const logs = await readLogs(ask, { address: asset, topics }, range, requestsMax);
  if (!logs.ok) return logs;
  const hashes = candidatesOf(logs.value, authorization);
  let isUnclear = false;
  for (let i = 0; i < Math.min(hashes.length, TRANSACTIONS_MAX); i += BATCH) {
    const batch = hashes.slice(i, i + BATCH);
    const transactions = await readTransactions(ask, batch);
    if (!transactions.ok) return transactions;
    const kinds = transactions.value.map((transaction, j) => {
      const transfers = logs.value.filter((log) => log.transaction === batch[j]);
      return relationOf(transaction, authorization, transfers).kind;
    });
    const own = batch[kinds.indexOf("own")];
    if (own !== undefined) return readOwn(ask, own, authorization);
    isUnclear ||= kinds.includes("unclear");
  }
  if (hashes.length > TRANSACTIONS_MAX) return err(fault("shows too many transfers that may be this nonce's"));
  return isUnclear ? err(fault("shows a transfer that may or may not be this nonce's")) : ok(null);
}

/** Of these transfers from payer to payee the transactions that may have settled it: of the value that is looked for first. */
function candidatesOf(transfers: readonly Log[], authorization: Authorization): readonly string[] {
  const likely = transfers.filter((log) => isPaymentOf(log, authorization));
  const all = authorization.facilitatorAddress === null ? likely : [...likely, ...transfers];
  return [...new Set(all.map(({ transaction }) => transaction))];
}

/** Whose call was this nonce's: what is missing then is the proof, not the payment. */
async function readOwn(ask: Ask, hash: string, authorization: Authorization): Promise<Result<KnownFate, Fault>> {
  const fate = await readHint(ask, hash, authorization);
  if (!fate.ok) return fate;
  return fate.value ? ok(fate.value) : err(fault("shows the call of this nonce, and not that it moved its value"));
}

async function readTransactions(ask: Ask, hashes: readonly string[]): Promise<Result<readonly Transaction[], Fault>> {
  const results = await ask(hashes.map(transactionCall));
  if (!results.ok) return results;
  const transactions = hashes.map((hash, i) => parseTransaction(results.value[i], hash)).filter((one) => one !== null);
  return transactions.length === hashes.length
    ? ok(transactions)
    : err(fault("has not the transaction of a transfer that it shows"));
}

/** By what the nonce went, if not by a payment: its owner's word, or something else that the owner signed meanwhile. */
async function readLoss(
  ask: Ask,
  authorization: Authorization,
  range: LogRange,
  requestsMax: number,
): Promise<Result<KnownFate, Fault>> {
  const topics = [[UNORDERED_NONCE_INVALIDATION], [addressWord(authorization.payer)]];
  const logs = await readLogs(ask, { address: PERMIT2_ADDRESS, topics }, range, requestsMax);
  if (!logs.ok) return logs;
  if (logs.value.some((log) => isInvalidationOf(log, authorization))) return ok({ kind: "canceled" });
  const results = await ask([blockCall(range.fromBlock)]);
  if (!results.ok) return results;
  const first = parseBlock(results.value[0]);
  if (first === null) return err(fault("has not the first of these blocks"));
  const wasUsed = await readState(ask, permit2, authorization, first);
  if (!wasUsed.ok) return wasUsed;
  return wasUsed.value
    ? err(fault("says that the nonce is used, and does not show by what"))
    : ok({ kind: "canceled" });
}
