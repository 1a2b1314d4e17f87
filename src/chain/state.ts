// Whether a nonce is used, as of one block or several.

import { err, ok, type Result } from "../std/index.ts";
import { type Block, blockCall, parseBlock } from "./blocks.ts";
import type { Authorization } from "./events.ts";
import { parseWord, toQuantity } from "./hex.ts";
import type { Method } from "./method.ts";
import { type Ask, type Fault, fault } from "./rpc.ts";

type Nonces = Pick<Method, "stateCall" | "isUsed">;

interface State {
  readonly isUsed: boolean;
  /** Of the block. */
  readonly timeMs: number;
}

/** As of exactly the block whose time is told with it. */
export async function readState(
  ask: Ask,
  nonces: Nonces,
  authorization: Authorization,
  { number, timeMs }: Block,
): Promise<Result<boolean, Fault>> {
  const states = await readStates(ask, nonces, authorization, [number]);
  if (!states.ok) return states;
  const [state] = states.value;
  return state?.timeMs === timeMs ? ok(state.isUsed) : err(LOST);
}

const LOST = fault("has lost its latest block");

/**
 * As of each of these blocks. An RPC of several machines may ask one that is behind, and some then answer from an older
 * block: so whoever tells the state has to show that block too.
 */
export async function readStates(
  ask: Ask,
  { stateCall, isUsed }: Nonces,
  authorization: Authorization,
  numbers: readonly number[],
): Promise<Result<readonly State[], Fault>> {
  const call = stateCall(authorization);
  const results = await ask(
    numbers.flatMap((number) => [{ method: "eth_call", params: [call, toQuantity(number)] }, blockCall(number)]),
  );
  if (!results.ok) return results;
  const states: State[] = [];
  for (const [i, number] of numbers.entries()) {
    const [word, block] = [parseWord(results.value[2 * i]), parseBlock(results.value[2 * i + 1])];
    if (block?.number !== number) return err(LOST);
    const state = word === null ? null : isUsed(word, authorization);
    if (state === null) return err(fault("has no state of the nonce"));
    states.push({ isUsed: state, timeMs: block.timeMs });
  }
  return ok(states);
}
