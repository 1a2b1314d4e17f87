// A look at what became of a payment's transactions, and the outbox told of it. What waits for blocks to be built on it is
// told at once: how a payer's transactions end counts before it is certain.

import { failOver } from "../chain/index.ts";
import type { Result } from "../std/index.ts";
import type { Deadline } from "./deadline.ts";
import type { Desk } from "./desk.ts";
import { authorizationOf, type Transfer } from "./order.ts";
import type { Sent } from "./outbox.ts";
import { type Sighting, sight } from "./sighting.ts";
import { transferIn } from "./token.ts";

export const look = (
  { endpoints, account, settings }: Desk,
  transfer: Transfer,
  { signed, createdAtMs }: Sent,
): Promise<Result<Sighting, string>> =>
  failOver(endpoints, transfer.network, (_, askEach) =>
    sight(askEach, {
      relayer: account.address,
      hashes: signed.map(({ hash }) => hash),
      authorization: authorizationOf(transfer, createdAtMs),
      confirmations: settings.confirmations,
    }),
  );

/** Others' payments, whose Workers were ended before they saw the end. */
export async function lookAtOthers(
  desk: Desk,
  network: string,
  doubtful: readonly Sent[],
  deadline: Deadline,
): Promise<void> {
  const lookAt = async (sent: Sent): Promise<void> => {
    const sighting = await look(desk, { network, asset: sent.to, ...transferIn(sent.data) }, sent);
    if (!sighting.ok) return;
    const { value } = sighting;
    const seen = value.kind === "waiting" ? value.shallow : value.kind;
    if (seen !== null) await desk.relay(network).mark(sent.id, seen);
  };
  await deadline.before(Promise.all(doubtful.map(lookAt)));
}
