// Wallets on a world's chain, and what its minter gives them.

import {
  type Address,
  createTestClient,
  createWalletClient,
  type Hash,
  http,
  type PrivateKeyAccount,
  parseAbi,
  publicActions,
} from "viem";
import { localChain, minter, usdc } from "../../tools/stack/chain.ts";
import type { World } from "./world.ts";

type On = Pick<World, "rpc">;

export const tokenAbi = parseAbi([
  "function initialize(string name, string symbol, address minter)",
  "function mint(address to, uint256 value) returns (bool)",
  "function balanceOf(address owner) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function approve(address spender, uint256 value) returns (bool)",
  "function transfer(address to, uint256 value) returns (bool)",
  "function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
]);

const around = ({ rpc }: On) => ({ chain: localChain(rpc), transport: http(rpc) });

export const connect = (on: On) => createTestClient({ mode: "anvil", ...around(on) }).extend(publicActions);

export const walletOf = (on: On, account: PrivateKeyAccount) => createWalletClient({ account, ...around(on) });

export const mined = (on: On, hash: Hash) => connect(on).waitForTransactionReceipt({ hash, pollingInterval: 20 });

/** @param value in atomic units */
export async function mint(on: On, to: Address, value: bigint, address = usdc): Promise<void> {
  const call = { address, abi: tokenAbi, functionName: "mint", args: [to, value] } as const;
  await mined(on, await walletOf(on, minter).writeContract(call));
}
