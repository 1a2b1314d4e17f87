// What a client signs so that somebody else pays the gas of an allowance for Permit2: the token's own permit (EIP-2612), or
// the transaction that approves. Each test changes one thing of it.

import { encodeFunctionData, type Hex, parseAbi, parseGwei } from "viem";
import { ASSET, newAccount, unixNow } from "./payment.ts";
import { PERMIT2 } from "./permit2-payment.ts";

export const MOST = (2n ** 256n - 1n).toString();

/** Of the token whose owner signs. */
export const tokenDomain = { name: "USDC", version: "2", chainId: 84532, verifyingContract: ASSET } as const;

const permitTypes = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** As it stands in the info, but for the signature. */
export interface Allowance {
  from: string;
  asset: string;
  spender: string;
  amount: string;
  nonce: string;
  deadline: string;
  version: string;
}

/** The info of `eip2612GasSponsoring`. @param changes before it is signed */
export async function signAllowance(
  amount: string,
  changes: Partial<Allowance> = {},
  account = newAccount(),
  domain: object = tokenDomain,
) {
  const allowance: Allowance = {
    from: account.address,
    asset: ASSET,
    spender: PERMIT2,
    amount,
    nonce: "0",
    deadline: String(unixNow() + 300),
    version: "1",
    ...changes,
  };
  const { from, spender, nonce, deadline } = allowance;
  const message = {
    owner: from as Hex,
    spender: spender as Hex,
    value: BigInt(allowance.amount),
    nonce: BigInt(nonce),
    deadline: BigInt(deadline),
  };
  const signature = await account.signTypedData({
    domain: { ...domain },
    types: permitTypes,
    primaryType: "Permit",
    message,
  });
  return { ...allowance, signature };
}

const erc20 = parseAbi(["function approve(address spender, uint256 value)"]);

export const approvalCall = (spender: string, amount: string): Hex =>
  encodeFunctionData({ abi: erc20, functionName: "approve", args: [spender as Hex, BigInt(amount)] });

/** The transaction that is signed, as far as a test changes it. */
export interface Approval {
  chainId: number;
  to: string;
  data: Hex;
  nonce: number;
  accessList: readonly { address: Hex; storageKeys: readonly Hex[] }[];
}

/** The info of `erc20ApprovalGasSponsoring`. @param changes to the transaction before it is signed */
export async function signApproval(amount = MOST, changes: Partial<Approval> = {}, account = newAccount()) {
  const { to = ASSET, ...transaction } = changes;
  const signedTransaction = await account.signTransaction({
    type: "eip1559",
    chainId: 84532,
    to: to as Hex,
    data: approvalCall(PERMIT2, amount),
    nonce: 0,
    gas: 70_000n,
    maxFeePerGas: parseGwei("1"),
    maxPriorityFeePerGas: parseGwei("0.1"),
    ...transaction,
  });
  return { from: account.address, asset: ASSET, spender: PERMIT2, amount, signedTransaction, version: "1" };
}
