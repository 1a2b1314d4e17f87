// What a transaction called, and whether that was a proxy of x402's with one payment's nonce. Its hash stands for its
// input, so this is proof of what was asked; that it was done, the receipt tells. A stranger's token, or one that tells
// whom it pays, runs code of a stranger's inside a call, which may settle what it likes at another proxy. Pure.

import { isObject } from "../std/index.ts";
import { PERMIT2_EXACT_PROXY, PERMIT2_UPTO_PROXY } from "../x402/index.ts";
import {
  type Authorization,
  isTransferOf,
  SETTLE,
  SETTLE_PART,
  SETTLE_PART_WITH_PERMIT,
  SETTLE_WITH_PERMIT,
  TOKEN_TRANSFERS,
} from "./events.ts";
import { addressWord, numberWord, parseBigQuantity, parseWord } from "./hex.ts";
import type { Log, Receipt } from "./receipt.ts";
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
  /** It used this nonce up for something else, or made the one transfer that it shows without it. */
  | { readonly kind: "foreign" }
  /** What it called may have settled anything. So may a proxy, where the token that it is to move calls another one. */
  | { readonly kind: "unclear" };

/** @param transfers all that the transaction shows of the token from payer to payee */
export function relationOf(
  { to, input }: Transaction,
  authorization: Authorization,
  transfers: readonly Log[],
): Relation {
  const { asset, payer, payTo, nonce } = authorization;
  const callee = CALLEES.find(({ address }) => (address ?? asset.toLowerCase()) === to);
  const place = callee?.places.find(({ selector }) => input.startsWith(selector));
  if (callee === undefined || place === undefined) return { kind: "unclear" };
  const word = (i: number): string => wordAt(input, place.first + i);
  const isOfAsset = callee.address === null || word(0) === addressWord(asset);
  const isOfPayer = word(callee.owner) === addressWord(payer);
  const isPayment = isOfAsset && isOfPayer && word(callee.owner + 1) === addressWord(payTo);
  // What succeeded has used the nonce that it was called with, so nothing that was called in turn has used it.
  const isOfNonce = callee.address !== null && isOfPayer && word(2) === numberWord(BigInt(nonce));
  const amount = isPayment && isOfNonce ? callee.amountFor(authorization, word) : null;
  if (amount !== null) return { kind: "own", amount };
  const isAll = isPayment && transfers.length === 1 && transfers[0]?.data === word(callee.amount);
  return { kind: isOfNonce || isAll ? "foreign" : "unclear" };
}

interface Callee {
  /** Lower case; null for the token itself. */
  readonly address: string | null;
  /**
   * The first word of what is to be moved. At a proxy that is what is permitted (token, amount), which nonce and deadline
   * follow, and then what is the proxy's own.
   */
  readonly places: readonly { readonly selector: string; readonly first: number }[];
  /** The word of whom it is moved from, which whom it is moved to follows, and that of how much, counted from the first. */
  readonly owner: number;
  readonly amount: number;
  /**
   * What a call for this token, nonce, owner and payee asks to be moved; null where it is for another payment. An owner may
   * sign a nonce again for another amount, or for the other proxy.
   *
   * @param word of the call, counted from the first
   */
  readonly amountFor: (authorization: Authorization, word: (i: number) => string) => bigint | null;
}

/** What the allowance's own permit takes, which comes first: value, deadline, r, s, v. */
const ALLOWANCE_WORDS = 5;

/** Owner and payee follow; all that is permitted moves. */
const EXACT: Callee = {
  address: PERMIT2_EXACT_PROXY.toLowerCase(),
  places: [
    { selector: SETTLE, first: 0 },
    { selector: SETTLE_WITH_PERMIT, first: ALLOWANCE_WORDS },
  ],
  owner: 4,
  amount: 1,
  amountFor({ amount, facilitatorAddress }, word) {
    return facilitatorAddress === null && word(1) === numberWord(BigInt(amount)) ? BigInt(amount) : null;
  },
};

/**
 * What is to be moved follows, then owner, payee and facilitator. Whom the payer signed may settle any part of it; a payer
 * who signs the nonce again for somebody else, and a small part, has not paid.
 */
const UPTO: Callee = {
  address: PERMIT2_UPTO_PROXY.toLowerCase(),
  places: [
    { selector: SETTLE_PART, first: 0 },
    { selector: SETTLE_PART_WITH_PERMIT, first: ALLOWANCE_WORDS },
  ],
  owner: 5,
  amount: 4,
  amountFor({ amount, facilitatorAddress }, word) {
    const [permitted, moved] = [parseBigQuantity(word(1)), parseBigQuantity(word(4))];
    if (facilitatorAddress === null || permitted === null || moved === null) return null;
    const isOwn =
      permitted >= BigInt(amount) && moved <= permitted && moved > 0n && word(7) === addressWord(facilitatorAddress);
    return isOwn ? moved : null;
  },
};

/** Payer, payee and amount come first, and no nonce of Permit2's is among them. */
const TOKEN: Callee = {
  address: null,
  places: TOKEN_TRANSFERS.map((selector) => ({ selector, first: 0 })),
  owner: 0,
  amount: 2,
  amountFor: () => null,
};

const CALLEES: readonly Callee[] = [EXACT, UPTO, TOKEN];

const wordAt = (input: string, word: number): string => `0x${input.slice(10 + 64 * word, 10 + 64 * (word + 1))}`;

/** What it moved from payer to payee by settling this nonce; null where that is not shown. */
export function settledBy(
  transaction: Transaction,
  { succeeded, logs }: Receipt,
  authorization: Authorization,
): bigint | null {
  const relation = relationOf(transaction, authorization, logs);
  if (!succeeded || relation.kind !== "own") return null;
  const asset = authorization.asset.toLowerCase();
  const isMoved = logs.some((log) => log.address === asset && isTransferOf(log, authorization, relation.amount));
  return isMoved ? relation.amount : null;
}
