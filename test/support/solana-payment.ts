// One valid payment of `exact` on Solana, built by hand: each test changes one thing of it, before or after it is signed.

import { ed25519 } from "@noble/curves/ed25519";
import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils";
import { decodeBase58, encodeBase58, encodeBytes } from "../../src/std/index.ts";

export const DEVNET = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1";
export const USDC = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU";
export const PAY_TO = "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4";
/** Of the public facilitators. */
export const FEE_PAYER = "EwWqGE4ZFKLofuestmU4LDdK7XM1N4ALgdZccwYugwGd";
/** Of another facilitator. */
export const OTHER_FEE_PAYER = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
/** The payee's account of USDC on devnet, as the reference SDK derives it. */
export const PAYEES_ACCOUNT = "A6cvo72FWB5PKDznP79KJv64DbT1aw7YbEfCm4AALHg8";

export const TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
export const TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
export const COMPUTE_BUDGET = "ComputeBudget111111111111111111111111111111";
export const MEMO = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr";
export const LIGHTHOUSE = "L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95";
export const SYSTEM = "11111111111111111111111111111111";

export interface Wallet {
  readonly address: string;
  readonly secret: Uint8Array;
}

export function newWallet(secret: Uint8Array = ed25519.utils.randomPrivateKey()): Wallet {
  return { address: encodeBase58(ed25519.getPublicKey(secret)), secret };
}

export interface Instruction {
  readonly program: string;
  readonly accounts: readonly string[];
  readonly data: Uint8Array;
}

/** What becomes a message. */
export interface Draft {
  readonly version: "legacy" | 0;
  /** The first pays the fee; all of them have to sign. */
  readonly signers: readonly string[];
  readonly instructions: readonly Instruction[];
  readonly blockhash: Uint8Array;
  /** Tables, and how many accounts each loads to be written and to be read. */
  readonly lookups: readonly (readonly [table: string, writable: number, readable: number])[];
}

export const bytesOf = (address: string): Uint8Array => decodeBase58(address) ?? new Uint8Array();

const littleEndian = (value: bigint, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

export const setLimit = (units = 20_000n): Instruction => ({
  program: COMPUTE_BUDGET,
  accounts: [],
  data: concatBytes(Uint8Array.of(2), littleEndian(units, 4)),
});

export const setPrice = (microLamports = 1n): Instruction => ({
  program: COMPUTE_BUDGET,
  accounts: [],
  data: concatBytes(Uint8Array.of(3), littleEndian(microLamports, 8)),
});

export const memo = (text = bytesToHex(crypto.getRandomValues(new Uint8Array(16)))): Instruction => ({
  program: MEMO,
  accounts: [],
  data: utf8ToBytes(text),
});

export interface TransferDraft {
  readonly program: string;
  readonly source: string;
  readonly mint: string;
  readonly destination: string;
  readonly authority: string;
  readonly amount: bigint;
  readonly decimals: number;
}

export const transfer = ({ program, source, mint, destination, authority, amount, decimals }: TransferDraft) => ({
  program,
  accounts: [source, mint, destination, authority],
  data: concatBytes(Uint8Array.of(12), littleEndian(amount, 8), Uint8Array.of(decimals)),
});

/** Whatever account of the payer's: the program looks whether the payer may take from it. */
const sourceOf = (payer: string): string => encodeBase58(sha256(utf8ToBytes(`account of ${payer}`)));

export const draftOf = (payer: string, amount: bigint, changes: Partial<TransferDraft> = {}): Draft => ({
  version: 0,
  signers: [FEE_PAYER, payer],
  instructions: [
    setLimit(),
    setPrice(),
    transfer({
      program: TOKEN,
      source: sourceOf(payer),
      mint: USDC,
      destination: PAYEES_ACCOUNT,
      authority: payer,
      amount,
      decimals: 6,
      ...changes,
    }),
    memo(),
  ],
  blockhash: sha256(utf8ToBytes("a recent block")),
  lookups: [],
});

/** Seven bits a byte, the lowest first. */
export const compact = (value: number): Uint8Array =>
  value < 0x80 ? Uint8Array.of(value) : concatBytes(Uint8Array.of((value & 0x7f) | 0x80), compact(value >> 7));

const list = (items: readonly Uint8Array[]): Uint8Array => concatBytes(compact(items.length), ...items);

export function encodeMessage({ version, signers, instructions, blockhash, lookups }: Draft): Uint8Array {
  const named = instructions.flatMap(({ program, accounts }) => [...accounts, program]);
  const keys = [...new Set([...signers, ...named])];
  const header = Uint8Array.of(signers.length, signers.length - 1, keys.length - signers.length);
  const encoded = instructions.map(({ program, accounts, data }) =>
    concatBytes(
      Uint8Array.of(keys.indexOf(program)),
      list(accounts.map((account) => Uint8Array.of(keys.indexOf(account)))),
      compact(data.length),
      data,
    ),
  );
  const tables = lookups.map(([table, writable, readable]) =>
    concatBytes(
      bytesOf(table),
      compact(writable),
      new Uint8Array(writable),
      compact(readable),
      new Uint8Array(readable),
    ),
  );
  return concatBytes(
    version === 0 ? Uint8Array.of(0x80) : new Uint8Array(),
    header,
    list(keys.map(bytesOf)),
    blockhash,
    list(encoded),
    version === 0 ? list(tables) : new Uint8Array(),
  );
}

/** Signed by those whose secrets are there; the others' places are empty. */
export function encodeTransaction(
  message: Uint8Array,
  signers: readonly string[],
  wallets: readonly Wallet[],
): Uint8Array {
  const signatures = signers.map((signer) => {
    const wallet = wallets.find(({ address }) => address === signer);
    return wallet ? ed25519.sign(message, wallet.secret) : new Uint8Array(64);
  });
  return concatBytes(list(signatures), message);
}

export const signDraft = (draft: Draft, ...wallets: readonly Wallet[]): string =>
  encodeBytes(encodeTransaction(encodeMessage(draft), draft.signers, wallets));

export interface SolanaPayment {
  x402Version: number;
  accepted: { [key: string]: unknown };
  payload: { transaction: string };
}

/** @param changes to the transfer, before it is signed */
export function signSolanaPayment(
  amount: bigint,
  changes: Partial<TransferDraft> = {},
  wallet = newWallet(),
  change: (draft: Draft) => Draft = (draft) => draft,
): SolanaPayment {
  const draft = change(draftOf(wallet.address, amount, changes));
  return {
    x402Version: 2,
    accepted: {
      scheme: "exact",
      network: DEVNET,
      amount: amount.toString(),
      asset: USDC,
      payTo: PAY_TO,
      maxTimeoutSeconds: 60,
      extra: { feePayer: FEE_PAYER },
    },
    payload: { transaction: signDraft(draft, wallet) },
  };
}

/** Of a transaction with one byte for the number of its signatures. */
export function messageOf(transaction: string): Uint8Array {
  const bytes = Uint8Array.fromBase64(transaction);
  return bytes.subarray(1 + 64 * (bytes[0] as number));
}

export const hashOf = (transaction: string): string => bytesToHex(sha256(messageOf(transaction)));

/** Its second signer. */
export function payerOf(transaction: string): string {
  const message = messageOf(transaction);
  const keysAt = (message[0] === 0x80 ? 1 : 0) + 4;
  return encodeBase58(message.subarray(keysAt + 32, keysAt + 64));
}

/** As a facilitator of the tests names it: a payment of its own is a transaction of its own. */
export const transactionNameOf = (hash: string): string => encodeBase58(hexToBytes(hash + hash));
