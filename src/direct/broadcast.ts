// Signed transactions on their way to the chain. Whether a node takes one proves nothing either way: only a block does.

import { failOver, fault, parseWord } from "../chain/index.ts";
import { err, ok } from "../std/index.ts";
import type { Desk } from "./desk.ts";

/**
 * Offers them to one RPC after the other until one takes any. What a node has already, or what its account's count is
 * past, it refuses like everything else.
 *
 * @param raws signed, in hexadecimal
 */
export async function broadcast({ endpoints }: Desk, network: string, raws: readonly string[]): Promise<boolean> {
  const calls = raws.map((raw) => ({ method: "eth_sendRawTransaction", params: [raw] }));
  const sent = await failOver(endpoints, network, async (_, askEach) => {
    const replies = await askEach(calls);
    if (!replies.ok) return replies;
    const isTaken = replies.value.some((reply) => reply.ok && parseWord(reply.value) !== null);
    return isTaken ? ok(true) : err(fault("took no transaction"));
  });
  return sent.ok;
}
