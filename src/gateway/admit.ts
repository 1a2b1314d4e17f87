// CheckedPayment to AdmittedPayment: the claim, the look into KV and the facilitator's verify run at the same time.
// Until the upstream is called a claim may be given back; afterwards never.

import { atomicOf, microsOf } from "../config/index.ts";
import { type Facilitator, facilitatorBody, partBody } from "../facilitator/index.ts";
import type { Claim, Unsettled } from "../ledger/index.ts";
import { chargeForMissing, type Meter } from "../metering/index.ts";
import type { Outcome } from "../outcome/index.ts";
import {
  type AdmittedPayment,
  type Attempt,
  admitPayment,
  type CheckedPayment,
  type SettleMode,
} from "../schemes/index.ts";
import { attempted } from "../std/index.ts";
import { isGasSponsoring, PERMIT2_ADDRESS, partsOf, type Verdict } from "../x402/index.ts";
import { type Reporter, report } from "./attempt.ts";
import { askUpfront, type Gate, leaseOf, type Order, refuse, refusePayment } from "./gate.ts";
import { isUnused } from "./resolve.ts";
import { inDoubtTwice, present, presentationOf, revisit, tell } from "./revisit.ts";
import { POOR } from "./settle.ts";
import {
  beginWith,
  type Candidates,
  candidatesOf,
  firstOf,
  nobodysReason,
  pin,
  type Unverified,
  type Verified,
  verifyWith,
} from "./verify.ts";

export interface Admitted {
  readonly kind: "admitted";
  readonly payment: AdmittedPayment;
  /** Whether the payer's wallet has all that is open of theirs: asked before what is served goes out unpaid. */
  readonly isCovered: Promise<boolean>;
}

export type Admission = Admitted | Outcome;

export const reporterOf = ({ payment, attemptId }: Attempt): Reporter => ({ id: payment.id, attempt: attemptId });

export async function admit(gate: Gate, order: Order, payment: CheckedPayment, mode: SettleMode): Promise<Admission> {
  const attempt = { payment, attemptId: gate.newId(), facilitatorBody: facilitatorBody(payment) };
  // Proof of the purchase may redeem what is spent, and only the ledger knows that.
  if (order.key?.isSecret) return decide(gate, order, attempt, mode);
  const listed = gate.spent.recall(payment.id);
  if (listed !== null) return refuse({ reason: "payment_settled", transaction: listed, isCredit: false });
  const decided = decide(gate, order, attempt, mode);
  // KV only refuses, so its answer need not wait for the ledger's. One that comes later changes nothing any more.
  const spent = gate.spent.read(payment.id).then<string | Admission>((transaction) => transaction ?? decided);
  const first = await Promise.race([decided, spent]);
  if (typeof first !== "string") return first;
  // Nothing was begun.
  gate.waitUntil(decided.then((admission) => undo(gate, attempt, mode, admission)));
  return refuse({ reason: "payment_settled", transaction: first, isCredit: false });
}

async function undo(gate: Gate, attempt: Attempt, mode: SettleMode, admission: Admission): Promise<void> {
  if (admission.kind !== "admitted") return;
  admission.payment.leave();
  await giveAllBack(gate, attempt, mode, undefined);
}

async function decide(gate: Gate, order: Order, attempt: Attempt, mode: SettleMode): Promise<Admission> {
  const { trace } = order.call;
  const { payment } = attempt;
  const candidates = candidatesOf(gate, order, payment);
  if (candidates === null) return revisit(gate, order, payment, nobodysReason(payment));
  let facilitator = firstOf(candidates);
  // Also what is settled before it is served: what paid elsewhere is unknown to who settles it, and the chain shows it paid.
  const verified = trace.measure("verify", verifyWith(gate, trace, candidates, attempt));
  if (!payment.isProven) {
    // Who is not proved to be the payer claims nothing in the payer's ledger.
    const { verdict, by } = await verified;
    if (verdict.kind !== "valid") return disprove(gate, order, payment, verdict);
    facilitator = by;
  }
  const words = claimOf(gate, order, attempt, mode, facilitator);
  const claim = async (): ReturnType<Gate["books"]["claim"]> => {
    const said = await gate.books.claim(words);
    // It may have been granted all the same: its answer was lost, not the row.
    if (!said.ok) gate.waitUntil(report(gate, reporterOf(attempt), [{ kind: "release" }]));
    return said;
  };
  const answer = await trace.measure("claim", inDoubtTwice(gate, claim));
  if (!answer.ok) return refuse({ reason: "ledger_unavailable" });
  const { value: claimed } = answer;
  if (claimed.kind === "granted") {
    const isCovered = mode === "async" ? hasFunds(gate, payment, claimed.unsettled) : COVERED;
    return admitGranted(gate, order, attempt, mode, { facilitator, candidates, verified, isCovered });
  }
  if (claimed.kind !== "on_account") return tell(gate, order, attempt.attemptId, claimed);
  const { verdict } = await verified;
  return serveOnAccount(gate, order, attempt, claimed.id, verdict);
}

