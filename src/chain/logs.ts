// The logs of one contract over a range of blocks, a page at a time. Providers refuse ranges that are long or hold too
// much, each by a rule of its own; so a page that is refused is halved, and what follows keeps that size.

import { err, ok, type Result } from "../std/index.ts";
import { blockCall, parseBlock } from "./blocks.ts";
import { toQuantity } from "./hex.ts";
import { type Log, parseLogs } from "./receipt.ts";
import { type Ask, type Call, type Fault, fault } from "./rpc.ts";

export interface LogFilter {
  readonly address: string;
  /** In each place: any of these, or null for anything. */
  readonly topics: readonly (readonly string[] | null)[];
}

export interface LogRange {
  readonly fromBlock: number;
  /** Included. */
  readonly toBlock: number;
}

/** Asked for at once, where nobody refuses that. */
export const PAGE_BLOCKS = 2000;

/** @param requestsMax after which it counts as refused */
export async function readLogs(
  ask: Ask,
  filter: LogFilter,
  range: LogRange,
  requestsMax: number,
): Promise<Result<readonly Log[], Fault>> {
  const logs: Log[] = [];
  let size = PAGE_BLOCKS;
  let fromBlock = range.fromBlock;
  for (let requests = 0; fromBlock <= range.toBlock; requests++) {
    if (requests === requestsMax) return err({ kind: "refused", detail: "takes too many questions for these blocks" });
    const page = { fromBlock, toBlock: Math.min(fromBlock + size - 1, range.toBlock) };
    const found = await readPage(ask, filter, page);
    if (found.ok) {
      logs.push(...found.value);
      fromBlock = page.toBlock + 1;
    } else {
      size = Math.floor((page.toBlock - page.fromBlock + 1) / 2);
      if (found.error.kind !== "refused" || size === 0) return found;
    }
  }
  return ok(logs);
}

async function readPage(ask: Ask, filter: LogFilter, page: LogRange): Promise<Result<readonly Log[], Fault>> {
  // A machine that has not seen the last block yet leaves out its logs without a word.
  const results = await ask([logsCall(filter, page), blockCall(page.toBlock)]);
  if (!results.ok) return results;
  if (parseBlock(results.value[1])?.number !== page.toBlock) return err(fault("has not seen the last of these blocks"));
  const logs = parseLogs(results.value[0]);
  const isAsked = logs?.every((log) => matches(log, filter, page));
  return logs && isAsked ? ok(logs) : err(fault("has other logs than it was asked for"));
}

const logsCall = ({ address, topics }: LogFilter, { fromBlock, toBlock }: LogRange): Call => ({
  method: "eth_getLogs",
  params: [{ address, topics, fromBlock: toQuantity(fromBlock), toBlock: toQuantity(toBlock) }],
});

const matches = (log: Log, { address, topics }: LogFilter, { fromBlock, toBlock }: LogRange): boolean =>
  log.address === address.toLowerCase() &&
  log.blockNumber >= fromBlock &&
  log.blockNumber <= toBlock &&
  topics.every((any, i) => any === null || any.includes(log.topics[i] ?? ""));
