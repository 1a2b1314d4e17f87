// What changes on the chain while something is done.

import { buyer } from "../../tools/stack/chain.ts";
import type { World } from "./world.ts";

export interface Movement {
  /** Atomic units. */
  readonly payee: bigint;
  readonly buyer: bigint;
  readonly transfers: number;
}

export const PRICE = 10_000n;
export const NOTHING: Movement = { payee: 0n, buyer: 0n, transfers: 0 };
export const ONE_PRICE: Movement = { payee: PRICE, buyer: -PRICE, transfers: 1 };

export async function watchChain(world: World): Promise<() => Promise<Movement>> {
  const read = async () => ({
    payee: await world.payee(),
    buyer: await world.balance(buyer.address),
    transfers: (await world.transfers()).length,
  });
  const before = await read();
  return async () => {
    const now = await read();
    return {
      payee: now.payee - before.payee,
      buyer: now.buyer - before.buyer,
      transfers: now.transfers - before.transfers,
    };
  };
}
