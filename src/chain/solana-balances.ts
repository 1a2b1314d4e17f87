// What a transaction on Solana moved of one token, by its owners' balances before and after it. Pure.

import { isObject } from "../std/index.ts";
import type { Call } from "./rpc.ts";
import { parseAddress } from "./solana-transaction.ts";

/** Of any form: its balances are written alike in all of them. */
const ANY_VERSION = 255;

export const transactionMetaCall = (signature: string): Call => ({
  method: "getTransaction",
  params: [signature, { encoding: "base64", commitment: "confirmed", maxSupportedTransactionVersion: ANY_VERSION }],
});

export interface Movement {
  /** Who had less afterwards; empty where that is nobody, or several. */
  readonly from: string;
  /** What the payee had more, in atomic units; less than none where it paid. */
  readonly value: bigint;
}

/** Null where that is no transaction with balances. */
export function parseTransfer(
  value: unknown,
  { asset, payTo }: { readonly asset: string; readonly payTo: string },
): Movement | null {
  const meta = isObject(value) ? value["meta"] : null;
  if (!isObject(meta)) return null;
  const before = parseBalances(meta["preTokenBalances"], asset);
  const after = parseBalances(meta["postTokenBalances"], asset);
  if (before === null || after === null) return null;
  const changes = new Map<string, bigint>();
  for (const { owner, amount } of after) changes.set(owner, (changes.get(owner) ?? 0n) + amount);
  for (const { owner, amount } of before) changes.set(owner, (changes.get(owner) ?? 0n) - amount);
  const [from = "", ...others] = [...changes].filter(([, change]) => change < 0n).map(([owner]) => owner);
  return { from: others.length > 0 ? "" : from, value: changes.get(payTo) ?? 0n };
}

interface Balance {
  readonly owner: string;
  readonly amount: bigint;
}

/** Those of one token; null where one is none. */
function parseBalances(value: unknown, asset: string): readonly Balance[] | null {
  if (!Array.isArray(value)) return null;
  const held = value.filter((one) => isObject(one) && one["mint"] === asset).map(parseBalance);
  const balances = held.filter((balance) => balance !== null);
  return balances.length === held.length && value.every(isObject) ? balances : null;
}

function parseBalance({ owner, uiTokenAmount }: { readonly [key: string]: unknown }): Balance | null {
  const name = parseAddress(owner);
  const amount = isObject(uiTokenAmount) ? uiTokenAmount["amount"] : null;
  const isAmount = typeof amount === "string" && /^\d{1,20}$/.test(amount);
  return name === null || !isAmount ? null : { owner: name, amount: BigInt(amount) };
}
