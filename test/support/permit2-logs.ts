// What a settlement by Permit2 leaves in a chain, as an RPC shows it. One valid payment; each test changes one thing.

import { encodeEventTopics, encodeFunctionData, type Hex, numberToHex, parseAbi } from "viem";
import type { Authorization } from "../../src/chain/index.ts";
import { ASSET, PAY_TO } from "./payment.ts";
import { FACILITATOR, PERMIT2, PROXY, UPTO_PROXY } from "./permit2-payment.ts";
import { authorization, PAYER, type RawEvent, TRANSACTION } from "./token-logs.ts";

/** The first of its word, so that a word of 1 says that it is used. */
export const NONCE = (0x1234n << 8n).toString();
export const permitted: Authorization = { ...authorization, assetTransferMethod: "permit2", nonce: NONCE };

/** The same by `upto`: so much is to be settled of what was signed. */
export const metered: Authorization = { ...permitted, amount: "1858", facilitatorAddress: FACILITATOR };

/** x402's proxy (scheme_exact_evm, Annex), and the event by which an owner gives nonces up. */
export const proxyAbi = parseAbi([
  "struct TokenPermissions { address token; uint256 amount; }",
  "struct PermitTransferFrom { TokenPermissions permitted; uint256 nonce; uint256 deadline; }",
  "struct Witness { address to; uint256 validAfter; }",
  "struct Allowance { uint256 value; uint256 deadline; bytes32 r; bytes32 s; uint8 v; }",
  "function settle(PermitTransferFrom permit, address owner, Witness witness, bytes signature)",
  "function settleWithPermit(Allowance allowance, PermitTransferFrom permit, address owner, Witness witness, bytes signature)",
  "event UnorderedNonceInvalidation(address indexed owner, uint256 word, uint256 mask)",
]);

export interface RawTransaction {
  readonly hash: string;
  readonly to: string | null;
  readonly input: string;
}

interface Signed {
  readonly token?: string;
  readonly amount?: bigint;
  readonly to?: string;
}

const argumentsOf = (nonce: string, owner: string, { token = ASSET, amount = 10000n, to = PAY_TO }: Signed = {}) =>
  [
    { permitted: { token: token as Hex, amount }, nonce: BigInt(nonce), deadline: 1_800_000_300n },
    owner as Hex,
    { to: to as Hex, validAfter: 0n },
    `0x${"ab".repeat(65)}` as Hex,
  ] as const;

export const settling = (nonce = NONCE, owner = PAYER, hash = TRANSACTION, signed: Signed = {}): RawTransaction => ({
  hash,
  to: PROXY,
  input: encodeFunctionData({ abi: proxyAbi, functionName: "settle", args: argumentsOf(nonce, owner, signed) }),
});

/** Full of what is looked for elsewhere. */
const word = numberToHex(BigInt(NONCE), { size: 32 });
const allowance = { value: BigInt(NONCE), deadline: BigInt(NONCE), r: word, s: word, v: 27 };

export const settlingWithPermit = (nonce = NONCE, owner = PAYER): RawTransaction => {
  const args = [allowance, ...argumentsOf(nonce, owner)] as const;
  return {
    hash: TRANSACTION,
    to: PROXY,
    input: encodeFunctionData({ abi: proxyAbi, functionName: "settleWithPermit", args }),
  };
};

/** The proxy of `upto` (scheme_upto_evm, Annex). */
export const uptoProxyAbi = parseAbi([
  "struct TokenPermissions { address token; uint256 amount; }",
  "struct PermitTransferFrom { TokenPermissions permitted; uint256 nonce; uint256 deadline; }",
  "struct Witness { address to; address facilitator; uint256 validAfter; }",
  "struct Allowance { uint256 value; uint256 deadline; bytes32 r; bytes32 s; uint8 v; }",
  "function settle(PermitTransferFrom permit, uint256 amount, address owner, Witness witness, bytes signature)",
  "function settleWithPermit(Allowance allowance, PermitTransferFrom permit, uint256 amount, address owner, Witness witness, bytes signature)",
]);

interface SignedMaximum {
  readonly nonce?: string;
  readonly owner?: string;
  readonly token?: string;
  readonly maximum?: bigint;
  readonly to?: string;
  readonly facilitator?: string;
}

function partOf(amount: bigint, signed: SignedMaximum) {
  const {
    nonce = NONCE,
    owner = PAYER,
    token = ASSET,
    maximum = 10000n,
    to = PAY_TO,
    facilitator = FACILITATOR,
  } = signed;
  return [
    { permitted: { token: token as Hex, amount: maximum }, nonce: BigInt(nonce), deadline: 1_800_000_300n },
    amount,
    owner as Hex,
    { to: to as Hex, facilitator: facilitator as Hex, validAfter: 0n },
    `0x${"ab".repeat(65)}` as Hex,
  ] as const;
}

export const settlingPart = (amount = 1858n, signed: SignedMaximum = {}, hash = TRANSACTION): RawTransaction => ({
  hash,
  to: UPTO_PROXY,
  input: encodeFunctionData({ abi: uptoProxyAbi, functionName: "settle", args: partOf(amount, signed) }),
});

export const settlingPartWithPermit = (amount = 1858n, signed: SignedMaximum = {}): RawTransaction => {
  const args = [allowance, ...partOf(amount, signed)] as const;
  return {
    hash: TRANSACTION,
    to: UPTO_PROXY,
    input: encodeFunctionData({ abi: uptoProxyAbi, functionName: "settleWithPermit", args }),
  };
};

/** The token itself, asked to move so much from one to the other; or another call that says the same words. */
export const moving = (selector: string, from = PAYER, to = PAY_TO, value = 10000n): RawTransaction => {
  const words = [from, to, numberToHex(value)].map((word) => word.slice(2).toLowerCase().padStart(64, "0"));
  return { hash: TRANSACTION, to: ASSET, input: [selector, ...words].join("") };
};

/** The owner's word that these nonces are used up. */
export const invalidation = (mask = 1n, word = BigInt(NONCE) >> 8n, owner = PAYER): RawEvent => ({
  address: PERMIT2,
  topics: encodeEventTopics({ abi: proxyAbi, eventName: "UnorderedNonceInvalidation", args: { owner: owner as Hex } }),
  data: `${numberToHex(word, { size: 32 })}${numberToHex(mask, { size: 32 }).slice(2)}`,
});
