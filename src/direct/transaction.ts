// A transaction of the relayer's, signed (EIP-1559, type 2). Written out by hand from RLP: a test holds it to what viem's
// account signs, which can only be waited for.

import { type Hex, hexToBytes, keccak256, toRlp } from "viem";
import type { Account } from "../schemes/index.ts";
import type { Fees } from "./fees.ts";

export interface Transaction {
  readonly chainId: number;
  readonly nonce: number;
  readonly to: string;
  readonly data: string;
  /** The most that it may use. */
  readonly gas: number;
  readonly fees: Fees;
}

/** Hexadecimal, lower case. */
export interface SignedTransaction {
  readonly hash: string;
  readonly raw: string;
}

export function signTransaction(
  { chainId, nonce, to, data, gas, fees }: Transaction,
  account: Account,
): SignedTransaction {
  const numbers = [BigInt(chainId), BigInt(nonce), fees.maxPriorityFeePerGas, fees.maxFeePerGas, BigInt(gas)];
  const fields = [...numbers.map(quantity), to.toLowerCase() as Hex, quantity(0n), data as Hex, NO_ACCESS_LIST];
  const { r, s, yParity } = account.sign(hexToBytes(keccak256(envelope(fields))));
  const raw = envelope([...fields, quantity(BigInt(yParity)), ...[r, s].map((word) => quantity(BigInt(word)))]);
  return { hash: keccak256(raw), raw };
}

const NO_ACCESS_LIST = [] as const;

type Fields = readonly (Hex | readonly [])[];

const envelope = (fields: Fields): Hex => `0x02${toRlp(fields as Hex[]).slice(2)}`;

/** RLP writes no leading zeros, and nothing at all for zero. */
function quantity(value: bigint): Hex {
  if (value === 0n) return "0x";
  const digits = value.toString(16);
  return `0x${digits.length % 2 === 0 ? digits : `0${digits}`}`;
}
