// A chain's JSON-RPC in memory behind HTTP. It answers as a good one does, but for what a test has it answer; and it
// remembers every batch that it was asked.

import type { ServerResponse } from "node:http";
import { numberToHex, pad } from "viem";
import type { RawTransaction } from "./permit2-logs.ts";
import { readText, startServer, type TestServer } from "./server.ts";
import { authorization, blockHash, type RawLog, type RawReceipt } from "./token-logs.ts";

export interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

export interface FakeChain {
  readonly receipts: readonly RawReceipt[];
  readonly transactions: readonly RawTransaction[];
  readonly isUsed: boolean;
  readonly head: number;
  /** Instead of the chain's own answers. */
  readonly answers: { readonly [method: string]: (...params: never[]) => unknown };
  /** Instead of any answer at all. */
  readonly serve: (response: ServerResponse, replies: readonly object[], calls: readonly Call[]) => void;
}

export interface FakeRpc extends TestServer {
  readonly seen: readonly (readonly Call[])[];
}

/** Thrown by an answer, it becomes that call's error object. */
export class RpcRefusal extends Error {
  readonly code: number;

  constructor(message: string, code = -32005) {
    super(message);
    this.code = code;
  }
}

export const HEAD = 6000;
const BLOCK_SECONDS = 2;
/** The authorization of the fixture was claimed some blocks before its transaction. */
const CLAIM_BLOCK = 4900;

export const secondsOf = (block: number): number =>
  authorization.sinceMs / 1000 + (block - CLAIM_BLOCK) * BLOCK_SECONDS;

export const rawBlock = (number: number) => ({
  number: numberToHex(number),
  hash: blockHash(number),
  timestamp: numberToHex(secondsOf(number)),
  transactions: [],
});

interface Filter {
  readonly address: string;
  readonly topics: readonly (readonly string[] | null)[];
  readonly fromBlock: string;
  readonly toBlock: string;
}

export const json = (response: ServerResponse, body: unknown, status = 200): void =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

export async function startFakeRpc(changes: Partial<FakeChain> = {}): Promise<FakeRpc> {
  const serve: FakeChain["serve"] = (response, replies) => json(response, replies);
  const chain: FakeChain = { receipts: [], transactions: [], isUsed: true, head: HEAD, answers: {}, serve, ...changes };
  const answers: FakeChain["answers"] = { ...methods(chain), ...chain.answers };
  const seen: (readonly Call[])[] = [];
  const server = await startServer(async (request, response) => {
    const calls: readonly Call[] = JSON.parse(await readText(request));
    seen.push(calls);
    const replies = calls.map((call) => reply(call, (answers[call.method] ?? unheard) as Answer));
    chain.serve(response, replies, calls);
  });
  return { ...server, seen };
}

type Answer = (...params: unknown[]) => unknown;

/** As JSON-RPC 2.0 has it for a method that there is not. */
function unheard(): never {
  throw new RpcRefusal("Method not found", -32601);
}

function reply({ id, params }: Call, answer: Answer): object {
  try {
    return { jsonrpc: "2.0", id, result: answer(...params) };
  } catch (error) {
    if (error instanceof RpcRefusal) {
      return { jsonrpc: "2.0", id, error: { code: error.code, message: error.message } };
    }
    throw error;
  }
}

function methods({ receipts, transactions, isUsed, head }: FakeChain): FakeChain["answers"] {
  return {
    eth_chainId: () => "0x14a34",
    eth_getBlockByNumber: (tag: string) => rawBlock(tag === "latest" ? head : Number(tag)),
    eth_call: () => pad(isUsed ? "0x1" : "0x0", { size: 32 }),
    eth_getLogs: (filter: Filter) => receipts.flatMap(({ logs }) => logs).filter((log) => passes(log, filter)),
    eth_getTransactionReceipt: (hash: string) =>
      receipts.find(({ transactionHash }) => transactionHash === hash) ?? null,
    eth_getTransactionByHash: (hash: string) => transactions.find((one) => one.hash === hash) ?? null,
  };
}

const passes = (log: RawLog, { address, topics, fromBlock, toBlock }: Filter): boolean =>
  log.address.toLowerCase() === address.toLowerCase() &&
  Number(log.blockNumber) >= Number(fromBlock) &&
  Number(log.blockNumber) <= Number(toBlock) &&
  topics.every((any, i) => any === null || any.includes(String(log.topics[i]).toLowerCase()));
