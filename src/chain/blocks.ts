// Blocks by number and by time. Times in a chain never fall; an RPC whose times do is not believed.

import { err, isObject, ok, type Result } from "../std/index.ts";
import { parseQuantity, toQuantity } from "./hex.ts";
import { type Ask, type Call, type Fault, fault } from "./rpc.ts";

export interface Block {
  readonly number: number;
  readonly timeMs: number;
}

/** Headers that are asked for in one batch. Providers begin to refuse at ten calls. */
const PROBES = 8;

export const blockCall = (block: number | "latest"): Call => ({
  method: "eth_getBlockByNumber",
  params: [block === "latest" ? block : toQuantity(block), false],
});

/**
 * Null also for a time that cannot be counted with, and where there is no such block, which an RPC says of a block that it
 * has not seen yet.
 */
export function parseBlock(value: unknown): Block | null {
  if (!isObject(value)) return null;
  const number = parseQuantity(value["number"]);
  const timeMs = (parseQuantity(value["timestamp"]) ?? Number.NaN) * 1000;
  return number === null || !Number.isSafeInteger(timeMs) ? null : { number, timeMs };
}

export async function readHead(ask: Ask): Promise<Result<Block, Fault>> {
  const results = await ask([blockCall("latest")]);
  if (!results.ok) return results;
  const head = parseBlock(results.value[0]);
  return head ? ok(head) : err(fault("has no latest block"));
}

/** The block that so many others are built on; the first one of a chain that has not so many. */
export async function readBehindHead(ask: Ask, behind: number): Promise<Result<Block, Fault>> {
  const head = await readHead(ask);
  if (!head.ok || behind === 0) return head;
  const blocks = await readBlocks(ask, [Math.max(head.value.number - behind, 0)]);
  return blocks.ok ? ok(blocks.value[0] as Block) : blocks;
}

/**
 * A block at or before that time, and at most `slack` blocks before the last one of them. Block 0 where the chain
 * began later. The search goes back from the head in growing steps first: what is looked for is mostly recent.
 */
export async function findBlock(ask: Ask, head: Block, timeMs: number, slack: number): Promise<Result<number, Fault>> {
  if (head.timeMs <= timeMs) return ok(head.number);
  let bracket: Bracket = { low: { number: -1, timeMs: Number.NEGATIVE_INFINITY }, high: head };
  for (let numbers = firstProbes(head.number); bracket.high.number - bracket.low.number > 1 + slack; ) {
    const blocks = await readBlocks(ask, numbers);
    if (!blocks.ok) return blocks;
    const narrowed = narrow(bracket, blocks.value, timeMs);
    if (!narrowed) return err(fault("has blocks whose times fall"));
    bracket = narrowed;
    numbers = between(bracket.low.number, bracket.high.number, PROBES);
  }
  return ok(Math.max(bracket.low.number, 0));
}

/** `low` is at or before the time that is looked for, `high` is after it. */
interface Bracket {
  readonly low: Block;
  readonly high: Block;
}

function narrow({ low, high }: Bracket, blocks: readonly Block[], timeMs: number): Bracket | null {
  const all = [low, ...blocks, high];
  if (all.some((block, i) => block.timeMs > (all[i + 1] ?? block).timeMs)) return null;
  const after = all.findIndex((block) => block.timeMs > timeMs);
  return { low: all[after - 1] ?? low, high: all[after] ?? high };
}

/** 8, 64, 512 … blocks before the head, and the chain's first block; ascending. */
function firstProbes(head: number): readonly number[] {
  const backwards = Array.from({ length: PROBES - 1 }, (_, i) => head - 8 ** (i + 1)).filter((number) => number > 0);
  return [...backwards, 0].reverse();
}

/** So many blocks evenly between the two, without them; ascending. */
export function between(low: number, high: number, count: number): readonly number[] {
  const distance = high - low;
  const parts = Math.min(count + 1, distance);
  return Array.from({ length: parts - 1 }, (_, i) => low + Math.floor((distance * (i + 1)) / parts));
}

async function readBlocks(ask: Ask, numbers: readonly number[]): Promise<Result<readonly Block[], Fault>> {
  const results = await ask(numbers.map(blockCall));
  if (!results.ok) return results;
  const blocks = results.value.map(parseBlock).filter((block) => block !== null);
  const isAsked = blocks.length === numbers.length && blocks.every(({ number }, i) => number === numbers[i]);
  return isAsked ? ok(blocks) : err(fault("has other blocks than it was asked for"));
}
