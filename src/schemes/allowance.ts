// What both ways to a sponsored allowance say alike: who lets Permit2 move how much of which token.

import type { Hex } from "viem";
import type { JsonObject } from "../std/index.ts";
import { GAS_SPONSORING_VERSION, PERMIT2_ADDRESS } from "../x402/index.ts";
import { readAddress, readDecimal } from "./evm.ts";
import type { Finding, Moment } from "./scheme.ts";

/** What a payment needs; the amount is decimal. */
export interface Needed {
  /** EIP-55 form, as the token. */
  readonly from: string;
  readonly token: string;
  readonly amount: string;
}

export type Sponsored =
  | Exclude<Finding, { kind: "authentic" }>
  | {
      readonly kind: "sponsored";
      /** By name; none where the payer brings nothing. */
      readonly extensions: JsonObject;
      /** Why it does not do at that moment, or null where it does. */
      readonly objection: (now: Moment) => string | null;
    };

export interface Allowance {
  readonly from: Hex;
  readonly asset: Hex;
  readonly spender: Hex;
  /** Decimal. */
  readonly amount: string;
}

/** Null where the info has another shape. */
export function readAllowance(info: JsonObject): Allowance | null {
  const from = readAddress(info["from"]);
  const asset = readAddress(info["asset"]);
  const spender = readAddress(info["spender"]);
  const amount = readDecimal(info["amount"]);
  if (from === null || asset === null || spender === null || amount === null) return null;
  return info["version"] === GAS_SPONSORING_VERSION ? { from, asset, spender, amount } : null;
}

/** Which part of it belongs to another payment, in the words that the reference facilitator begins differently for each. */
export function mismatchOf({ from, asset, spender }: Allowance, needed: Needed): string | null {
  if (from !== needed.from) return "from_mismatch";
  if (asset !== needed.token) return "asset_mismatch";
  return spender === PERMIT2_ADDRESS ? null : "spender_not_permit2";
}

/** x402's proxy takes a permit of the exact amount alone, and says so itself: the permit may be sent in another way. */
export const isEnough = ({ amount }: Allowance, needed: Needed): boolean => BigInt(amount) >= BigInt(needed.amount);

export const refused = (reason: string): Extract<Finding, { kind: "refused" }> => ({ kind: "refused", reason });
