// A real chain, and relayers of their own on it, so that no test's nonces are another's.

import {
  type Address,
  createPublicClient,
  createTestClient,
  createWalletClient,
  type Hash,
  type Hex,
  http,
  parseAbi,
  publicActions,
} from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { buildDirect, type DirectSettings } from "../../../src/direct/index.ts";
import { type Account, openAccount } from "../../../src/schemes/index.ts";
import { buyer, type Chain, localChain, minter, network, startChain, usdc } from "../../../tools/stack/chain.ts";
import { facilitatorBodyOf, QUICK, startRelayers } from "../../support/direct.ts";
import { type Authorization, type Payment, signPayment } from "../../support/payment.ts";
import { readText, startServer, type TestServer } from "../../support/server.ts";

export const ETHER = 10n ** 18n;

/** Whose money holds up nothing. */
export const RICH = { payer: buyer.address.toLowerCase(), amount: 1n, funds: ETHER, balance: ETHER };

export const tokenAbi = parseAbi([
  "function mint(address to, uint256 value) returns (bool)",
  "function transfer(address to, uint256 value) returns (bool)",
  "function balanceOf(address owner) view returns (uint256)",
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)",
  "function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature)",
]);

/** `instead` never reaches the chain; `after` does, and something else is answered. */
type Answer = "pass" | "break" | { readonly instead: object } | { readonly after: object };

export interface Expected {
  readonly payer: string;
  readonly network: typeof network;
}

export async function startWorld() {
  const chain: Chain = await startChain();
  const { rpc } = chain;
  const options = { chain: localChain(rpc), transport: http(rpc), pollingInterval: 20 };
  const test = createTestClient({ ...options, mode: "anvil" }).extend(publicActions);
  const proxies: TestServer[] = [];

  async function startRelayer(changes: Partial<DirectSettings> = {}, ether = ETHER) {
    const key = generatePrivateKey();
    const account = openAccount(key) as Account;
    await test.setBalance({ address: account.address, value: ether });
    /** How far the objects' clock is ahead. */
    const clock = { aheadMs: 0 };
    const relayers = startRelayers(account, () => Date.now() + clock.aheadMs);
    const settings = { ...QUICK, urls: [rpc], ...changes };
    const parts = { account, open: relayers.open, nowMs: Date.now, random: Math.random };
    /** Another Worker with the same key, which asks the same object. */
    const beside = (other: Partial<DirectSettings>) => buildDirect({ ...settings, ...other }, parts);
    const direct = beside({});
    const name = `${network}|${account.address}`.toLowerCase();
    return {
      ...direct,
      beside,
      clock,
      key,
      account,
      address: account.address,
      relayers,
      stub: relayers.open(name),
      store: relayers.store(name),
      settle: (payment: Payment) => direct.settle(facilitatorBodyOf(payment), expectedOf(payment)),
      /** With time enough for a busy machine, unless a test wants to see that it runs out. */
      settleAgain: (payment: Payment, settleTimeoutMs = QUICK.settleTimeoutMs) =>
        beside({ settleTimeoutMs }).settleAgain(facilitatorBodyOf(payment), expectedOf(payment)),
      verify: (payment: Payment) => direct.verify(facilitatorBodyOf(payment), expectedOf(payment)),
      /** What was seen in blocks of what was sent, in the order of nonces. */
      seen: (): (string | null)[] =>
        relayers
          .store(name)
          .sql.exec<{ seen: string | null }>("SELECT seen FROM sent ORDER BY nonce")
          .toArray()
          .map(({ seen }) => seen),
      nonces: () => test.getTransactionCount({ address: account.address }),
      signed: (): { nonce: number; hash: Hash; raw: Hex }[] => {
        const store = relayers.store(name);
        const isThere = store.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'signed'").toArray().length > 0;
        const query = "SELECT nonce, hash, raw FROM signed ORDER BY nonce, signed_at, rowid";
        return isThere ? store.sql.exec<{ nonce: number; hash: Hash; raw: Hex }>(query).toArray() : [];
      },
    };
  }

  return {
    rpc,
    test,
    startRelayer,
    stop: async () => {
      for (const proxy of proxies) await proxy.stop();
      await chain.stop();
    },
    balanceOf: (address: string) =>
      createPublicClient(options).readContract({
        address: usdc,
        abi: tokenAbi,
        functionName: "balanceOf",
        args: [address as Address],
      }),
    /** An account with so many tokens, and ether for its own transactions. */
    async startPayer(tokens: bigint): Promise<PrivateKeyAccount> {
      const payer = privateKeyToAccount(generatePrivateKey());
      await test.setBalance({ address: payer.address, value: ETHER });
      const args = [payer.address, tokens] as const;
      await send(minter, { functionName: "mint", args });
      return payer;
    },
    send,
    /** While blocks also come by themselves, as they do anywhere else: what is sent at once may wait for the next one. */
    async whileBlocksCome<T>(run: () => Promise<T>): Promise<T> {
      const beat = setInterval(() => void test.mine({ blocks: 1 }).catch(() => undefined), 500);
      return run().finally(() => clearInterval(beat));
    },
    /**
     * The RPC through somebody who can be told to break off, or to answer something else.
     *
     * @param change.done so many calls are answered
     */
    async startProxy(change: { answer: (method: string) => Answer | Promise<Answer>; done?: (calls: number) => void }) {
      const proxy = await startServer(async (request, response) => {
        const calls: { id: number; method: string }[] = JSON.parse(await readText(request));
        const answers = await Promise.all(calls.map(({ method }) => change.answer(method)));
        if (answers.includes("break")) return request.socket.destroy();
        const isPassed = (answer: Answer | undefined) => typeof answer !== "object" || "after" in answer;
        const passed = await fetch(rpc, {
          method: "POST",
          headers,
          body: JSON.stringify(calls.filter((_, i) => isPassed(answers[i]))),
        });
        const replies: { id: number }[] = await passed.json();
        change.done?.(calls.length);
        const changed = calls.map(({ id }, i) => {
          const answer = answers[i];
          if (typeof answer !== "object") return replies.find((reply) => reply.id === id);
          return { jsonrpc: "2.0", id, ...("after" in answer ? answer.after : answer.instead) };
        });
        return response.writeHead(200, headers).end(JSON.stringify(changed));
      });
      proxies.push(proxy);
      return proxy.url;
    },
  };

  /** From an account that is none of ours, to the token; waits for no block where blocks do not come by themselves. */
  async function send(
    account: PrivateKeyAccount,
    call: { functionName: "mint" | "transfer"; args: readonly [Address, bigint] },
    extra: { maxFeePerGas?: bigint; maxPriorityFeePerGas?: bigint } = {},
  ): Promise<Hash> {
    const wallet = createWalletClient({ ...options, account });
    return wallet.writeContract({ address: usdc, abi: tokenAbi, ...call, ...extra, gas: 300_000n });
  }
}

const headers = { "content-type": "application/json" };

export type World = Awaited<ReturnType<typeof startWorld>>;
export type Relayer = Awaited<ReturnType<World["startRelayer"]>>;

export const expectedOf = ({ payload }: Payment): Expected => ({ payer: payload.authorization.from, network });

export const pay = (changes: Partial<Authorization> = {}, payer: PrivateKeyAccount = buyer): Promise<Payment> =>
  signPayment("10000", { validBefore: "4000000000", ...changes }, payer);