/** The earlier payment of this call is redeemed; this one only shows who asks, and is neither claimed nor settled. */
async function serveOnAccount(
  gate: Gate,
  order: Order,
  { payment, attemptId }: Attempt,
  id: string,
  verdict: Verdict,
): Promise<Outcome> {
  const fresh = await isFresh(gate, payment, verdict);
  // No challenge: what was paid for is there, and nobody is asked to pay for it again.
  if (fresh === null) return refuse({ reason: "facilitator_unavailable" });
  if (!fresh) return refuse({ reason: "payment_bound_elsewhere" });
  const presentation = { ...presentationOf(gate, order, id, attemptId), isRedeemer: true };
  return present(gate, order, presentation, refuse({ reason: "settlement_unknown", credit: null }));
}

interface Granted {
  /** As the claim names it. */
  readonly facilitator: Facilitator;
  readonly candidates: Candidates;
  readonly verified: Promise<Verified>;
  readonly isCovered: Admitted["isCovered"];
}

const COVERED = Promise.resolve(true);

async function admitGranted(
  gate: Gate,
  order: Order,
  attempt: Attempt,
  mode: SettleMode,
  { facilitator, candidates, verified, isCovered }: Granted,
): Promise<Admission> {
  const begun = await beginWith(gate, order.call.trace, candidates, attempt, await verified);
  if (!begun.ok) return giveBack(gate, attempt, unverified(order, begun.error));
  const { verdict, by, leave } = begun.value;
  // Only now, one after the other: a wallet with nothing in it takes no room from others while it is looked at.
  if (mode === "async" && !(await reserve(gate, attempt))) {
    leave();
    return giveAllBack(gate, attempt, mode, askUpfront(order, "gate_over_cap"));
  }
  if (!(await pin(gate, order, attempt, facilitator, by))) {
    leave();
    return giveAllBack(gate, attempt, mode, refuse({ reason: "ledger_unavailable" }));
  }
  const payment = admitPayment(attempt, { kind: "granted" }, verdict, {
    facilitator: by.name,
    hasNext: candidates.length > 1,
    leave,
  });
  return { kind: "admitted", payment, isCovered };
}

/** How long the chain may take to say what a payer has, while the upstream works. */
const FUNDS_MS = 1_500;

/**
 * Each payment is verified alone, and one wallet may promise the same money to many at once: whether it has all of it.
 * Where nobody can say, the caps alone hold. @param unsettled with this one
 */
async function hasFunds(gate: Gate, payment: CheckedPayment, unsettled: readonly Unsettled[]): Promise<boolean> {
  const { id, network, asset, payer, paymentPayload } = payment;
  const chain = gate.chain(network);
  if (chain === null || unsettled.length === 1) return true;
  const isSponsored = Object.keys(paymentPayload.extensions ?? {}).some(isGasSponsoring);
  const isAllowed = partsOf(id).assetTransferMethod !== "permit2" || isSponsored;
  const promised = unsettled.map((one) => ({ ...partsOf(one.id), amount: BigInt(one.amount) }));
  const wallet = { network, asset, payer, spender: isAllowed ? null : PERMIT2_ADDRESS, promised };
  let isOver = false;
  const covered = await attempted(() => chain.covers(wallet, () => isOver), FUNDS_MS);
  isOver = true;
  return !covered.ok || covered.value !== false;
}

/**
 * Whether a new signature proves its payer here and now; null while nobody can say. One that was used elsewhere is public,
 * and would open the payer's account to everybody.
 */
