// Looking after what the relayer has under way: whoever waits for a payment of its own also sends again what stands
// before it, because the one who was to do so may have died. So nothing is stuck for longer than the next payment takes.

import { blockCall, failOver, fault } from "../chain/index.ts";
import { err, ok } from "../std/index.ts";
import { broadcast } from "./broadcast.ts";
import type { Desk } from "./desk.ts";
import { type Fees, feesOf } from "./fees.ts";
import type { Order } from "./order.ts";
import type { Sent } from "./outbox.ts";
import { readMarket } from "./survey.ts";

/** @returns the payment as it is then; null where the outbox did not answer */
export async function tend(desk: Desk, { id, network, chainId }: Order, usedNonces: number): Promise<Sent | null> {
  const { feeMax, resendMs, replaceAfterMs } = desk.settings;
  const today = await readToday(desk, network);
  const asked = { id, chainId, usedNonces, today, feeMax, resendMs, replaceAfterMs };
  const tended = await desk.relay(network).tend(asked);
  if (!tended.ok) return null;
  const { sent, raws } = tended.value;
  if (raws.length > 0) await broadcast(desk, network, raws);
  return sent;
}

/** Null where the price is above the cap, or nobody says it. */
async function readToday({ endpoints, settings }: Desk, network: string): Promise<Fees | null> {
  const market = await failOver(endpoints, network, async (ask) => {
    const results = await ask([blockCall("latest"), { method: "eth_gasPrice", params: [] }]);
    if (!results.ok) return results;
    const read = readMarket(results.value[0], results.value[1]);
    return read ? ok(read) : err(fault("does not say what sending costs"));
  });
  return market.ok ? feesOf(market.value, settings.feeMax) : null;
}
