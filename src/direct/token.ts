// The calls of a token that takes EIP-3009, as words of 32 bytes. A test holds them to what viem encodes.

import { AUTHORIZATION_STATE, addressWord, BALANCE_OF, wordAddress } from "../chain/index.ts";
import type { Order, Transfer } from "./order.ts";

/** `transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)` */
const TRANSFER_VRS = "0xe3ee160e";
/** `transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)` */
const TRANSFER_BYTES = "0xcf092995";

/** 65 bytes: r, s and v. */
const ACCOUNT_DIGITS = 130;
/** Where the bytes begin, behind seven words. */
const BYTES_AT = 7n * 32n;

/**
 * An account's signature goes as v, r and s, which every such token takes (EIP-3009 knows no other form); a contract
 * wallet's, of any other length, as bytes, which tokens take that ask the wallet (EIP-1271).
 */
export function transferData(order: Order): string {
  const { payer, payTo, amount, validAfter, validBefore, nonce } = order;
  const signature = order.signature.slice(2);
  const words = [
    addressWord(payer).slice(2),
    addressWord(payTo).slice(2),
    ...[amount, validAfter, validBefore].map(word),
    nonce.slice(2),
  ].join("");
  if (signature.length !== ACCOUNT_DIGITS) {
    const padded = signature.padEnd(Math.ceil(signature.length / 64) * 64, "0");
    return lower(TRANSFER_BYTES + words + word(BYTES_AT) + word(BigInt(signature.length / 2)) + padded);
  }
  return lower(TRANSFER_VRS + words + signature.slice(128).padStart(64, "0") + signature.slice(0, 128));
}

const BASE_GAS = 21_000;
/** For each byte, had none of them been zero (EIP-7623). */
const BYTE_GAS = 40;

/** Below that nodes hold no transaction with this data, whatever an RPC says that it costs. */
export const leastGas = (data: string): number => BASE_GAS + (BYTE_GAS * (data.length - 2)) / 2;

/** Whether both are sent for one authorization, in whatever form its signature stands there. */
export const isSameTransfer = (data: string, other: string): boolean => wordsIn(data) === wordsIn(other);

/** What such a call is for. */
export function transferIn(data: string): Omit<Transfer, "network" | "asset"> {
  const [payer, payTo, amount, , validBefore, nonce] = Array.from({ length: 6 }, (_, i) => wordIn(data, i)) as Words;
  return {
    payer: wordAddress(payer),
    payTo: wordAddress(payTo),
    amount: BigInt(amount),
    validBefore: BigInt(validBefore),
    nonce,
  };
}

type Words = [string, string, string, string, string, string];

const wordIn = (data: string, i: number): string => `0x${data.slice(10 + 64 * i, 10 + 64 * (i + 1))}`;

/** Payer, payee, amount, beginning, end and nonce, behind the selector. */
const wordsIn = (data: string): string => data.slice(10, 10 + 6 * 64);

export const balanceData = ({ payer }: Order): string => BALANCE_OF + addressWord(payer).slice(2);

/** Whether the nonce was used, or canceled. */
export const stateData = ({ payer, nonce }: Order): string =>
  lower(AUTHORIZATION_STATE + addressWord(payer).slice(2) + nonce.slice(2));

const word = (value: bigint): string => value.toString(16).padStart(64, "0");

const lower = (hex: string): string => hex.toLowerCase();