async function isFresh(gate: Gate, payment: CheckedPayment, verdict: Verdict): Promise<boolean | null> {
  switch (verdict.kind) {
    case "valid":
      return true;
    case "invalid":
      return POOR.has(verdict.reason) && ((await isUnused(gate, payment)) ?? looksAtNonces(gate, payment));
    case "unavailable":
      return (await isUnused(gate, payment)) ? true : null;
  }
}

/**
 * Where there is no chain to ask: a facilitator looks at the nonces of EIP-3009 before it calls a payer poor, and at those
 * of Permit2 not at all. Null where there is one, which does not answer.
 */
const looksAtNonces = ({ chain }: Gate, { id, network }: CheckedPayment): boolean | null =>
  chain(network) === null ? partsOf(id).assetTransferMethod === "eip3009" : null;

/** A payer may sign for centuries, and shall not fill the gate's cap for as long. */
const RESERVED_MS_MAX = 86_400_000;
/** What was served and never paid counts beyond its end: else payers who sign for little time would take turns. */
const UNPAID_MS = 3_600_000;

/** Whether all payers together stay within what the table lets them owe. */
function reserve({ config, exposure, nowMs }: Gate, { payment, attemptId }: Attempt): Promise<boolean> {
  const { amount, decimals, validBeforeMs } = payment;
  const micros = microsOf(BigInt(amount), decimals);
  return exposure.reserve({
    attempt: attemptId,
    micros,
    untilMs: Math.min(validBeforeMs, nowMs() + RESERVED_MS_MAX) + UNPAID_MS,
    nowMs: nowMs(),
    microsMax: config.unsettledTotalMicros,
  });
}

function unverified({ invitation }: Order, verdict: Unverified): Outcome {
  if (verdict.kind === "unavailable") return refuse({ reason: "facilitator_unavailable" });
  return refusePayment(verdict.reason, invitation);
}

/** A payment that was spent is invalid too: whoever is to sign another one first hears what became of this. */
async function disprove(gate: Gate, order: Order, payment: CheckedPayment, verdict: Unverified): Promise<Outcome> {
  return verdict.kind === "invalid" ? revisit(gate, order, payment, verdict.reason) : unverified(order, verdict);
}

function claimOf(
  gate: Gate,
  order: Order,
  { payment, attemptId, facilitatorBody: body }: Attempt,
  mode: SettleMode,
  facilitator: Facilitator,
): Claim {
  const { route, access } = order;
  const { network, asset, payer, validBeforeMs, decimals } = payment;
  const { inFlightMax, unchargedMax, unsettledMicros, creditMs, debtMs } = access.offer.limits;
  return {
    ...presentationOf(gate, order, payment.id, attemptId),
    terms: { amount: payment.amount, payTo: payment.payTo },
    network,
    asset,
    payer,
    payTo: payment.payTo,
    amount: payment.amount,
    route: route.key,
    mode,
    facilitator: facilitator.name,
    settleBody: body,
    charge: null,
    ...(access.offer.meter && unsaid(payment, access.offer.meter)),
    ...leaseOf(access, payment),
    validBeforeMs,
    creditMs,
    debtMs,
    caps: { inFlightMax, unchargedMax, unsettledMax: atomicOf(unsettledMicros, decimals) },
  };
}

/** What is settled of a metered call if nobody ever says what it used. */
function unsaid(payment: CheckedPayment, meter: Meter): Pick<Claim, "charge"> & Partial<Pick<Claim, "settleBody">> {
  const { amount, decimals } = payment;
  const charge = chargeForMissing(meter, { max: BigInt(amount), decimals }, "otherwise").toString();
  return { charge, ...(charge !== "0" && { settleBody: partBody(payment, charge) }) };
}

/** Before the upstream is called, and never afterwards. */
async function giveBack<O>(gate: Gate, attempt: Attempt, outcome: O): Promise<O> {
  await report(gate, reporterOf(attempt), [{ kind: "release" }]);
  return outcome;
}

/** The same where room was asked for. That it was refused may be no more than its answer that was lost. */
function giveAllBack<O>(gate: Gate, attempt: Attempt, mode: SettleMode, outcome: O): Promise<O> {
  if (mode === "async") gate.waitUntil(gate.exposure.free(attempt.attemptId));
  return giveBack(gate, attempt, outcome);
}
