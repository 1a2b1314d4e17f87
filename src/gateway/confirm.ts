// What the chain says of a payment, and the look at it for a settlement that a facilitator's word alone is not enough for.

import type { Fate } from "../chain/index.ts";
import { CONFIRM_MS } from "../config/index.ts";
import type { Facilitator } from "../facilitator/index.ts";
import type { Due } from "../ledger/index.ts";
import type { CheckedPayment } from "../schemes/index.ts";
import { attempted } from "../std/index.ts";
import { facilitatorAddressOf, type LateSettlement, partsOf, readPart } from "../x402/index.ts";
import type { Gate } from "./gate.ts";

/** An RPC may be a block or two behind the facilitator's. */
const LOOKS = 8;
const PAUSE_MS = 1_000;

type Shown =
  /** What was moved, in atomic units. */
  | { readonly kind: "settled"; readonly transaction: string; readonly amount: string }
  | Extract<LateSettlement, { kind: "unknown" }>;

/** `unknown` where the chain does not show it in time, however slow whoever is asked about it is. */
export async function confirm(
  gate: Gate,
  payment: Due | CheckedPayment,
  transaction: string,
  { confirmations }: Pick<Facilitator, "confirmations">,
): Promise<Shown> {
  const look = { sinceMs: gate.nowMs(), transaction, confirmations };
  const shown = await attempted(() => lookFor(gate, payment, look), CONFIRM_MS);
  return shown.ok && shown.value ? shown.value : { kind: "unknown", detail: "not on the chain", transaction };
}

async function lookFor(gate: Gate, payment: Due | CheckedPayment, look: Look): Promise<Shown | null> {
  for (let count = 1; count <= LOOKS && gate.nowMs() < look.sinceMs + CONFIRM_MS; count++) {
    const fate = await fateOf(gate, payment, look);
    if (fate === null) break;
    if (fate.kind === "paid") return { ...fate, kind: "settled" };
    await gate.sleep(PAUSE_MS);
  }
  return null;
}

export interface Look {
  readonly sinceMs: number;
  /** That somebody named, or null. */
  readonly transaction: string | null;
  readonly confirmations: number;
  /** Whether nobody waits for it any more. */
  readonly isOver?: () => boolean;
}

/** Null where the table names no RPC. */
export async function fateOf(
  gate: Gate,
  payment: Due | CheckedPayment,
  { sinceMs, transaction, confirmations, isOver }: Look,
): Promise<Fate | null> {
  const { network, asset, payer, payTo, validBeforeMs } = payment;
  // Of that value it is looked for first.
  const amount = "charge" in payment && payment.charge !== "0" ? payment.charge : payment.amount;
  const { assetTransferMethod, nonce } = partsOf(payment.id);
  const facilitatorAddress = settlerOf(payment);
  const signed = { network, assetTransferMethod, asset, payer, payTo, amount, nonce, facilitatorAddress };
  const authorization = { ...signed, validBeforeMs, sinceMs, transaction };
  return gate.chain(payment.network)?.fateOf(authorization, confirmations, isOver) ?? null;
}

/** Who alone may settle it; of what is in the book, the body says so that it is settled by. */
export const settlerOf = (payment: Due | CheckedPayment): string | null =>
  "settleBody" in payment
    ? (readPart(payment.settleBody)?.facilitatorAddress ?? null)
    : facilitatorAddressOf(payment.paymentPayload.payload);
