// What a token writes into a chain, as an RPC shows it. One valid payment; each test changes one thing of it.

import { encodeEventTopics, type Hex, numberToHex, parseAbi } from "viem";
import type { Authorization } from "../../src/chain/index.ts";
import { ASSET, NETWORK, PAY_TO } from "./payment.ts";

export const PAYER = "0x857b06519E91e3A54538791bDbb0E22373e36b66";
export const OTHER = "0x1111111111111111111111111111111111111111";
export const NONCE = `0x${"A1".repeat(32)}`;
export const OTHER_NONCE = `0x${"b2".repeat(32)}`;
export const TRANSACTION = `0x${"7a".repeat(32)}`;
export const BLOCK = 5000;

export const authorization: Authorization = {
  network: NETWORK,
  assetTransferMethod: "eip3009",
  asset: ASSET,
  payer: PAYER,
  payTo: PAY_TO,
  nonce: NONCE,
  amount: "10000",
  facilitatorAddress: null,
  validBeforeMs: 1_800_000_300_000,
  sinceMs: 1_800_000_000_000,
  transaction: null,
};

export interface RawEvent {
  readonly address: string;
  readonly topics: readonly unknown[];
  readonly data: string;
}

export interface RawLog extends RawEvent {
  readonly transactionHash: string;
  readonly blockHash: string;
  readonly blockNumber: string;
  readonly logIndex: string;
  readonly removed: boolean;
}

export interface RawReceipt {
  readonly transactionHash: string;
  readonly blockHash: string;
  readonly blockNumber: string;
  readonly status: string;
  readonly logs: readonly RawLog[];
}

const abi = parseAbi([
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
  "event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce)",
  "event Approval(address indexed owner, address indexed spender, uint256 value)",
]);

const ofNonce =
  (eventName: "AuthorizationUsed" | "AuthorizationCanceled") =>
  (payer = PAYER, nonce = NONCE, address = ASSET): RawEvent => ({
    address,
    topics: encodeEventTopics({ abi, eventName, args: { authorizer: payer as Hex, nonce: nonce as Hex } }),
    data: "0x",
  });

export const used = ofNonce("AuthorizationUsed");
export const canceled = ofNonce("AuthorizationCanceled");

export const transfer = (value = 10000, to = PAY_TO, from = PAYER, address = ASSET): RawEvent => ({
  address,
  topics: encodeEventTopics({ abi, eventName: "Transfer", args: { from: from as Hex, to: to as Hex } }),
  data: numberToHex(value, { size: 32 }),
});

export const approval = (): RawEvent => ({
  address: ASSET,
  topics: encodeEventTopics({ abi, eventName: "Approval", args: { owner: PAYER, spender: OTHER } }),
  data: numberToHex(1, { size: 32 }),
});

export const blockHash = (block: number): string => numberToHex(0xb10c0000 + block, { size: 32 });

/** A transaction that wrote these, after three logs of other transactions in its block. */
export function mined(events: readonly RawEvent[], transactionHash = TRANSACTION, block = BLOCK): RawReceipt {
  const at = { transactionHash, blockHash: blockHash(block), blockNumber: numberToHex(block) };
  const logs = events.map((event, i) => ({ ...event, ...at, logIndex: numberToHex(3 + i), removed: false }));
  return { ...at, status: "0x1", logs };
}
