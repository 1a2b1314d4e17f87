// The local chain of a run: wallets with money, blocks that come late, and what it says in the end.

import { createTestClient, createWalletClient, http, type PrivateKeyAccount, parseAbi, publicActions } from "viem";
import type { ChainTransfer } from "../../tools/reconciliation.ts";
import { chainId, localChain, minter, startChain, usdc } from "../../tools/stack/chain.ts";
import { PAY_TO } from "../support/payment.ts";

const abi = parseAbi([
  "function mint(address to, uint256 value) returns (bool)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
]);
const [, transferEvent, usedEvent] = abi;

/** A nonce that was used, in this transaction. */
export interface Used {
  readonly payer: string;
  readonly nonce: string;
  readonly transaction: string;
}

export interface WildChain {
  readonly rpc: string;
  readonly network: string;
  readonly asset: string;
  readonly fund: (accounts: readonly PrivateKeyAccount[]) => Promise<void>;
  /** A block every so many seconds; none at all for null. */
  readonly mineEvery: (seconds: number | null) => Promise<void>;
  /** A block for every transaction, and those that wait at once. */
  readonly mineAtOnce: () => Promise<void>;
  readonly skip: (seconds: number) => Promise<void>;
  readonly transfers: () => Promise<readonly ChainTransfer[]>;
  readonly used: () => Promise<readonly Used[]>;
  readonly stop: () => Promise<void>;
}

export async function startWildChain(): Promise<WildChain> {
  const { rpc, stop } = await startChain({ port: 0 });
  const chain = { chain: localChain(rpc), transport: http(rpc) };
  const client = createTestClient({ mode: "anvil", ...chain }).extend(publicActions);
  const wallet = createWalletClient({ account: minter, ...chain });
  const range = { address: usdc, fromBlock: 0n, strict: true } as const;
  return {
    rpc,
    network: `eip155:${chainId}`,
    asset: usdc,
    stop,
    async fund(accounts) {
      for (const { address } of accounts) {
        const call = { address: usdc, abi, functionName: "mint", args: [address, 10n ** 12n] } as const;
        await client.waitForTransactionReceipt({ hash: await wallet.writeContract(call), pollingInterval: 20 });
      }
    },
    async mineEvery(seconds) {
      await client.setAutomine(false);
      if (seconds !== null) await client.setIntervalMining({ interval: seconds });
    },
    async mineAtOnce() {
      await client.setIntervalMining({ interval: 0 });
      await client.setAutomine(true);
      await client.mine({ blocks: 1 });
    },
    async skip(seconds) {
      await client.increaseTime({ seconds });
      await client.mine({ blocks: 1 });
    },
    async transfers() {
      const logs = await client.getLogs({ ...range, event: transferEvent, args: { to: PAY_TO } });
      return logs.map(({ args, transactionHash, logIndex, blockNumber }) => ({
        ...{ asset: usdc, transaction: transactionHash, logIndex, blockNumber: Number(blockNumber) },
        ...{ from: args.from, to: args.to, value: args.value },
      }));
    },
    async used() {
      const logs = await client.getLogs({ ...range, event: usedEvent });
      return logs.map(({ args: { authorizer, nonce }, transactionHash }) => ({
        payer: authorizer.toLowerCase(),
        nonce: nonce.toLowerCase(),
        transaction: transactionHash,
      }));
    },
  };
}
