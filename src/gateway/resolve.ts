// What became of a payment whose settlement nobody answered for, and the settling of what is owed. The chain is asked
// where the table names an RPC; where it does not, the facilitator, in the way that charges nobody who was not to be.

import type { Fate } from "../chain/index.ts";
import type { Facilitator } from "../facilitator/index.ts";
import type { Due, LedgerEvent } from "../ledger/index.ts";
import type { CheckedPayment } from "../schemes/index.ts";
import { attempted } from "../std/index.ts";
import { isSolana } from "../x402/index.ts";
import { report } from "./attempt.ts";
import { confirm, fateOf, type Look, settlerOf } from "./confirm.ts";
import type { Gate } from "./gate.ts";

/** Of a metered call whose use nobody has said, where the table charges nothing for that. */
const NOTHING = "0";
const WAIVED: LedgerEvent = { kind: "waived", reason: "usage_missing" };

/** Clocks differ, and blocks come late. */
const MARGIN_MS = 120_000;
/** While a buyer waits. */
const LOOK_MS = 15_000;
/** An alarm's lease has time for more, and for settling behind it. */
const ALARM_LOOK_MS = 30_000;

/** @param isAwaited whether its buyer stands at the gate and waits for it to settle */
export async function findOut(gate: Gate, due: Due, isAwaited: boolean): Promise<void> {
  const event = await askChain(gate, due, isAwaited);
  // First of all: nobody comes by here again.
  if (event.kind === "settled") await gate.transactions.assign(due.id, event.transaction);
  await report(gate, due, [event]);
  // What was served for nothing goes on counting: else payers who cancel would take turns.
  if (event.kind === "waived" || (isOver(event) && !due.isOwed)) return gate.exposure.free(due.courier);
  if (event.kind !== "settled") return;
  await Promise.all([
    gate.spent.write(due.id, event.transaction, due.validBeforeMs, gate.nowMs()),
    gate.exposure.free(due.courier),
  ]);
}

const isOver = ({ kind }: LedgerEvent): boolean => kind === "failed" || kind === "undetermined";

async function askChain(gate: Gate, due: Due, isAwaited: boolean): Promise<LedgerEvent> {
  const confirmations = gate.facilitators.named(due.facilitator)?.confirmations ?? 1;
  const asked = { sinceMs: due.createdAtMs, transaction: due.transaction, confirmations };
  const fate = await look(gate, due, asked, isAwaited ? LOOK_MS : ALARM_LOOK_MS);
  if (fate?.kind === "paid") return movedBy(due, fate);
  // Nothing is to be settled, whatever became of the authorization.
  if (due.isOwed && due.charge === NOTHING) return WAIVED;
  if (fate === null) return askFacilitator(gate, due);
  switch (fate.kind) {
    case "canceled":
      return { kind: "failed", reason: "authorization_canceled" };
    case "unused":
      if (fate.chainTimeMs >= due.validBeforeMs + MARGIN_MS) return { kind: "failed", reason: "authorization_expired" };
      // Settling goes on where the goods were handed over, or where the buyer waits for a settlement that had begun.
      return due.isOwed || (isAwaited && due.settleBegan) ? settleAgain(gate, due) : later("unused");
    case "unavailable": {
      // It is the seller's right, whatever the chain says, and the identical body settles once.
      const goesOn = due.isOwed && gate.nowMs() < due.validBeforeMs;
      return goesOn ? settleAgain(gate, due) : later(fate.detail);
    }
  }
}

/** What it is asked ends in time for what comes after it to end within a lease, however slow its RPCs are. */
async function look(gate: Gate, payment: Due | CheckedPayment, asked: Look, deadlineMs: number): Promise<Fate | null> {
  let isOver = false;
  const fate = await attempted(() => fateOf(gate, payment, { ...asked, isOver: () => isOver }), deadlineMs);
  isOver = true;
  return fate.ok ? fate.value : { kind: "unavailable", detail: "no RPC answered in time" };
}

/** How far behind a chain's own time may be: an RPC that stands still has everything unused. */
const BEHIND_MS = 120_000;

/**
 * What the chain says of an authorization that nobody claimed; null where it cannot be asked, or has no word of now. Of a
 * Solana message nobody can tell: one that was carried out long ago is listed no more.
 */
export async function isUnused(gate: Gate, payment: CheckedPayment): Promise<boolean | null> {
  if (isSolana(payment.network)) return false;
  const nowMs = gate.nowMs();
  // At the head: what is used there is public, however few blocks are built on it.
  const fate = await look(gate, payment, { sinceMs: nowMs, transaction: null, confirmations: 1 }, LOOK_MS);
  if (fate === null || fate.kind === "unavailable") return null;
  if (fate.kind !== "unused") return false;
  return nowMs - fate.chainTimeMs <= BEHIND_MS ? true : null;
}

/** Without a chain to look at, what is still open when the authorization has run out stays so. */
async function askFacilitator(gate: Gate, due: Due): Promise<LedgerEvent> {
  if (gate.nowMs() >= due.validBeforeMs + MARGIN_MS) return { kind: "undetermined", reason: "no_rpc" };
  return due.settleBegan || due.isOwed ? settleAgain(gate, due) : verifyAgain(gate, due);
}

/** Whether a settlement was begun is not known, and none may be begun now. A verify charges nobody; it proves nothing. */
async function verifyAgain(gate: Gate, due: Due): Promise<LedgerEvent> {
  const pinned = pinnedOf(gate, due);
  if (!pinned) return later("facilitator_gone");
  const verdict = await pinned.verify(due.settleBody, due);
  if (verdict.kind === "valid") return later("still_unused");
  return later(verdict.kind === "invalid" ? verdict.reason : verdict.kind);
}

/** The identical body once more, at the facilitator that may have settled it and at no other. */
async function settleAgain(gate: Gate, due: Due): Promise<LedgerEvent> {
  const pinned = pinnedOf(gate, due);
  if (!pinned) return later("facilitator_gone");
  // Of what is settled whole nobody has to say how much that was.
  const expected = settlerOf(due) === null ? due : { ...due, part: due.charge };
  const said = await pinned.settleAgain(due.settleBody, expected);
  if (said.kind !== "settled") return { kind: "lost", transaction: said.transaction };
  const isDoubtful = isChecked(gate, due) || !(await gate.transactions.assign(due.id, said.transaction));
  if (!isDoubtful) return said;
  const shown = await confirm(gate, due, said.transaction, pinned);
  return shown.kind === "settled" ? movedBy(due, shown) : { kind: "lost", transaction: shown.transaction };
}

/** What was moved is what was charged, whatever we know of its use. */
const movedBy = (
  { charge }: Due,
  { transaction, amount }: { readonly transaction: string; readonly amount: string },
): LedgerEvent => ({ kind: "settled", transaction, ...(amount !== charge && { charge: amount }) });

/**
 * Whether its route has settlements looked for on the chain, or is gone: what was doubted once is not believed for being
 * said again.
 */
function isChecked({ config, chain }: Gate, { network, route }: Due): boolean {
  const access = config.routes.find(({ key }) => key === route)?.access;
  return chain(network) !== null && (access?.kind !== "paid" || access.offer.verifyAboveMicros !== null);
}

function pinnedOf(gate: Gate, { facilitator, settleBody }: Due): Facilitator | null {
  return settleBody === "" ? null : gate.facilitators.named(facilitator);
}

const later = (reason: string): LedgerEvent => ({ kind: "postponed", reason });
