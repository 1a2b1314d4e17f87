// Logs and receipts as a stranger sends them, read into a shape that can be relied on: lower case, whole, in order, and
// of one transaction. What does not have that shape is null, and is never taken for "nothing happened".

import { isObject } from "../std/index.ts";
import { parseQuantity, parseWord } from "./hex.ts";
import type { Call } from "./rpc.ts";

export interface Log {
  /** Of the contract that wrote it, lower case. */
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly transaction: string;
  readonly logIndex: number;
  readonly blockNumber: number;
  readonly blockHash: string;
}

export interface Receipt {
  readonly transaction: string;
  readonly blockHash: string;
  /** A transaction that was reverted is mined too. */
  readonly succeeded: boolean;
  /** In the order in which they were written. */
  readonly logs: readonly Log[];
}

const ADDRESS = /^0x[0-9a-f]{40}$/i;
const BYTES = /^0x([0-9a-f]{2})*$/i;

export function parseLog(value: unknown): Log | null {
  if (!isObject(value)) return null;
  const { address, data, removed } = value;
  const topics = parseTopics(value["topics"]);
  const transaction = parseWord(value["transactionHash"]);
  const blockHash = parseWord(value["blockHash"]);
  const logIndex = parseQuantity(value["logIndex"]);
  const blockNumber = parseQuantity(value["blockNumber"]);
  if (typeof address !== "string" || !ADDRESS.test(address) || typeof data !== "string" || !BYTES.test(data))
    return null;
  if (topics === null || transaction === null || blockHash === null || logIndex === null || blockNumber === null)
    return null;
  // A log of a block that is no longer in the chain.
  if (removed === true) return null;
  return {
    address: address.toLowerCase(),
    topics,
    data: data.toLowerCase(),
    transaction,
    logIndex,
    blockNumber,
    blockHash,
  };
}

export const receiptCall = (transaction: string): Call => ({
  method: "eth_getTransactionReceipt",
  params: [transaction],
});

/** Null also where there is no receipt yet, and where it is another transaction's. */
export function parseReceipt(value: unknown, transaction: string): Receipt | null {
  if (!isObject(value) || parseWord(value["transactionHash"]) !== transaction) return null;
  const blockHash = parseWord(value["blockHash"]);
  const { status } = value;
  if (blockHash === null || (status !== "0x1" && status !== "0x0")) return null;
  const logs = parseLogs(value["logs"]);
  if (logs === null || !logs.every((log) => log.transaction === transaction && log.blockHash === blockHash))
    return null;
  return { transaction, blockHash, succeeded: status === "0x1", logs };
}

/** In the chain's order, whatever the order was in which they came. Null where one is no log, or comes twice. */
export function parseLogs(value: unknown): readonly Log[] | null {
  if (!Array.isArray(value)) return null;
  const logs = value.map(parseLog).filter((log) => log !== null);
  if (logs.length !== value.length) return null;
  logs.sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex);
  return logs.every((log, i) => !isSamePlace(log, logs[i + 1])) ? logs : null;
}

const isSamePlace = (log: Log, next: Log | undefined): boolean =>
  log.blockNumber === next?.blockNumber && log.logIndex === next.logIndex;

function parseTopics(value: unknown): readonly string[] | null {
  if (!Array.isArray(value) || value.length > 4) return null;
  const topics = value.map(parseWord).filter((topic) => topic !== null);
  return topics.length === value.length ? topics : null;
}
