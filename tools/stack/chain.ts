// The local chain: anvil under Base Sepolia's number, with contracts of our own at the addresses of that network's USDC,
// Permit2 and x402's proxies, so that every x402 client works on it with its defaults. It never connects to another network.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Address,
  createPublicClient,
  createTestClient,
  defineChain,
  type Hash,
  type Hex,
  http,
  maxUint256,
  parseAbi,
  walletActions,
} from "viem";
import { PERMIT2_ADDRESS, PERMIT2_EXACT_PROXY, PERMIT2_UPTO_PROXY } from "../../src/x402/index.ts";
import contracts from "../contracts/contracts.json" with { type: "json" };
import { buyer, minter } from "./accounts.ts";
import { startAnvil } from "./anvil.ts";

export { buyer, minter, relayer } from "./accounts.ts";

export const chainId = 84532;
export const network = `eip155:${chainId}`;
/** Circle's USDC on Base Sepolia; here TestUSDC stands in its place. */
export const usdc: Address = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
/** Facilitators call it to learn why a simulated transfer failed. */
const multicall3: Address = "0xcA11bde05977b3631167028862bE2a173976CA11";
/** Deploys smart-contract wallets; it stands on no other network. */
export const walletFactory: Address = "0x0000000000000000000000000000000000006492";
/** 10,000 USDC in atomic units. */
export const buyerFunds = 10_000_000_000n;

const tokenAbi = parseAbi([
  "function initialize(string name, string symbol, address minter)",
  "function mint(address to, uint256 value) returns (bool)",
  "function minter() view returns (address)",
  "function balanceOf(address owner) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function approve(address spender, uint256 value) returns (bool)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
]);
const [, , , , , , transferEvent] = tokenAbi;

export interface Chain {
  rpc: string;
  stop(): Promise<void>;
}

export interface Transfer {
  from: Address;
  /** Atomic units. */
  value: bigint;
  transactionHash: Hash;
}

/** Code by its address, which but for the factory's is that of every network. */
const placed: readonly (readonly [Address, { readonly deployedBytecode: string }])[] = [
  [usdc, contracts.TestUSDC],
  [multicall3, contracts.TestMulticall3],
  [PERMIT2_ADDRESS, contracts.TestPermit2],
  [PERMIT2_EXACT_PROXY, contracts.TestExactPermit2Proxy],
  [PERMIT2_UPTO_PROXY, contracts.TestUptoPermit2Proxy],
  [walletFactory, contracts.TestWalletFactory],
];

/** Starts the chain, funds the buyer, and lets Permit2 move the buyer's USDC. With a `stateDir` the chain is loaded from there and kept there at the stop. */
export async function startChain(
  options: { port?: number | undefined; stateDir?: string | undefined } = {},
): Promise<Chain> {
  if (options.stateDir !== undefined) mkdirSync(options.stateDir, { recursive: true });
  const kept = options.stateDir === undefined ? [] : ["--state", join(options.stateDir, "chain.json")];
  const anvil = await startAnvil(options.port ?? 0, ["--chain-id", String(chainId), ...kept]);
  const rpc = `http://127.0.0.1:${anvil.port}`;
  try {
    await placeContracts(rpc);
    return { rpc, stop: anvil.stop };
  } catch (error) {
    await anvil.stop();
    throw error;
  }
}

async function placeContracts(rpc: string): Promise<void> {
  const client = createTestClient({ mode: "anvil", chain: localChain(rpc), transport: http(rpc) }).extend(
    walletActions,
  );
  // Contracts of a kept chain are replaced too: the token's code may be newer than its storage.
  for (const [address, { deployedBytecode }] of placed) {
    await client.setCode({ address, bytecode: deployedBytecode as Hex });
  }
  const call = { address: usdc, abi: tokenAbi, gas: 500_000n } as const;
  const byMinter = { ...call, account: minter.address } as const;
  const hashes: Hash[] = [];
  if (!(await isInitialized(rpc))) {
    await client.writeContract({ ...byMinter, functionName: "initialize", args: ["USDC", "USDC", minter.address] });
    hashes.push(await client.writeContract({ ...byMinter, functionName: "mint", args: [buyer.address, buyerFunds] }));
  }
  if (!(await isAllowed(rpc))) {
    const allowance = [PERMIT2_ADDRESS, maxUint256] as const;
    const byBuyer = { ...call, account: buyer.address } as const;
    hashes.push(await client.writeContract({ ...byBuyer, functionName: "approve", args: allowance }));
  }
  await Promise.all(hashes.map((hash) => connect(rpc).waitForTransactionReceipt({ hash })));
}

const reading = { address: usdc, abi: tokenAbi } as const;

const isInitialized = async (rpc: string): Promise<boolean> =>
  BigInt(await connect(rpc).readContract({ ...reading, functionName: "minter" })) !== 0n;

/** A chain that was kept may be from before Permit2 stood there. */
const isAllowed = async (rpc: string): Promise<boolean> =>
  (await connect(rpc).readContract({
    ...reading,
    functionName: "allowance",
    args: [buyer.address, PERMIT2_ADDRESS],
  })) > 0n;

export function localChain(rpc: string) {
  return defineChain({
    id: chainId,
    name: "Base Sepolia, local",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  });
}

function connect(rpc: string) {
  return createPublicClient({ chain: localChain(rpc), transport: http(rpc), pollingInterval: 20 });
}

/** USDC in atomic units. */
export function balanceOf(rpc: string, address: Address): Promise<bigint> {
  return connect(rpc).readContract({ address: usdc, abi: tokenAbi, functionName: "balanceOf", args: [address] });
}

/** Every USDC transfer to `payee` since the chain began, oldest first. */
export async function transfersTo(rpc: string, payee: Address): Promise<Transfer[]> {
  const filter = { address: usdc, event: transferEvent, args: { to: payee }, fromBlock: 0n, strict: true } as const;
  const logs = await connect(rpc).getLogs(filter);
  return logs.map(({ args, transactionHash }) => ({ from: args.from, value: args.value, transactionHash }));
}
