// EIP-3009: the token keeps a payer's nonces, and writes AuthorizationUsed or AuthorizationCanceled with each that goes.

import { err, ok, type Result } from "../std/index.ts";
import { AUTHORIZATION_CANCELED, AUTHORIZATION_STATE, AUTHORIZATION_USED, type Authorization } from "./events.ts";
import { fateInHint, fateInLogs, type KnownFate } from "./fate.ts";
import { addressWord } from "./hex.ts";
import { type LogRange, readLogs } from "./logs.ts";
import type { Method } from "./method.ts";
import { type Log, parseReceipt, type Receipt, receiptCall } from "./receipt.ts";
import { type Ask, type Fault, fault } from "./rpc.ts";

/** A nonce is used once; more is a token of another kind, or a lie. */
const TRANSACTIONS_MAX = 4;
const ZERO = `0x${"0".repeat(64)}`;
const ONE = `0x${"0".repeat(63)}1`;

export const eip3009: Method = {
  stateCall: ({ asset, payer, nonce }) => ({
    to: asset,
    data: `${AUTHORIZATION_STATE}${addressWord(payer).slice(2)}${nonce.slice(2).toLowerCase()}`,
  }),
  isUsed: (word) => (word === ZERO || word === ONE ? word === ONE : null),
  readHint,
  readUse,
};

async function readHint(
  ask: Ask,
  transaction: string,
  authorization: Authorization,
): Promise<Result<KnownFate | null, Fault>> {
  const results = await ask([receiptCall(transaction)]);
  if (!results.ok) return results;
  const receipt = parseReceipt(results.value[0], transaction);
  return ok(receipt && fateInHint(receipt, authorization));
}

async function readUse(
  ask: Ask,
  authorization: Authorization,
  range: LogRange,
  requestsMax: number,
): Promise<Result<KnownFate, Fault>> {
  const { asset, payer, nonce } = authorization;
  const topics = [[AUTHORIZATION_USED, AUTHORIZATION_CANCELED], [addressWord(payer)], [nonce.toLowerCase()]];
  const logs = await readLogs(ask, { address: asset, topics }, range, requestsMax);
  if (!logs.ok) return logs;
  const receipts = await readReceipts(ask, transactionsOf(logs.value));
  return receipts.ok ? fateInLogs(logs.value, receipts.value, authorization) : receipts;
}

const transactionsOf = (logs: readonly Log[]): readonly string[] => [...new Set(logs.map((log) => log.transaction))];

async function readReceipts(ask: Ask, transactions: readonly string[]): Promise<Result<readonly Receipt[], Fault>> {
  if (transactions.length === 0) return ok([]);
  if (transactions.length > TRANSACTIONS_MAX) return err(fault("has one nonce used in many transactions"));
  const results = await ask(transactions.map(receiptCall));
  if (!results.ok) return results;
  const receipts = transactions
    .map((transaction, i) => parseReceipt(results.value[i], transaction))
    .filter((receipt) => receipt !== null);
  return receipts.length === transactions.length
    ? ok(receipts)
    : err(fault("has no receipt of a transaction it names"));
}
