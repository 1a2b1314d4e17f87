// Before the goods: whether a payment would settle now, and whether the relayer could send it. What is the seller's own
// trouble (no gas money, a price above the cap, an RPC that does not answer) is never held against the buyer.

import { type AskEach, failOver } from "../chain/index.ts";
import { err, ok, type Result } from "../std/index.ts";
import type { Verdict } from "../x402/index.ts";
import { buildDeadline } from "./deadline.ts";
import type { Desk } from "./desk.ts";
import { type Fees, feesOf } from "./fees.ts";
import { type Order, readOrder } from "./order.ts";
import { type Survey, survey } from "./survey.ts";
import type { Refusal } from "./trust.ts";

export async function verify(desk: Desk, body: string): Promise<Verdict> {
  const order = readOrder(body);
  if (!order.ok) return { kind: "invalid", reason: order.error };
  const known = desk.refusals.recall(order.value.payer);
  if (known !== null) return refused(known);
  const surveyed = await surveyFor(desk, order.value);
  if (!surveyed.ok) return { kind: "unavailable", detail: surveyed.error };
  const { objection } = surveyed.value;
  if (objection !== null) return { kind: "invalid", reason: objection };
  const fees = affordable(desk, order.value, surveyed.value);
  if (!fees.ok) return { kind: "unavailable", detail: fees.error };
  const refusal = desk.refusals.meetStrangers() ? await askOutbox(desk, order.value) : null;
  return refusal === null ? { kind: "valid" } : refused(refusal);
}

/** What others burned is not held against this buyer: another facilitator may take it. */
const refused = (reason: Refusal): Verdict =>
  reason === "payer_reverted_too_often" ? { kind: "invalid", reason } : { kind: "unavailable", detail: reason };

/** Null also where it does not answer: it decides when it is settled. */
async function askOutbox({ relay, refusals, settings }: Desk, { network, payer }: Order): Promise<Refusal | null> {
  const deadline = buildDeadline(settings.verifyTimeoutMs);
  const refusal = await deadline.before(relay(network).refusal(payer.toLowerCase()));
  if (!refusal?.ok || refusal.value === null) return null;
  refusals.remember(payer, refusal.value);
  return refusal.value;
}

export async function surveyFor({ endpoints, account, breaker }: Desk, order: Order): Promise<Result<Survey, string>> {
  let isThere = false;
  const surveyed = await failOver(endpoints, order.network, (_, askEach) => {
    const asked: AskEach = async (calls) => {
      const replies = await askEach(calls);
      isThere ||= replies.ok && replies.value[0]?.ok === true;
      return replies;
    };
    return survey(asked, order, account.address);
  });
  // Who says the last block is there. A contract wallet makes the transfer's calls say what it likes, and with that
  // nobody shall keep other payments out.
  if (isThere) breaker.answered();
  else breaker.failed("no RPC answered");
  return surveyed;
}

/** What to offer for the gas, or why the relayer cannot. */
export function affordable(
  { settings, account, purse }: Desk,
  { network }: Order,
  { market, balance, gas }: Survey,
): Result<Fees, string> {
  const fees = feesOf(market, settings.feeMax);
  if (fees === null) return err("gas costs more than the cap");
  const settlements = purse(network, account.address, balance, gas, fees.maxFeePerGas);
  return settlements < 1 ? err("the relayer cannot pay for the gas") : ok(fees);
}
