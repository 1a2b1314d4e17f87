// What one RPC shows of a payment's transactions, and what that proves. Of those with one nonce at most one is mined.

import {
  type AskEach,
  type Authorization,
  type Block,
  blockCall,
  type Call,
  type Fault,
  fault,
  judgeReceipt,
  parseBlock,
  parseQuantity,
  parseReceipt,
  type Reply,
} from "../chain/index.ts";
import { err, isObject, ok, type Result } from "../std/index.ts";

export type Sighting =
  /** In no block, or not deep enough yet. */
  | { readonly kind: "waiting"; readonly usedNonces: number }
  | { readonly kind: "settled"; readonly transaction: string }
  /** Mined and undone: the gas is lost, and whether anything was paid is another question. */
  | { readonly kind: "reverted"; readonly transaction: string }
  /** Mined, and the transfer that it is for is not in it. */
  | { readonly kind: "strange"; readonly transaction: string };

export interface Watched {
  readonly relayer: string;
  readonly hashes: readonly string[];
  readonly authorization: Authorization;
  readonly confirmations: number;
}

/** With the two calls beside them, a batch that every provider takes. */
const RECEIPTS_MAX = 7;

export async function sight(askEach: AskEach, watched: Watched): Promise<Result<Sighting, Fault>> {
  let waiting: Result<Sighting, Fault> = err(fault("was asked for nothing"));
  for (let i = 0; i < watched.hashes.length; i += RECEIPTS_MAX) {
    const hashes = watched.hashes.slice(i, i + RECEIPTS_MAX);
    const replies = await askEach(callsOf(hashes, watched.relayer));
    if (!replies.ok) return replies;
    waiting = readSighting(replies.value, { ...watched, hashes });
    if (!waiting.ok || waiting.value.kind !== "waiting") return waiting;
  }
  return waiting;
}

const callsOf = (hashes: readonly string[], relayer: string): readonly Call[] => [
  blockCall("latest"),
  { method: "eth_getTransactionCount", params: [relayer, "latest"] },
  ...hashes.map((hash) => ({ method: "eth_getTransactionReceipt", params: [hash] })),
];

function readSighting(replies: readonly Reply[], watched: Watched): Result<Sighting, Fault> {
  const [latest, count, ...receipts] = replies.map((reply) => (reply.ok ? reply.value : undefined));
  const head = parseBlock(latest);
  const usedNonces = parseQuantity(count);
  if (head === null || usedNonces === null) return err(fault("has no latest block"));
  if (receipts.some((receipt) => receipt === undefined)) return err(fault("does not say what was mined"));
  for (const [i, hash] of watched.hashes.entries()) {
    const seen = readReceipt(receipts[i], hash, head, watched);
    if (seen) return ok(seen);
  }
  return ok({ kind: "waiting", usedNonces });
}

/** Null where there is none that counts: not mined, not deep enough, or of a shape that cannot be relied on. */
function readReceipt(
  value: unknown,
  hash: string,
  head: Block,
  { authorization, confirmations }: Watched,
): Sighting | null {
  const receipt = parseReceipt(value, hash);
  const block = isObject(value) ? parseQuantity(value["blockNumber"]) : null;
  if (receipt === null || block === null || head.number - block + 1 < confirmations) return null;
  if (!receipt.succeeded) return { kind: "reverted", transaction: hash };
  const isPaid = judgeReceipt(receipt, authorization) === "paid";
  return { kind: isPaid ? "settled" : "strange", transaction: hash };
}
