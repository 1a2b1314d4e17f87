// Slots and times of a Solana chain. A message names the hash of a recent block, and can be carried out in the 151 blocks
// after it and in no later one, whatever the clocks say: a chain that stood still for hours goes on with the same blocks.

import { err, ok, type Result } from "../std/index.ts";
import { type Ask, type Fault, fault } from "./rpc.ts";
import { parseCount } from "./solana-listing.ts";

/** A message that names the hash of so old a block, or of an older one, is never carried out any more. */
const EXPIRED_BLOCKS = 152;
/** Slots that are looked at for them; some have no block. */
const WINDOW = 1024;

/** The last one that can never be taken back. */
export async function readFinalSlot(ask: Ask): Promise<Result<number, Fault>> {
  const results = await ask([{ method: "getSlot", params: [{ commitment: "finalized" }] }]);
  if (!results.ok) return results;
  const slot = parseCount(results.value[0]);
  return slot === null ? err(fault("has no final slot")) : ok(slot);
}

export interface Span {
  /** Of the first block whose transactions are still known. */
  readonly fromMs: number;
  /** Of the last block whose hash can be named no more. */
  readonly toMs: number;
}

/** What the RPC can speak of with certainty, as of a final slot. */
export async function readSpan(ask: Ask, slot: number): Promise<Result<Span, Fault>> {
  const results = await ask([
    { method: "getFirstAvailableBlock", params: [] },
    { method: "getBlocks", params: [Math.max(slot - WINDOW, 0), slot, { commitment: "finalized" }] },
  ]);
  if (!results.ok) return results;
  const first = parseCount(results.value[0]);
  const expired = parseBlocks(results.value[1], slot)?.at(-EXPIRED_BLOCKS);
  if (first === null || expired === undefined) return err(fault("does not show its blocks"));
  const times = await ask([first, expired].map((block) => ({ method: "getBlockTime", params: [block] })));
  if (!times.ok) return times;
  const [from, to] = times.value.map(parseCount);
  if (typeof from !== "number" || typeof to !== "number") return err(fault("has no times of its blocks"));
  return ok({ fromMs: from * 1000, toMs: to * 1000 });
}

/** Slots with a block, ascending; null where one is none, is out of its order, or lies beyond the last. */
function parseBlocks(value: unknown, last: number): readonly number[] | null {
  if (!Array.isArray(value)) return null;
  const slots = value.map(parseCount).filter((slot) => slot !== null);
  const isAscending = slots.every((slot, i) => slot < (slots[i + 1] ?? last + 1));
  return slots.length === value.length && isAscending ? slots : null;
}
