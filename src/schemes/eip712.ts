// EIP-712 hashing of what payers sign, by hand: the domain is hashed once for each asset, a struct with one keccak over
// fixed words. viem does the same in general and many times slower; a test holds both to the same digests.

import { keccak_256 } from "@noble/hashes/sha3";
import { hexToBytes } from "@noble/hashes/utils";

const encoder = new TextEncoder();
const WORD = 32;

const hashText = (text: string): Uint8Array => keccak_256(encoder.encode(text));

const DOMAIN_TYPE = hashText("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

export interface Domain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  /** Of the token's contract, in hexadecimal. */
  readonly asset: string;
}

/** The domain separator, 32 bytes. */
export function hashDomain({ name, version, chainId, asset }: Domain): Uint8Array {
  const words = new Uint8Array(5 * WORD);
  words.set(DOMAIN_TYPE, 0);
  words.set(hashText(name), WORD);
  words.set(hashText(version), 2 * WORD);
  putUint(words, 3, BigInt(chainId));
  putHex(words, 4, asset);
  return keccak_256(words);
}

const TRANSFER_TYPE = hashText(
  "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)",
);

export interface Transfer {
  /** Addresses and nonce in hexadecimal, the others decimal. */
  readonly from: string;
  readonly to: string;
  readonly value: string;
  readonly validAfter: string;
  readonly validBefore: string;
  readonly nonce: string;
}

/** What the payer signs, 32 bytes; null where a number does not fit into 256 bits. */
export function hashTransfer(domain: Uint8Array, transfer: Transfer): Uint8Array | null {
  const { from, to, nonce } = transfer;
  const numbers = [transfer.value, transfer.validAfter, transfer.validBefore].map(BigInt);
  if (numbers.some((number) => number >= 1n << 256n)) return null;
  const words = new Uint8Array(7 * WORD);
  words.set(TRANSFER_TYPE, 0);
  putHex(words, 1, from);
  putHex(words, 2, to);
  for (const [i, number] of numbers.entries()) putUint(words, 3 + i, number);
  putHex(words, 6, nonce);
  const signed = new Uint8Array(2 + 2 * WORD);
  signed.set([0x19, 0x01]);
  signed.set(domain, 2);
  signed.set(keccak_256(words), 2 + WORD);
  return keccak_256(signed);
}

/** Into the word's low end, as addresses and numbers stand. */
function putHex(words: Uint8Array, word: number, hex: string): void {
  const bytes = hexToBytes(hex.slice(2));
  words.set(bytes, (word + 1) * WORD - bytes.length);
}

const putUint = (words: Uint8Array, word: number, value: bigint): void =>
  putHex(words, word, `0x${value.toString(16).padStart(64, "0")}`);
