// A Solana chain in memory, as an RPC shows it: one payer's transactions, slots with and without a block, and times. One
// valid payment; each test changes one thing of it.

import { createHash } from "node:crypto";
import type { Authorization } from "../../src/chain/index.ts";
import { encodeBase58 } from "../../src/std/index.ts";
import { type FakeChain, RpcRefusal } from "./fake-rpc.ts";

export const GENESIS = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG";
export const PAYER = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
export const FINAL_SLOT = 380_001_000;
/** Blocks that are confirmed come after it. */
export const HEAD_SLOT = FINAL_SLOT + 32;
export const FIRST_SLOT = FINAL_SLOT - 400_000;
const CLAIM_SLOT = FINAL_SLOT - 900;
const CLAIM_SECONDS = 1_800_000_000;
const SLOT_SECONDS = 0.4;

export const secondsOf = (slot: number): number => Math.floor(CLAIM_SECONDS + (slot - CLAIM_SLOT) * SLOT_SECONDS);

/** Every tenth slot has no block, as where a leader was away. */
export const hasBlock = (slot: number): boolean => slot % 10 !== 7;

export interface SolanaTransaction {
  readonly signature: string;
  readonly wire: Uint8Array;
  readonly message: Uint8Array;
  readonly slot: number;
  readonly err: unknown;
  /** Null where the RPC does not know it. */
  readonly blockTime: number | null;
}

const bytesOf = (text: string, length: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(length / 32) }, (_, i) => createHash("sha256").update(`${text}${i}`).digest()),
  ).subarray(0, length);

/** A fee payer's signature and the payer's, over a message that the name stands for. */
export function transaction(name: string, changes: Partial<SolanaTransaction> = {}): SolanaTransaction {
  const message = changes.message ?? bytesOf(`message ${name}`, 250);
  const signatures = [bytesOf(`fee payer ${name}`, 64), bytesOf(`payer ${name}`, 64)];
  const slot = changes.slot ?? CLAIM_SLOT + 10;
  return {
    signature: encodeBase58(signatures[0] as Buffer),
    wire: Buffer.concat([Uint8Array.of(signatures.length), ...signatures, message]),
    message,
    slot,
    err: null,
    blockTime: secondsOf(slot),
    ...changes,
  };
}

export const payment = transaction("payment");
export const failure = { InstructionError: [2, { Custom: 1 }] };

export const authorization: Authorization = {
  network: `solana:${GENESIS.slice(0, 32)}`,
  assetTransferMethod: "transferChecked",
  asset: "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU",
  payer: PAYER,
  payTo: "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4",
  nonce: createHash("sha256").update(payment.message).digest("hex"),
  amount: "10000",
  facilitatorAddress: null,
  validBeforeMs: (CLAIM_SECONDS + 60) * 1000,
  sinceMs: CLAIM_SECONDS * 1000,
  transaction: null,
};

interface ListingOptions {
  readonly limit: number;
  readonly before?: string;
  readonly commitment: string;
  readonly minContextSlot: number;
}

export const shown = ({ wire, slot, err, blockTime }: SolanaTransaction) => ({
  slot,
  blockTime,
  transaction: [Buffer.from(wire).toString("base64"), "base64"],
  meta: { err, fee: 10_000, logMessages: ["Program log: Instruction: TransferChecked"] },
  version: 0,
});

export const listed = ({ signature, slot, err, blockTime }: SolanaTransaction) => ({
  signature,
  slot,
  err,
  memo: null,
  blockTime,
  confirmationStatus: slot <= FINAL_SLOT ? "finalized" : "confirmed",
});

/** The answers of an RPC that has these transactions of the payer's, whatever their order. */
export function solana(transactions: readonly SolanaTransaction[]): FakeChain["answers"] {
  const newestFirst = transactions.toSorted((a, b) => b.slot - a.slot);
  return {
    eth_chainId: () => {
      throw new RpcRefusal("Method not found", -32601);
    },
    getGenesisHash: () => GENESIS,
    getSlot: ({ commitment }: { commitment: string }) => (commitment === "finalized" ? FINAL_SLOT : HEAD_SLOT),
    getFirstAvailableBlock: () => FIRST_SLOT,
    getBlocks: (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((slot) => hasBlock(slot)),
    getBlocksWithLimit: (from: number) => [hasBlock(from) ? from : from + 1],
    getBlockTime: (slot: number) => {
      if (!hasBlock(slot)) throw new RpcRefusal(`Slot ${slot} was skipped`, -32007);
      return secondsOf(slot);
    },
    getSignaturesForAddress: (account: string, { limit, before, minContextSlot }: ListingOptions) => {
      if (minContextSlot > HEAD_SLOT) throw new RpcRefusal("Minimum context slot has not been reached", -32016);
      const from = before === undefined ? 0 : newestFirst.findIndex(({ signature }) => signature === before) + 1;
      return account === PAYER ? newestFirst.slice(from, from + limit).map(listed) : [];
    },
    getTransaction: (signature: string, { commitment }: { commitment: string }) => {
      const found = transactions.find((one) => one.signature === signature);
      const isSeen = found !== undefined && (commitment === "confirmed" || found.slot <= FINAL_SLOT);
      return isSeen ? shown(found) : null;
    },
  };
}
