// What a settlement by Permit2 leaves in a chain, as an RPC shows it. One valid payment; each test changes one thing.

import { encodeEventTopics, encodeFunctionData, type Hex, numberToHex, parseAbi } from "viem";
import type { Authorization } from "../../src/chain/index.ts";
import { ASSET, PAY_TO } from "./payment.ts";
import { PERMIT2, PROXY } from "./permit2-payment.ts";
import { authorization, PAYER, type RawEvent, TRANSACTION } from "./token-logs.ts";

/** The first of its word, so that a word of 1 says that it is used. */
export const NONCE = (0x1234n << 8n).toString();
export const permitted: Authorization = { ...authorization, assetTransferMethod: "permit2", nonce: NONCE };

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

export const settlingWithPermit = (nonce = NONCE, owner = PAYER): RawTransaction => {
  // Full of what is looked for elsewhere.
  const word = numberToHex(BigInt(NONCE), { size: 32 });
  const allowance = { value: BigInt(NONCE), deadline: BigInt(NONCE), r: word, s: word, v: 27 };
  const args = [allowance, ...argumentsOf(nonce, owner)] as const;
  return {
    hash: TRANSACTION,
    to: PROXY,
    input: encodeFunctionData({ abi: proxyAbi, functionName: "settleWithPermit", args }),
  };
};

/** The owner's word that these nonces are used up. */
export const invalidation = (mask = 1n, word = BigInt(NONCE) >> 8n, owner = PAYER): RawEvent => ({
  address: PERMIT2,
  topics: encodeEventTopics({ abi: proxyAbi, eventName: "UnorderedNonceInvalidation", args: { owner: owner as Hex } }),
  data: `${numberToHex(word, { size: 32 })}${numberToHex(mask, { size: 32 }).slice(2)}`,
});
