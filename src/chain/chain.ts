// What the chain says of an EIP-3009 payment whose settlement nobody confirmed. It reads, and moves nothing.
//
// Limits. An RPC that lies consistently is believed: who configures it, trusts it. The head of the chain is read, not a
// finalized block: a facilitator's own "settled" rests on no more, and a payment that is seen in a block which is later
// dropped can still be mined; the caller's margin after `validBefore` covers the other direction. An RPC that stands
// still answers `unused` with an old time, which proves nothing. A use from long before `sinceMs` is not looked for.

import { err, ok, type Result } from "../std/index.ts";
import { type Block, blockCall, findBlock, parseBlock, readHead } from "./blocks.ts";
import { AUTHORIZATION_CANCELED, AUTHORIZATION_STATE, AUTHORIZATION_USED, type Authorization } from "./events.ts";
import { type Fate, fateInHint, fateInLogs, type KnownFate } from "./fate.ts";
import { addressWord, parseWord, toQuantity } from "./hex.ts";
import { readLogs } from "./logs.ts";
import { type Log, parseReceipt, type Receipt } from "./receipt.ts";
import {
  type Ask,
  buildEndpoints,
  type Call,
  type ChainSettings,
  type Fault,
  type Fetch,
  failOver,
  fault,
} from "./rpc.ts";

export interface Chain {
  readonly fateOf: (authorization: Authorization) => Promise<Fate>;
}

/** A chain's time and ours differ; logs are looked at from this long before the claim. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** Blocks that are read too many rather than looked for more exactly. */
const SLACK_BLOCKS = 1024;
/** A Worker's invocation has a bounded number of subrequests, and this is one payment of many. */
const LOG_REQUESTS_MAX = 32;
/** A nonce is used once; more is a token of another kind, or a lie. */
const TRANSACTIONS_MAX = 4;
const ZERO = `0x${"0".repeat(64)}`;
const ONE = `0x${"0".repeat(63)}1`;

export function buildChain(settings: ChainSettings, fetcher: Fetch = globalThis): Chain {
  const endpoints = buildEndpoints(settings, fetcher);
  return {
    async fateOf(authorization) {
      const fate = await failOver(endpoints, authorization.network, (ask) => readFate(ask, authorization));
      return fate.ok ? fate.value : { kind: "unavailable", detail: fate.error };
    },
  };
}

async function readFate(ask: Ask, authorization: Authorization): Promise<Result<KnownFate, Fault>> {
  const hinted = await readHint(ask, authorization);
  if (!hinted.ok) return hinted;
  if (hinted.value) return ok(hinted.value);
  const head = await readHead(ask);
  if (!head.ok) return head;
  const isUsed = await readState(ask, authorization, head.value);
  if (!isUsed.ok) return isUsed;
  if (!isUsed.value) return ok({ kind: "unused", chainTimeMs: head.value.timeMs });
  return readUse(ask, authorization, head.value);
}

/** Null where the named transaction is no proof of payment, for whatever reason: the nonce's own is looked for then. */
async function readHint(ask: Ask, authorization: Authorization): Promise<Result<KnownFate | null, Fault>> {
  const transaction = parseWord(authorization.transaction);
  if (transaction === null) return ok(null);
  const results = await ask([receiptCall(transaction)]);
  // Whoever names a transaction that this RPC cannot show must not keep it from answering the rest.
  if (!results.ok) return results.error.kind === "refused" ? ok(null) : results;
  const receipt = parseReceipt(results.value[0], transaction);
  return ok(receipt && fateInHint(receipt, authorization));
}

/**
 * As of exactly the block whose time is told with it. An RPC of several machines may ask one that is behind, and some
 * then answer from an older block: so whoever tells the state has to show that block too.
 */
async function readState(ask: Ask, { asset, payer, nonce }: Authorization, at: Block): Promise<Result<boolean, Fault>> {
  const data = `${AUTHORIZATION_STATE}${addressWord(payer).slice(2)}${nonce.slice(2).toLowerCase()}`;
  const call = { method: "eth_call", params: [{ to: asset, data }, toQuantity(at.number)] };
  const results = await ask([call, blockCall(at.number)]);
  if (!results.ok) return results;
  const [state, block] = [parseWord(results.value[0]), parseBlock(results.value[1])];
  if (block?.number !== at.number || block.timeMs !== at.timeMs) return err(fault("has lost its latest block"));
  return state === ZERO || state === ONE ? ok(state === ONE) : err(fault("has no state of the nonce"));
}

async function readUse(ask: Ask, authorization: Authorization, head: Block): Promise<Result<KnownFate, Fault>> {
  const { asset, payer, nonce, sinceMs } = authorization;
  const fromBlock = await findBlock(ask, head, sinceMs - CLOCK_SKEW_MS, SLACK_BLOCKS);
  if (!fromBlock.ok) return fromBlock;
  const topics = [[AUTHORIZATION_USED, AUTHORIZATION_CANCELED], [addressWord(payer)], [nonce.toLowerCase()]];
  const range = { fromBlock: fromBlock.value, toBlock: head.number };
  const logs = await readLogs(ask, { address: asset, topics }, range, LOG_REQUESTS_MAX);
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

const receiptCall = (transaction: string): Call => ({ method: "eth_getTransactionReceipt", params: [transaction] });
