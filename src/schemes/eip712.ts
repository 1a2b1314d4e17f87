// EIP-712 hashing of what payers sign, by hand: the domain is hashed once for each asset, a struct with one keccak over
// fixed words. viem does the same in general and many times slower; a test holds both to the same digests.

import { keccak_256 } from "@noble/hashes/sha3";
import { hexToBytes } from "@noble/hashes/utils";

const encoder = new TextEncoder();
const WORD = 32;
const UINT_END = 1n << 256n;

const hashText = (text: string): Uint8Array => keccak_256(encoder.encode(text));

const DOMAIN_TYPE = hashText("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

export interface Domain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  /** Of the token's contract, in hexadecimal. */
  readonly asset: string;
}

/** The domain separator of a token, 32 bytes. */
export const hashDomain = ({ name, version, chainId, asset }: Domain): Uint8Array =>
  hashWords(DOMAIN_TYPE, hashText(name), hashText(version), BigInt(chainId), asset);

const PERMIT2_DOMAIN_TYPE = hashText("EIP712Domain(string name,uint256 chainId,address verifyingContract)");
const PERMIT2_NAME = hashText("Permit2");

/** The domain separator of Permit2 on a network, 32 bytes. It has no version. */
export const hashPermit2Domain = (chainId: number, contract: string): Uint8Array =>
  hashWords(PERMIT2_DOMAIN_TYPE, PERMIT2_NAME, BigInt(chainId), contract);

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

/** What the payer signs for EIP-3009, 32 bytes; null where a number does not fit into 256 bits. */
export function hashTransfer(domain: Uint8Array, transfer: Transfer): Uint8Array | null {
  const { from, to, nonce } = transfer;
  const numbers = [transfer.value, transfer.validAfter, transfer.validBefore].map(BigInt);
  if (numbers.some((number) => number >= UINT_END)) return null;
  return hashSigned(domain, hashWords(TRANSFER_TYPE, from, to, ...numbers, nonce));
}

const PERMISSIONS = "TokenPermissions(address token,uint256 amount)";
const PERMISSIONS_TYPE = hashText(PERMISSIONS);

const permitTypes = (witness: string) => ({
  witnessType: hashText(witness),
  permitType: hashText(
    `PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Witness witness)${PERMISSIONS}${witness}`,
  ),
});

const EXACT = permitTypes("Witness(address to,uint256 validAfter)");
const UPTO = permitTypes("Witness(address to,address facilitator,uint256 validAfter)");

export interface Permit {
  /** Addresses in hexadecimal, the others decimal. */
  readonly token: string;
  readonly amount: string;
  readonly spender: string;
  readonly nonce: string;
  readonly deadline: string;
  /** Of the witness, as the two that follow. */
  readonly to: string;
  /** Null in the witness of `exact`, which names none. */
  readonly facilitator: string | null;
  readonly validAfter: string;
}

/**
 * What the payer signs for Permit2, with the witness of `exact` or of `upto`, 32 bytes; null where a number does not fit
 * into 256 bits.
 */
export function hashPermit(domain: Uint8Array, permit: Permit): Uint8Array | null {
  const amount = BigInt(permit.amount);
  const nonce = BigInt(permit.nonce);
  const deadline = BigInt(permit.deadline);
  const validAfter = BigInt(permit.validAfter);
  if ([amount, nonce, deadline, validAfter].some((number) => number >= UINT_END)) return null;
  const { token, spender, to, facilitator } = permit;
  const { permitType, witnessType } = facilitator === null ? EXACT : UPTO;
  const parties = facilitator === null ? [to] : [to, facilitator];
  const permitted = hashWords(PERMISSIONS_TYPE, token, amount);
  const witness = hashWords(witnessType, ...parties, validAfter);
  return hashSigned(domain, hashWords(permitType, permitted, spender, nonce, deadline, witness));
}

const ALLOWANCE_TYPE = hashText("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

export interface Allowance {
  /** Addresses in hexadecimal, the others decimal. */
  readonly owner: string;
  readonly spender: string;
  readonly value: string;
  readonly nonce: string;
  readonly deadline: string;
}

/** What an owner signs for EIP-2612, 32 bytes; null where a number does not fit into 256 bits. */
export function hashAllowance(domain: Uint8Array, { owner, spender, ...written }: Allowance): Uint8Array | null {
  const numbers = [written.value, written.nonce, written.deadline].map(BigInt);
  if (numbers.some((number) => number >= UINT_END)) return null;
  return hashSigned(domain, hashWords(ALLOWANCE_TYPE, owner, spender, ...numbers));
}

function hashSigned(domain: Uint8Array, struct: Uint8Array): Uint8Array {
  const signed = new Uint8Array(2 + 2 * WORD);
  signed.set([0x19, 0x01]);
  signed.set(domain, 2);
  signed.set(struct, 2 + WORD);
  return keccak_256(signed);
}

/** A hash, an address or 32 bytes in hexadecimal, or a number that fits. */
type Word = Uint8Array | string | bigint;

function hashWords(...words: readonly Word[]): Uint8Array {
  const bytes = new Uint8Array(words.length * WORD);
  for (const [i, word] of words.entries()) {
    const value = bytesOf(word);
    // Into the word's low end, as addresses stand.
    bytes.set(value, (i + 1) * WORD - value.length);
  }
  return keccak_256(bytes);
}

function bytesOf(word: Word): Uint8Array {
  if (typeof word === "bigint") return hexToBytes(word.toString(16).padStart(2 * WORD, "0"));
  return typeof word === "string" ? hexToBytes(word.slice(2)) : word;
}
