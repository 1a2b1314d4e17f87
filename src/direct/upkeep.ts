// How what is under way is kept going: sent again, replaced, and nothing left waiting for a nonce that nobody fills. Over
// the outbox's own rows, in one synchronous step.

import { type Fees, replacing } from "./fees.ts";
import type { Row, Shelf } from "./shelf.ts";
import type { SignedTransaction, Transaction } from "./transaction.ts";

/** What the chain says, for who looks after what is under way. */
export interface Tending {
  /** The payment of who asks. */
  readonly id: string;
  readonly chainId: number;
  readonly relayer: string;
  readonly usedNonces: number;
  /** Null where the cap is below today's price. */
  readonly today: Fees | null;
  readonly feeMax: bigint;
  readonly resendMs: number;
  readonly replaceAfterMs: number;
}

export type Sign = (transaction: Transaction) => SignedTransaction;

/** geth holds 64 of an account whose turn has not come. */
export const WAITING_MAX = 64;
/**
 * Behind somebody else's waiting transactions, as many as a node holds, are ours. What an RPC once put further away lied
 * about the count, and holds up nothing: nonces go on from the count that is told then, and before they come there it is
 * forgotten.
 */
export const REACH = 2 * WAITING_MAX;
/** What one tending hands out: RPCs take batches of ten calls. */
const TEND_MAX = 8;
/** Of one payment; each waits twice as long as the one before it. More only where today's price has left it behind. */
const SIGNED_MAX = 14;
/** Then it waits no longer than 32 times the first wait: eight minutes of a quarter of one. */
const BEHIND_DOUBLINGS_MAX = 5;
/** What was offered so often, at last for no less than today's price, is refused by nodes for what it is. */
const GIVEN_UP_AFTER = 6;
/** After its end, by the chain's clock, an authorization moves nothing. Clocks differ. */
const MARGIN_MS = 120_000;
/** A transfer of nothing to oneself. Some networks count their own costs into a transaction's gas. */
const FILLER_GAS = 100_000;
/** No payment's id begins so. */
const FILLER = "filler|";

/** @returns what is to be broadcast, lowest nonce first */
export function tend(shelf: Shelf, tending: Tending, sign: Sign, nowMs: number): readonly string[] {
  const { usedNonces, resendMs } = tending;
  const fillers = fillGap(shelf, tending, sign, nowMs);
  const waiting = shelf.waiting(usedNonces, usedNonces + REACH);
  const due = waiting.filter(({ sent_at }) => sent_at <= nowMs - resendMs).slice(0, TEND_MAX - fillers.length);
  const raws = due.map((row) => {
    if (row.nonce === usedNonces) replace(shelf, row, tending, sign, nowMs);
    shelf.touch(row.nonce, nowMs);
    return shelf.signed(row.nonce)[0].raw;
  });
  return [...fillers, ...raws];
}

function replace(shelf: Shelf, row: Row, tending: Tending, sign: Sign, nowMs: number): void {
  const { chainId, relayer, today, feeMax, replaceAfterMs } = tending;
  const signed = shelf.signed(row.nonce);
  const [newest] = signed;
  const old = { maxFeePerGas: BigInt(newest.max_fee), maxPriorityFeePerGas: BigInt(newest.priority_fee) };
  const isBehind = today !== null && old.maxFeePerGas < today.maxFeePerGas;
  if (signed.length >= SIGNED_MAX && !isBehind) return;
  const doublings = isBehind ? Math.min(signed.length - 1, BEHIND_DOUBLINGS_MAX) : signed.length - 1;
  if (nowMs < newest.signed_at + replaceAfterMs * 2 ** doublings) return;
  const fees = replacing(old, today, feeMax);
  if (!fees) return;
  // Whatever of it was sent before may still be mined in its place, and only one of them.
  const isOver = nowMs >= row.valid_before + MARGIN_MS;
  const isGivenUp = isOver || (signed.length >= GIVEN_UP_AFTER && today !== null && !isBehind);
  const call = isGivenUp ? { ...row, ...fillerOf(relayer) } : row;
  shelf.sign(row.nonce, fees, signOf(call, chainId, fees, sign), nowMs);
}

/** Nothing at all. */
const fillerOf = (relayer: string): Pick<Row, "recipient" | "data" | "gas"> => ({
  recipient: relayer,
  data: "0x",
  gas: FILLER_GAS,
});

/**
 * Somebody else's transactions that the node once held, and that are gone, or that an RPC made up: what came after them
 * would wait for ever. So nothing at all is sent with their nonces.
 */
function fillGap(
  shelf: Shelf,
  { chainId, relayer, usedNonces, today, replaceAfterMs }: Tending,
  sign: Sign,
  nowMs: number,
): readonly string[] {
  const waiting = shelf.waiting(usedNonces, usedNonces + REACH);
  const place = waiting.findIndex(({ nonce }, i) => nonce !== usedNonces + i);
  const held = waiting[place];
  // Behind a payment of ours nothing is held up yet: somebody else's may be mined in its turn.
  const isInTurn = waiting.slice(0, place).every(({ id }) => id.startsWith(FILLER));
  if (!held || !isInTurn || today === null || nowMs < held.created_at + replaceAfterMs) return [];
  const missing = Math.min(held.nonce - (usedNonces + place), TEND_MAX);
  return Array.from({ length: missing }, (_, i) => {
    const nonce = usedNonces + place + i;
    const account = { payer: null, amount: "0", on_trust: 0, seen: null, tx: null };
    const times = { valid_before: 0, created_at: nowMs, sent_at: nowMs };
    const row = { nonce, id: FILLER + nonce, ...fillerOf(relayer), ...account, ...times };
    return put(shelf, row, chainId, today, sign, nowMs);
  });
}

/** @returns the signed transaction */
export function put(shelf: Shelf, row: Row, chainId: number, fees: Fees, sign: Sign, nowMs: number): string {
  const signed = signOf(row, chainId, fees, sign);
  shelf.put(row, fees, signed, nowMs);
  return signed.raw;
}

const signOf = ({ nonce, recipient, data, gas }: Row, chainId: number, fees: Fees, sign: Sign): SignedTransaction =>
  sign({ chainId, nonce, to: recipient, data, gas, fees });
