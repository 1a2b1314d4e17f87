// What one RPC shows of a payment's transactions, and what that proves. Of those with one nonce at most one is mined.

import {
  type AskEach,
  type Authorization,
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
import type { Seen } from "./outbox.ts";

export type Sighting =
  /** In no block, or not deep enough yet; then with what it would be. */
  | { readonly kind: "waiting"; readonly usedNonces: number; readonly shallow: Seen | null }
  | { readonly kind: "settled"; readonly transaction: string }
  /** Mined and undone: the gas is lost, and whether anything was paid is another question. */
  | { readonly kind: "reverted"; readonly transaction: string }
  /** Mined, and the transfer that it is for is not in it. */
  | { readonly kind: "strange"; readonly transaction: string };

type Mined = Exclude<Sighting, { kind: "waiting" }>;

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
    const isFound = !waiting.ok || waiting.value.kind !== "waiting" || waiting.value.shallow !== null;
    if (isFound) return waiting;
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
    const mined = readReceipt(receipts[i], hash, watched);
    if (mined === null) continue;
    const isDeep = head.number - mined.block + 1 >= watched.confirmations;
    return ok(isDeep ? mined.seen : { kind: "waiting", usedNonces, shallow: mined.seen.kind });
  }
  return ok({ kind: "waiting", usedNonces, shallow: null });
}

/** Null where there is none that counts: not mined, or of a shape that cannot be relied on. */
function readReceipt(
  value: unknown,
  hash: string,
  { authorization }: Watched,
): { readonly seen: Mined; readonly block: number } | null {
  const receipt = parseReceipt(value, hash);
  const block = isObject(value) ? parseQuantity(value["blockNumber"]) : null;
  if (receipt === null || block === null) return null;
  if (!receipt.succeeded) return { seen: { kind: "reverted", transaction: hash }, block };
  const isPaid = judgeReceipt(receipt, authorization) === "paid";
  return { seen: { kind: isPaid ? "settled" : "strange", transaction: hash }, block };
}
