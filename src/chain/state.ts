// Whether a nonce is used, as of one block.

import { err, ok, type Result } from "../std/index.ts";
import { type Block, blockCall, parseBlock } from "./blocks.ts";
import type { Authorization } from "./events.ts";
import { parseWord, toQuantity } from "./hex.ts";
import type { Method } from "./method.ts";
import { type Ask, type Fault, fault } from "./rpc.ts";

/**
 * As of exactly the block whose time is told with it. An RPC of several machines may ask one that is behind, and some
 * then answer from an older block: so whoever tells the state has to show that block too.
 */
export async function readState(
  ask: Ask,
  { stateCall, isUsed }: Pick<Method, "stateCall" | "isUsed">,
  authorization: Authorization,
  at: Block,
): Promise<Result<boolean, Fault>> {
  const call = { method: "eth_call", params: [stateCall(authorization), toQuantity(at.number)] };
  const results = await ask([call, blockCall(at.number)]);
  if (!results.ok) return results;
  const [word, block] = [parseWord(results.value[0]), parseBlock(results.value[1])];
  if (block?.number !== at.number || block.timeMs !== at.timeMs) return err(fault("has lost its latest block"));
  const state = word === null ? null : isUsed(word, authorization);
  return state === null ? err(fault("has no state of the nonce")) : ok(state);
}
