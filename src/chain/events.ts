// The events and calls of ERC-20, EIP-3009, Permit2 and x402's proxies that we look at. The hashes are constants; a test
// computes them.

import type { AssetTransferMethod } from "../x402/index.ts";
import { addressWord } from "./hex.ts";
import type { Log } from "./receipt.ts";

/** `Transfer(address indexed from, address indexed to, uint256 value)` */
export const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** `AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)` */
export const AUTHORIZATION_USED = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
/** `AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce)` */
export const AUTHORIZATION_CANCELED = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81";
/** `authorizationState(address authorizer, bytes32 nonce) returns (bool)` */
export const AUTHORIZATION_STATE = "0xe94a0102";

/** `nonceBitmap(address owner, uint256 word) returns (uint256)` */
export const NONCE_BITMAP = "0x4fe02b44";
/** `UnorderedNonceInvalidation(address indexed owner, uint256 word, uint256 mask)` */
export const UNORDERED_NONCE_INVALIDATION = "0x3704902f963766a4e561bbaab6e6cdc1b1dd12f6e9e99648da8843b3f46b918d";
/** `settle(((address,uint256),uint256,uint256),address,(address,uint256),bytes)` */
export const SETTLE = "0x13cd3b53";
/** `settleWithPermit((uint256,uint256,bytes32,bytes32,uint8),((address,uint256),uint256,uint256),address,(address,uint256),bytes)` */
export const SETTLE_WITH_PERMIT = "0xfa340378";
/** `settle(((address,uint256),uint256,uint256),uint256,address,(address,address,uint256),bytes)` */
export const SETTLE_PART = "0xff11e7b4";
/** `settleWithPermit((uint256,uint256,bytes32,bytes32,uint8),((address,uint256),uint256,uint256),uint256,address,(address,address,uint256),bytes)` */
export const SETTLE_PART_WITH_PERMIT = "0x016c1748";

/**
 * Of a token, each with payer, payee and amount first: `transferFrom(address,address,uint256)`, and of EIP-3009
 * `transferWithAuthorization` and `receiveWithAuthorization`, with a signature as v, r, s and as bytes.
 */
export const TOKEN_TRANSFERS = ["0x23b872dd", "0xe3ee160e", "0xcf092995", "0xef55bec6", "0x88b7ab63"];

/** What the chain is asked about: one authorization that we claimed, and whose settlement nobody confirmed. */
export interface Authorization {
  /** CAIP-2, such as `eip155:84532`. */
  readonly network: string;
  readonly assetTransferMethod: AssetTransferMethod;
  readonly asset: string;
  readonly payer: string;
  readonly payTo: string;
  /** 32 bytes in hexadecimal for EIP-3009, a decimal number for Permit2, on Solana the hash of the payer's message. */
  readonly nonce: string;
  /** Atomic units, a decimal string. By `upto` no more than was signed: what is to be settled of it, or all. */
  readonly amount: string;
  /** By `upto` the account that the payer signed as the one that may settle; null for every other payment. */
  readonly facilitatorAddress: string | null;
  readonly validBeforeMs: number;
  /** When it was claimed: logs and transactions are looked at from some minutes before that. */
  readonly sinceMs: number;
  /** A hash or a signature that the facilitator named. Looked at first, and believed in nothing. */
  readonly transaction: string | null;
}

/** Whether the token wrote this event about this authorization's payer and nonce. */
export const isOfNonce = ({ topics }: Log, { payer, nonce }: Authorization): boolean =>
  topics[0] !== TRANSFER && topics[1] === addressWord(payer) && topics[2] === nonce.toLowerCase();

/** Whether it moved exactly this amount from this payer to this payee. */
export const isPaymentOf = (log: Log, authorization: Authorization): boolean =>
  isTransferOf(log, authorization, BigInt(authorization.amount));

export const isTransferOf = ({ topics, data }: Log, { payer, payTo }: Authorization, value: bigint): boolean =>
  topics[0] === TRANSFER &&
  topics[1] === addressWord(payer) &&
  topics[2] === addressWord(payTo) &&
  parseValue(data) === value;

/** Whether the owner gave up this nonce of Permit2's with it, among others of its word. */
export function isInvalidationOf({ data }: Log, { nonce }: Authorization): boolean {
  const words = /^0x([0-9a-f]{64})([0-9a-f]{64})$/.exec(data);
  if (!words) return false;
  const [word, mask] = [BigInt(`0x${words[1]}`), BigInt(`0x${words[2]}`)];
  return word === BigInt(nonce) >> 8n && ((mask >> (BigInt(nonce) & 255n)) & 1n) === 1n;
}

/** The one word of a Transfer's data; null for data of another length. */
export const parseValue = (data: string): bigint | null => (data.length === 66 ? BigInt(data) : null);
