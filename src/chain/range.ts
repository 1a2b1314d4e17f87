// Where in the chain a payment is looked for: from some minutes before its claim to the head. Where an RPC does not show the
// logs of so many blocks, the few are found first in which the nonce became used.

import { err, ok, type Result } from "../std/index.ts";
import { type Block, between, findBlock } from "./blocks.ts";
import type { Authorization } from "./events.ts";
import type { KnownFate } from "./fate.ts";
import { type LogRange, PAGE_BLOCKS } from "./logs.ts";
import type { Method } from "./method.ts";
import { type Ask, type Fault, fault } from "./rpc.ts";
import { readStates } from "./state.ts";

/** A chain's time and ours differ; logs are looked at from this long before the claim. */
export const CLOCK_SKEW_MS = 5 * 60_000;
/** Blocks that are read too many rather than looked for more exactly. */
const SLACK_BLOCKS = 1024;
/** Questions for logs, before fewer blocks are looked for. */
const FEW_REQUESTS = 8;
/** A Worker's invocation has a bounded number of subrequests, and this is one payment of many. */
const REQUESTS_MAX = 32;
/** What every RPC shows at once. */
const NARROW_BLOCKS = 10;
/** Blocks whose state is asked for in one batch, each with two calls. */
const STATES = 4;

/** Of a nonce that reads as used at the head. */
export async function findUse(
  ask: Ask,
  method: Method,
  authorization: Authorization,
  head: Block,
): Promise<Result<KnownFate, Fault>> {
  const fromBlock = await findBlock(ask, head, authorization.sinceMs - CLOCK_SKEW_MS, SLACK_BLOCKS);
  if (!fromBlock.ok) return fromBlock;
  const range = { fromBlock: fromBlock.value, toBlock: head.number };
  const isShort = range.toBlock - range.fromBlock < FEW_REQUESTS * PAGE_BLOCKS;
  if (isShort) {
    const found = await method.readUse(ask, authorization, range, FEW_REQUESTS);
    if (found.ok || found.error.kind !== "refused") return found;
  }
  const narrowed = await narrow(ask, method, authorization, range);
  // Not every RPC keeps older states.
  return method.readUse(ask, authorization, narrowed.ok ? narrowed.value : range, REQUESTS_MAX);
}

/** Where it became used: it is unused as of the first block, and used as of the last one. */
async function narrow(
  ask: Ask,
  method: Method,
  authorization: Authorization,
  { fromBlock, toBlock }: LogRange,
): Promise<Result<LogRange, Fault>> {
  let [low, high] = [fromBlock, toBlock];
  while (high - low >= NARROW_BLOCKS) {
    const numbers = [low, ...between(low, high, STATES - 1)];
    const states = await readStates(ask, method, authorization, numbers);
    if (!states.ok) return states;
    const unused = states.value.filter(({ isUsed }) => !isUsed).length;
    // What is used stays so.
    if (states.value.slice(0, unused).some(({ isUsed }) => isUsed) || unused === 0)
      return err(fault("does not show where the nonce became used"));
    high = numbers[unused] ?? high;
    low = numbers[unused - 1] as number;
  }
  return ok({ fromBlock: low, toBlock: high });
}
