// Permit2: one contract keeps an owner's nonces for all tokens, 256 of them in one word, and writes no event when a
// transfer uses one. So what used it is found by the token's transfers of this value, and proved by the call that made
// one: x402's proxy, called with this nonce. Whoever settles through another contract proves nothing here: what such a
// contract was told is not what it did. A nonce that is gone, with no such transfer since it was free, can never pay.

import { err, ok, type Result } from "../std/index.ts";
import { PERMIT2_ADDRESS } from "../x402/index.ts";
import { type Block, blockCall, parseBlock } from "./blocks.ts";
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
import { firstBlock, LOG_REQUESTS_MAX } from "./range.ts";
import { parseReceipt, receiptCall } from "./receipt.ts";
import { type Ask, type Fault, fault } from "./rpc.ts";
import { readState } from "./state.ts";
import { isSettlementOf, parseTransaction, relationOf, type Transaction, transactionCall } from "./transaction.ts";

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
  const isPaid = transaction !== null && receipt !== null && isSettlementOf(transaction, receipt, authorization);
  return ok(isPaid ? { kind: "paid", transaction: hash } : null);
}

async function readUse(ask: Ask, authorization: Authorization, head: Block): Promise<Result<KnownFate, Fault>> {
  const fromBlock = await firstBlock(ask, authorization, head);
  if (!fromBlock.ok) return fromBlock;
  const range = { fromBlock: fromBlock.value, toBlock: head.number };
  const paid = await readPayment(ask, authorization, range);
  if (!paid.ok) return paid;
  return paid.value ? ok(paid.value) : readLoss(ask, authorization, range);
}

/** Null where none of the transfers can be this nonce's. */
async function readPayment(
  ask: Ask,
  authorization: Authorization,
  range: LogRange,
): Promise<Result<KnownFate | null, Fault>> {
  const { asset, payer, payTo } = authorization;
  const topics = [[TRANSFER], [addressWord(payer)], [addressWord(payTo)]];
  const logs = await readLogs(ask, { address: asset, topics }, range, LOG_REQUESTS_MAX);
  if (!logs.ok) return logs;
  const payments = logs.value.filter((log) => isPaymentOf(log, authorization));
  const hashes = [...new Set(payments.map(({ transaction }) => transaction))];
  const transactions = await readTransactions(ask, hashes);
  if (!transactions.ok) return transactions;
  const relations = transactions.value.map((transaction) => relationOf(transaction, authorization));
  const own = hashes[relations.indexOf("own")];
  if (own !== undefined) return readHint(ask, own, authorization);
  return relations.includes("unclear")
    ? err(fault("shows a transfer of this value that may or may not be this nonce's"))
    : ok(null);
}

async function readTransactions(ask: Ask, hashes: readonly string[]): Promise<Result<readonly Transaction[], Fault>> {
  if (hashes.length > TRANSACTIONS_MAX) return err(fault("shows too many transfers of this value"));
  const transactions: Transaction[] = [];
  for (let i = 0; i < hashes.length; i += BATCH) {
    const batch = hashes.slice(i, i + BATCH);
    const results = await ask(batch.map(transactionCall));
    if (!results.ok) return results;
    const parsed = batch.map((hash, j) => parseTransaction(results.value[j], hash)).filter((one) => one !== null);
    if (parsed.length < batch.length) return err(fault("has not the transaction of a transfer that it shows"));
    transactions.push(...parsed);
  }
  return ok(transactions);
}

/** By what the nonce went, if not by a payment: its owner's word, or something else that the owner signed meanwhile. */
async function readLoss(ask: Ask, authorization: Authorization, range: LogRange): Promise<Result<KnownFate, Fault>> {
  const topics = [[UNORDERED_NONCE_INVALIDATION], [addressWord(authorization.payer)]];
  const logs = await readLogs(ask, { address: PERMIT2_ADDRESS, topics }, range, LOG_REQUESTS_MAX);
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
