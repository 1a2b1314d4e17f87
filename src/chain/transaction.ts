// What a transaction called, and whether that was x402's proxy with one payment's nonce. Its hash stands for its input,
// so this is proof of what was asked; that it was done, the receipt tells. Pure.

import { isObject } from "../std/index.ts";
import { PERMIT2_EXACT_PROXY } from "../x402/index.ts";
import { type Authorization, isPaymentOf, SETTLE, SETTLE_WITH_PERMIT } from "./events.ts";
import { addressWord, numberWord, parseWord } from "./hex.ts";
import type { Receipt } from "./receipt.ts";
import type { Call } from "./rpc.ts";

export interface Transaction {
  /** Lower case, as the input; empty where it made a contract. */
  readonly to: string;
  readonly input: string;
}

export const transactionCall = (hash: string): Call => ({ method: "eth_getTransactionByHash", params: [hash] });

/** Null also where it is another one. */
export function parseTransaction(value: unknown, hash: string): Transaction | null {
  if (!isObject(value) || parseWord(value["hash"]) !== hash) return null;
  const { to, input } = value;
  const called = to ?? "";
  if (typeof called !== "string" || typeof input !== "string") return null;
  return { to: called.toLowerCase(), input: input.toLowerCase() };
}

export type Relation =
  /** It settles this nonce, for this payment. */
  | "own"
  /** It settles something else, or asks the token itself. */
  | "foreign"
  /** What it called may have settled anything. */
  | "unclear";

export function relationOf(
  { to, input }: Transaction,
  { asset, payer, payTo, amount, nonce }: Authorization,
): Relation {
  if (to === asset.toLowerCase()) return "foreign";
  const place = PLACES.find(({ selector }) => input.startsWith(selector));
  if (to !== PERMIT2_EXACT_PROXY.toLowerCase() || place === undefined) return "unclear";
  const word = (i: number): string => wordAt(input, place.permitted + i);
  // An owner may sign a nonce again for a token of his own, which moves this one for another payment while it is moved.
  const isOwn =
    word(0) === addressWord(asset) &&
    word(1) === numberWord(BigInt(amount)) &&
    word(2) === numberWord(BigInt(nonce)) &&
    word(4) === addressWord(payer) &&
    word(5) === addressWord(payTo);
  return isOwn ? "own" : "foreign";
}

/** The word of what is permitted (token, amount); nonce, deadline, owner and payee follow. */
const PLACES = [
  { selector: SETTLE, permitted: 0 },
  // The allowance's permit comes first: value, deadline, r, s, v.
  { selector: SETTLE_WITH_PERMIT, permitted: 5 },
] as const;

const wordAt = (input: string, word: number): string => `0x${input.slice(10 + 64 * word, 10 + 64 * (word + 1))}`;

/** Whether it settled this nonce, by moving the amount from payer to payee. */
export function isSettlementOf(
  transaction: Transaction,
  { succeeded, logs }: Receipt,
  authorization: Authorization,
): boolean {
  if (!succeeded || relationOf(transaction, authorization) !== "own") return false;
  const asset = authorization.asset.toLowerCase();
  return logs.some((log) => log.address === asset && isPaymentOf(log, authorization));
}
