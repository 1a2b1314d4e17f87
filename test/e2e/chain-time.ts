// The local chain's clock, and what a payer does there without the gate.

import { createTestClient, createWalletClient, http, type PrivateKeyAccount, parseAbi, publicActions } from "viem";
import { buyer, localChain, relayer, usdc } from "../../tools/stack/chain.ts";
import { domain, PAY_TO, type Payment } from "../support/payment.ts";

const connect = (rpc: string) =>
  createTestClient({ mode: "anvil", chain: localChain(rpc), transport: http(rpc) }).extend(publicActions);

/** Mines a block of that time, which no block was later than. */
export async function mineAt(rpc: string, unixSeconds: number): Promise<void> {
  const client = connect(rpc);
  await client.setNextBlockTimestamp({ timestamp: BigInt(unixSeconds) });
  await client.mine({ blocks: 1 });
}

const abi = parseAbi([
  "function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature)",
  "function transfer(address to, uint256 value) returns (bool)",
]);

export const headOf = async (rpc: string): Promise<bigint> => connect(rpc).getBlockNumber();

/** A transfer of the buyer's to the seller that no call has anything to do with. */
export async function giveAway(rpc: string, value: bigint): Promise<void> {
  const wallet = createWalletClient({ account: buyer, chain: localChain(rpc), transport: http(rpc) });
  const call = { address: usdc, abi, functionName: "transfer", args: [PAY_TO, value] } as const;
  await connect(rpc).waitForTransactionReceipt({ hash: await wallet.writeContract(call), pollingInterval: 20 });
}

/** EIP-3009: the payer takes the authorization back, which uses its nonce. */
export async function cancel(rpc: string, payment: Payment, account: PrivateKeyAccount): Promise<void> {
  const nonce = payment.payload.authorization.nonce as `0x${string}`;
  const signature = await account.signTypedData({
    domain,
    types: {
      CancelAuthorization: [
        { name: "authorizer", type: "address" },
        { name: "nonce", type: "bytes32" },
      ],
    },
    primaryType: "CancelAuthorization",
    message: { authorizer: account.address, nonce },
  });
  const wallet = createWalletClient({ account: relayer, chain: localChain(rpc), transport: http(rpc) });
  const args = [account.address, nonce, signature] as const;
  const hash = await wallet.writeContract({ address: usdc, abi, functionName: "cancelAuthorization", args });
  const { status } = await connect(rpc).waitForTransactionReceipt({ hash, pollingInterval: 20 });
  if (status !== "success") throw new Error("the authorization was not canceled");
}
