import { pad, toHex } from "viem";
import { afterEach, expect, test } from "vitest";
import { buildChain, buildSolanaChain } from "../../../src/chain/index.ts";
import { type FakeChain, RpcRefusal, startFakeRpc } from "../../support/fake-rpc.ts";
import type { TestServer } from "../../support/server.ts";
import { authorization, OTHER } from "../../support/token-logs.ts";

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(chain: Partial<FakeChain>): Promise<string> {
  const rpc = await startFakeRpc(chain);
  servers.push(rpc);
  return rpc.url;
}

const { network, asset, payer } = authorization;
const spendableAt = (urls: readonly string[], spender: string | null = null): Promise<bigint | null> =>
  buildChain({ urls, timeoutMs: 4000 }).spendable({ network, asset, payer, spender });

/** A token that says these amounts of whoever is asked about, and is asked for the last block alone. */
const token = (balance: bigint, allowance: bigint): Partial<FakeChain> => ({
  answers: {
    eth_call: ({ to, data }: { to: string; data: string }, block: string) => {
      expect([to, block]).toEqual([asset, "latest"]);
      const about = [payer, OTHER].map((address) =>
        pad(address as `0x${string}`)
          .slice(2)
          .toLowerCase(),
      );
      if (data === `0x70a08231${about[0]}`) return pad(toHex(balance));
      expect(data).toBe(`0xdd62ed3e${about.join("")}`);
      return pad(toHex(allowance));
    },
  },
});

test("what a payer can pay is the balance, and no more than the spender is allowed where one is needed", async () => {
  const url = await start(token(70n, 30n));
  expect(await spendableAt([url])).toBe(70n);
  expect(await spendableAt([url], OTHER)).toBe(30n);
  expect(await spendableAt([await start(token(20n, 30n))], OTHER)).toBe(20n);
});

function refuse(): never {
  throw new RpcRefusal("execution reverted", -32000);
}

test("nobody says it where no RPC does, and the next one is asked first", async () => {
  const refusing = await start({ answers: { eth_call: refuse } });
  const babbling = await start({ answers: { eth_call: () => "0x" } });
  expect(await spendableAt([refusing, babbling])).toBeNull();
  expect(await spendableAt([refusing, babbling, await start(token(7n, 0n))])).toBe(7n);
});

test("nobody says it of an account on Solana", async () => {
  const wallet = { network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1", asset, payer, spender: null };
  expect(await buildSolanaChain({ urls: [await start({})], timeoutMs: 4000 }).spendable(wallet)).toBeNull();
});
