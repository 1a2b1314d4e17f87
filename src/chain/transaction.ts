// What a transaction called, and whether that was a proxy of x402's with one payment's nonce. Its hash stands for its
// input, so this is proof of what was asked; that it was done, the receipt tells. Pure.

import { isObject } from "../std/index.ts";
import { PERMIT2_EXACT_PROXY, PERMIT2_UPTO_PROXY } from "../x402/index.ts";
import {
  type Authorization,
  isTransferOf,
  SETTLE,
  SETTLE_PART,
  SETTLE_PART_WITH_PERMIT,
  SETTLE_WITH_PERMIT,
} from "./events.ts";
import { addressWord, numberWord, parseBigQuantity, parseWord } from "./hex.ts";
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
  /** It settles this nonce, for this payment: the amount that it asks to be moved. */
  | { readonly kind: "own"; readonly amount: bigint }
  /** It settles something else, or asks the token itself. */
  | { readonly kind: "foreign" }
  /** What it called may have settled anything. */
  | { readonly kind: "unclear" };

export function relationOf({ to, input }: Transaction, authorization: Authorization): Relation {
  if (to === authorization.asset.toLowerCase()) return { kind: "foreign" };
  const proxy = PROXIES.find(({ address }) => address === to);
  const place = proxy?.places.find(({ selector }) => input.startsWith(selector));
  if (proxy === undefined || place === undefined) return { kind: "unclear" };
  const word = (i: number): string => wordAt(input, place.permitted + i);
  const isOwn = word(0) === addressWord(authorization.asset) && word(2) === numberWord(BigInt(authorization.nonce));
  const amount = isOwn ? proxy.amountFor(authorization, word) : null;
  return amount === null ? { kind: "foreign" } : { kind: "own", amount };
}

interface Proxy {
  /** Lower case. */
  readonly address: string;
  /** The word of what is permitted (token, amount); nonce and deadline follow, and then what is the proxy's own. */
  readonly places: readonly { readonly selector: string; readonly permitted: number }[];
  /**
   * What a call for this token and nonce asks to be moved; null where it is for another payment. An owner may sign a nonce
   * again for a token of his own, which moves this one for another payment while it is moved; or for the other proxy.
   *
   * @param word of the call, counted from what is permitted
   */
  readonly amountFor: (authorization: Authorization, word: (i: number) => string) => bigint | null;
}

/** What the allowance's own permit takes, which comes first: value, deadline, r, s, v. */
const ALLOWANCE_WORDS = 5;

/** Owner and payee follow; all that is permitted moves. */
const EXACT: Proxy = {
  address: PERMIT2_EXACT_PROXY.toLowerCase(),
  places: [
    { selector: SETTLE, permitted: 0 },
    { selector: SETTLE_WITH_PERMIT, permitted: ALLOWANCE_WORDS },
  ],
  amountFor({ payer, payTo, amount, facilitatorAddress }, word) {
    const isOwn =
      facilitatorAddress === null &&
      word(1) === numberWord(BigInt(amount)) &&
      word(4) === addressWord(payer) &&
      word(5) === addressWord(payTo);
    return isOwn ? BigInt(amount) : null;
  },
};

/**
 * What is to be moved follows, then owner, payee and facilitator. Whom the payer signed may settle any part of it; a payer
 * who signs the nonce again for somebody else, and a small part, has not paid.
 */
const UPTO: Proxy = {
  address: PERMIT2_UPTO_PROXY.toLowerCase(),
  places: [
    { selector: SETTLE_PART, permitted: 0 },
    { selector: SETTLE_PART_WITH_PERMIT, permitted: ALLOWANCE_WORDS },
  ],
  amountFor({ payer, payTo, amount, facilitatorAddress }, word) {
    const [permitted, moved] = [parseBigQuantity(word(1)), parseBigQuantity(word(4))];
    if (facilitatorAddress === null || permitted === null || moved === null) return null;
    const isOwn =
      permitted >= BigInt(amount) &&
      moved <= permitted &&
      moved > 0n &&
      word(5) === addressWord(payer) &&
      word(6) === addressWord(payTo) &&
      word(7) === addressWord(facilitatorAddress);
    return isOwn ? moved : null;
  },
};

const PROXIES: readonly Proxy[] = [EXACT, UPTO];

const wordAt = (input: string, word: number): string => `0x${input.slice(10 + 64 * word, 10 + 64 * (word + 1))}`;

/** What it moved from payer to payee by settling this nonce; null where that is not shown. */
export function settledBy(
  transaction: Transaction,
  { succeeded, logs }: Receipt,
  authorization: Authorization,
): bigint | null {
  const relation = relationOf(transaction, authorization);
  if (!succeeded || relation.kind !== "own") return null;
  const asset = authorization.asset.toLowerCase();
  const isMoved = logs.some((log) => log.address === asset && isTransferOf(log, authorization, relation.amount));
  return isMoved ? relation.amount : null;
}
