// The settling of one payment: look, take a nonce, broadcast, watch. From the moment that a transaction is signed it may
// be mined, whatever happens here; so only what was refused before, or what the chain proves can never pay, is rejected.

import type { Settlement } from "../x402/index.ts";
import { broadcast } from "./broadcast.ts";
import { buildDeadline, type Deadline } from "./deadline.ts";
import type { Desk } from "./desk.ts";
import { look } from "./look.ts";
import { authorizationOf, type Order, readOrder } from "./order.ts";
import type { Seen, Sent } from "./outbox.ts";
import type { Sighting } from "./sighting.ts";
import { EXPIRED, NONCE_USED } from "./survey.ts";
import { begin, unknown } from "./taking.ts";
import { tend } from "./tending.ts";
import { isSameTransfer, transferData } from "./token.ts";

/** A block's time is its maker's word, and a block may be replaced by an earlier one. */
const MARGIN_MS = 120_000;

export async function settle(desk: Desk, body: string): Promise<Settlement> {
  const order = readOrder(body);
  if (!order.ok) return { kind: "rejected", reason: order.error };
  const deadline = buildDeadline(desk.settings.settleTimeoutMs);
  const sent = await begin(desk, order.value, deadline);
  if (!sent.ok) return sent.error;
  // A payer may sign one nonce for two amounts. What paid the one is no payment of the other.
  if (!isSameTransfer(sent.value.data, transferData(order.value))) return unknown(NONCE_USED);
  return watch(desk, order.value, sent.value, deadline);
}

async function watch(desk: Desk, order: Order, taken: Sent, deadline: Deadline): Promise<Settlement> {
  const { pollMs, resendMs } = desk.settings;
  let sent = taken;
  if (sent.transaction !== null) return { kind: "settled", transaction: sent.transaction };
  let isTaken = false;
  let told: Seen | null = null;
  let tendedMs = desk.nowMs();
  while (!deadline.isOver()) {
    // Some nodes take no transaction before the one that it follows.
    if (!isTaken) isTaken = (await deadline.before(broadcast(desk, order.network, [sent.signed[0].raw]))) ?? false;
    const seen = await deadline.before(look(desk, order, sent));
    if (seen?.ok) {
      if (seen.value.kind !== "waiting") return conclude(desk, order, sent, seen.value, deadline);
      if (seen.value.shallow !== told) {
        told = seen.value.shallow;
        await deadline.before(desk.relay(order.network).mark(order.id, told));
      }
      if (desk.nowMs() - tendedMs >= resendMs) {
        tendedMs = desk.nowMs();
        sent = (await deadline.before(tend(desk, order, seen.value.usedNonces))) ?? sent;
      }
    }
    await deadline.pause(pollMs);
  }
  return unknown("settlement_pending", sent.signed[0].hash);
}

type Mined = Exclude<Sighting, { kind: "waiting" }>;

async function conclude(desk: Desk, order: Order, sent: Sent, mined: Mined, deadline: Deadline): Promise<Settlement> {
  const { kind, transaction } = mined;
  if (kind !== "settled") await deadline.before(desk.relay(order.network).mark(order.id, kind));
  switch (kind) {
    case "settled":
      return settled(desk, order, transaction, deadline);
    case "strange":
      return unknown("invalid_exact_evm_transfer_event_mismatch", transaction);
    case "reverted":
      return findOut(desk, order, sent, transaction, deadline);
  }
}

/**
 * Our nonce is spent, so nothing of ours can be mined any more. But the authorization was public: somebody else may have
 * sent it first, which paid, or may yet, while it lasts.
 */
async function findOut(
  desk: Desk,
  order: Order,
  { createdAtMs }: Sent,
  transaction: string,
  deadline: Deadline,
): Promise<Settlement> {
  console.warn(JSON.stringify({ event: "relayer_reverted", id: order.id, transaction }));
  const authorization = authorizationOf(order, createdAtMs);
  const fate = await deadline.before(desk.chain.fateOf(authorization, desk.settings.confirmations));
  if (fate?.kind === "paid") return settled(desk, order, fate.transaction, deadline);
  if (fate?.kind === "canceled") return { kind: "rejected", reason: NONCE_USED };
  const isOver = fate?.kind === "unused" && fate.chainTimeMs >= authorization.validBeforeMs + MARGIN_MS;
  return isOver ? { kind: "rejected", reason: EXPIRED } : unknown("invalid_exact_evm_transaction_failed", transaction);
}

async function settled(desk: Desk, order: Order, transaction: string, deadline: Deadline): Promise<Settlement> {
  await deadline.before(desk.relay(order.network).close(order.id, transaction));
  return { kind: "settled", transaction };
}
