// A payment on its way to a nonce: whether it has one already, whether it would settle, and what it offers for its gas.
// Until the outbox has signed, nothing of it can be mined; what is refused here is refused for good.

import { err, ok, type Result } from "../std/index.ts";
import type { Settlement } from "../x402/index.ts";
import type { Deadline } from "./deadline.ts";
import type { Desk } from "./desk.ts";
import { lookAtOthers } from "./look.ts";
import { millisecondsOf, type Order } from "./order.ts";
import type { Sent, Wanted } from "./outbox.ts";
import { NONCE_USED, type Survey } from "./survey.ts";
import { tend } from "./tending.ts";
import { transferData } from "./token.ts";
import { affordable, surveyFor } from "./verdict.ts";

export const unknown = (detail: string, transaction: string | null = null): Settlement => ({
  kind: "unknown",
  detail,
  transaction,
});

const SILENT = "the outbox did not answer";

/** The payment with its nonce and its signed transaction; the error is why it has none. */
export async function begin(desk: Desk, order: Order, deadline: Deadline): Promise<Result<Sent, Settlement>> {
  const known = await deadline.before(desk.relay(order.network).find(order.id));
  if (!known?.ok) return err(unknown(SILENT));
  if (known.value) return ok(known.value);
  const { pollMs, resendMs } = desk.settings;
  let tendedMs = desk.nowMs();
  for (;;) {
    const taken = await take(desk, order, deadline);
    if (taken.kind === "ended") return err(taken.settlement);
    if (taken.kind === "taken") return ok(taken.sent);
    // Who was to send what this one waits for may have died.
    if (desk.nowMs() - tendedMs >= resendMs) {
      tendedMs = desk.nowMs();
      await deadline.before(tend(desk, order, taken.usedNonces));
    }
    await deadline.pause(pollMs);
    if (deadline.isOver()) return err(unknown("too much is under way"));
  }
}

type Take =
  | { readonly kind: "taken"; readonly sent: Sent }
  | { readonly kind: "busy"; readonly usedNonces: number }
  | { readonly kind: "ended"; readonly settlement: Settlement };

const ended = (settlement: Settlement): Take => ({ kind: "ended", settlement });

async function take(desk: Desk, order: Order, deadline: Deadline): Promise<Take> {
  const surveyed = await deadline.before(surveyFor(desk, order));
  const wanted = wantedOf(desk, order, surveyed ?? err("the RPC was too slow"));
  if (!wanted.ok) return giveUp(desk, order, wanted.error, deadline);
  const taken = await deadline.before(desk.relay(order.network).take(wanted.value));
  if (!taken?.ok) return ended(unknown(SILENT));
  const { doubtful, ...answer } = taken.value;
  const looking = lookAtOthers(desk, order.network, doubtful, deadline);
  if (answer.kind === "taken") return answer;
  // They may be why there is no place, or no trust.
  await looking;
  if (answer.kind === "busy") return { kind: "busy", usedNonces: wanted.value.usedNonces };
  desk.refusals.remember(order.payer, answer.reason);
  return ended({ kind: "rejected", reason: answer.reason });
}

/** What is to be sent; the error is why nothing is. */
function wantedOf(desk: Desk, order: Order, surveyed: Result<Survey, string>): Result<Wanted, Settlement> {
  if (!surveyed.ok) return err(unknown(surveyed.error));
  const { objection, usedNonces, pendingNonces, gas, funds, balance } = surveyed.value;
  // Whoever used it may have paid with it. That was not us: what it bought elsewhere is not to buy again here.
  if (objection === NONCE_USED) return err(unknown(objection));
  if (objection !== null) return err({ kind: "rejected", reason: objection });
  const fees = affordable(desk, order, surveyed.value);
  if (!fees.ok) return err(unknown(fees.error));
  const { id, chainId, asset, validBefore, amount } = order;
  const call = { to: asset.toLowerCase(), data: transferData(order), gas, fees: fees.value };
  const account = { payer: order.payer.toLowerCase(), amount, funds, balance };
  const chain = { chainId, usedNonces, pendingNonces };
  return ok({ id, ...chain, ...call, ...account, validBeforeMs: millisecondsOf(validBefore) });
}

/** What stands against it may be the work of somebody who settles the same payment, and was faster. */
async function giveUp(desk: Desk, order: Order, settlement: Settlement, deadline: Deadline): Promise<Take> {
  const own = await deadline.before(desk.relay(order.network).find(order.id));
  if (!own?.ok) return ended(settlement.kind === "rejected" ? unknown(SILENT) : settlement);
  return own.value ? { kind: "taken", sent: own.value } : ended(settlement);
}
