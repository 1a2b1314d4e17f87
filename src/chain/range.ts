// Where in the chain a payment is looked for.

import type { Result } from "../std/index.ts";
import { type Block, findBlock } from "./blocks.ts";
import type { Authorization } from "./events.ts";
import type { Ask, Fault } from "./rpc.ts";

/** A chain's time and ours differ; logs are looked at from this long before the claim. */
export const CLOCK_SKEW_MS = 5 * 60_000;
/** Blocks that are read too many rather than looked for more exactly. */
const SLACK_BLOCKS = 1024;
/** A Worker's invocation has a bounded number of subrequests, and this is one payment of many. */
export const LOG_REQUESTS_MAX = 32;

export const firstBlock = (
  ask: Ask,
  { sinceMs }: Pick<Authorization, "sinceMs">,
  head: Block,
): Promise<Result<number, Fault>> => findBlock(ask, head, sinceMs - CLOCK_SKEW_MS, SLACK_BLOCKS);
