// The chain's own book, for whoever holds ours against it: every transfer of a token to one payee, and the blocks
// between two times. Answers come whole from one RPC, or not at all.

import { err, ok, type Result } from "../std/index.ts";
import { isSolana } from "../x402/index.ts";
import { type Block, blockCall, findBlock, parseBlock, readHead } from "./blocks.ts";
import { parseValue, TRANSFER } from "./events.ts";
import { addressWord, wordAddress } from "./hex.ts";
import { readLogs } from "./logs.ts";
import type { Log } from "./receipt.ts";
import { type Ask, buildEndpoints, type ChainSettings, type Fault, type Fetch, failOver, fault } from "./rpc.ts";
import { buildSolanaHistory } from "./solana-history.ts";

export interface Transfer {
  readonly transaction: string;
  /** On Solana, where a transaction tells its sums alone, it is 0. */
  readonly logIndex: number;
  /** Lower case, as `to`, but for Solana; empty there where several accounts paid. */
  readonly from: string;
  readonly to: string;
  /** Atomic units. */
  readonly value: bigint;
  readonly blockNumber: number;
}

export interface TransferQuery {
  readonly asset: string;
  readonly payTo: string;
  readonly fromBlock: number;
  /** Included. An RPC that has not seen it is not asked further. */
  readonly toBlock: number;
}

/** Errors are sentences for an operator, without a URL's secret. */
export interface History {
  /** Oldest first. */
  readonly readTransfers: (query: TransferQuery) => Promise<Result<readonly Transfer[], string>>;
  readonly latestBlock: () => Promise<Result<Block, string>>;
  /** The number of the last block at or before that time, on Solana perhaps of one before; 0 where the chain began later. */
  readonly blockAt: (timeMs: number) => Promise<Result<number, string>>;
  /** The time of the block with that number. */
  readonly timeOf: (block: number) => Promise<Result<number, string>>;
}

const LOG_REQUESTS_MAX = 10_000;

/** @param network CAIP-2; a URL on another one is refused */
export function buildHistory(network: string, settings: ChainSettings, fetcher: Fetch = globalThis): History {
  const endpoints = buildEndpoints(settings, fetcher);
  if (isSolana(network)) return buildSolanaHistory(network, endpoints);
  return {
    readTransfers: (query) => failOver(endpoints, network, (ask) => readTransfers(ask, query)),
    latestBlock: () => failOver(endpoints, network, readHead),
    blockAt: (timeMs) =>
      failOver(endpoints, network, async (ask) => {
        const head = await readHead(ask);
        return head.ok ? findBlock(ask, head.value, timeMs, 0) : head;
      }),
    timeOf: (block) => failOver(endpoints, network, (ask) => readTime(ask, block)),
  };
}

async function readTime(ask: Ask, number: number): Promise<Result<number, Fault>> {
  const results = await ask([blockCall(number)]);
  if (!results.ok) return results;
  const block = parseBlock(results.value[0]);
  return block?.number === number ? ok(block.timeMs) : err(fault(`has no block ${number}`));
}

async function readTransfers(
  ask: Ask,
  { asset, payTo, ...range }: TransferQuery,
): Promise<Result<readonly Transfer[], Fault>> {
  const topics = [[TRANSFER], null, [addressWord(payTo)]];
  const logs = await readLogs(ask, { address: asset, topics }, range, LOG_REQUESTS_MAX);
  if (!logs.ok) return logs;
  const transfers = logs.value.map(transferOf).filter((transfer) => transfer !== null);
  return transfers.length === logs.value.length ? ok(transfers) : err(fault("has transfers without a value"));
}

function transferOf({ topics, data, transaction, logIndex, blockNumber }: Log): Transfer | null {
  const [, from, to] = topics;
  const value = parseValue(data);
  if (from === undefined || to === undefined || value === null) return null;
  return { transaction, logIndex, from: wordAddress(from), to: wordAddress(to), value, blockNumber };
}
