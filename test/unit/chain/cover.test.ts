import { type Hex, pad, toHex } from "viem";
import { afterEach, expect, test } from "vitest";
import type { Wallet } from "../../../src/chain/cover.ts";
import { buildChain, buildSolanaChain } from "../../../src/chain/index.ts";
import { PERMIT2_ADDRESS } from "../../../src/x402/index.ts";
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
const NONCE = `0x${"01".repeat(32)}`;

type Promised = Wallet["promised"][number];
const promise = (amount: bigint, nonce: string = NONCE): Promised => ({
  assetTransferMethod: "eip3009",
  nonce,
  amount,
});
/** Which the spender moves. */
const permit = (amount: bigint, nonce = "256"): Promised => ({ assetTransferMethod: "permit2", nonce, amount });

const coversAt = (urls: readonly string[], promised: readonly Promised[], spender: string | null = null) =>
  buildChain({ urls, timeoutMs: 4000 }).covers({ network, asset, payer, spender, promised });

const wordOf = (address: string): string =>
  pad(address as Hex)
    .slice(2)
    .toLowerCase();
const flag = (isSet: boolean): Hex => pad(isSet ? "0x01" : "0x00");

/** A token that says these amounts of whoever is asked about, and which nonces are used; all of the last block alone. */
const token = (balance: bigint, allowance: bigint, used: readonly string[] = []): Partial<FakeChain> => ({
  answers: {
    eth_call: ({ to, data }: { to: string; data: string }, block: string) => {
      expect(block).toBe("latest");
      const [selector, first, second] = [data.slice(0, 10), data.slice(10, 74), data.slice(74)];
      expect([selector, to, first]).toEqual([selector, selector === BITMAP ? PERMIT2_ADDRESS : asset, wordOf(payer)]);
      if (selector === "0x70a08231") return pad(toHex(balance));
      if (selector === "0xdd62ed3e" && second === wordOf(OTHER)) return pad(toHex(allowance));
      if (selector === BITMAP) return flag(used.includes(String(BigInt(`0x${second}`) << 8n)));
      expect(selector).toBe("0xe94a0102");
      return flag(used.includes(`0x${second}`));
    },
  },
});
/** `nonceBitmap(address,uint256)` */
const BITMAP = "0x4fe02b44";

test("a wallet covers what its balance does, and no more than a spender is allowed where one is needed", async () => {
  const url = await start(token(70n, 30n));
  expect(await coversAt([url], [promise(70n)])).toBe(true);
  expect(await coversAt([url], [promise(70n), promise(1n)])).toBe(false);
  expect(await coversAt([url], [permit(29n), permit(1n)], OTHER)).toBe(true);
  expect(await coversAt([url], [permit(30n), permit(1n)], OTHER)).toBe(false);
  // What it does not move is held against the balance alone.
  expect(await coversAt([url], [permit(30n), promise(40n)], OTHER)).toBe(true);
  expect(await coversAt([await start(token(20n, 30n))], [permit(21n)], OTHER)).toBe(false);
});

test("what has left the wallet already is not asked of it again, by either kind of nonce", async () => {
  const paid = Array.from({ length: 20 }, (_, i): Promised => {
    return i % 2 === 0 ? promise(10n, pad(toHex(i + 1))) : permit(10n, String((i + 1) * 256));
  });
  const nonces = paid.map(({ nonce }) => nonce);
  const all = [...paid, promise(70n)];
  expect(await coversAt([await start(token(70n, 0n, nonces))], all)).toBe(true);
  expect(await coversAt([await start(token(70n, 0n, nonces.slice(1)))], all)).toBe(false);
});

test("what it has by then decides, where something of it is settled while it is looked at", async () => {
  let has = 10n;
  const nonce = pad(toHex(1));
  const { answers } = token(10n, 0n, [nonce]);
  const rpc = await startFakeRpc({
    answers: {
      eth_call(call: { to: string; data: string }, block: string) {
        if (!call.data.startsWith("0x70a08231")) return answers?.["eth_call"]?.(...([call, block] as never[]));
        const said = pad(toHex(has));
        // Mined behind the first look.
        has = 0n;
        return said;
      },
    },
  });
  servers.push(rpc);
  expect(await coversAt([rpc.url], [promise(10n, nonce), promise(10n)])).toBe(false);
  expect(rpc.seen.length).toBeLessThanOrEqual(3);
});

test("of more than forty promises the rest counts as open", async () => {
  const many = Array.from({ length: 41 }, (_, i) => promise(1n, pad(toHex(i + 1))));
  const nonces = many.map(({ nonce }) => nonce);
  const url = await start(token(0n, 0n, nonces));
  expect(await coversAt([url], many)).toBe(false);
  expect(await coversAt([url], many.slice(1))).toBe(true);
});

function refuse(): never {
  throw new RpcRefusal("execution reverted", -32000);
}

test("nobody says it where no RPC does, and the next one is asked first", async () => {
  const refusing = await start({ answers: { eth_call: refuse } });
  const babbling = await start({ answers: { eth_call: () => "0x" } });
  const once = ({ data }: { data: string }): string => (data.startsWith("0x70a08231") ? flag(true) : refuse());
  const forgetful = await start({ answers: { eth_call: once } });
  const promised = [promise(70n)];
  expect(await coversAt([refusing, babbling, forgetful], promised)).toBeNull();
  expect(await coversAt([refusing, babbling, await start(token(70n, 0n))], promised)).toBe(true);
});

test("nobody says it of an account on Solana", async () => {
  const wallet = { network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1", asset, payer, spender: null, promised: [] };
  expect(await buildSolanaChain({ urls: [await start({})], timeoutMs: 4000 }).covers(wallet)).toBeNull();
});
