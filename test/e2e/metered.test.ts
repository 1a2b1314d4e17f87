// A call that costs what it used, on a real chain: the stock client authorizes a maximum for a model's answer, the gate
// serves it, and the reference facilitator settles what the model said that it used, to the unit.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Network } from "@x402/core/types";
import { UptoEvmScheme } from "@x402/evm/upto/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { maxUint256, type PrivateKeyAccount } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readKept } from "../../tools/seller-books.ts";
import { balanceOf, buyer, type Chain, network, relayer, startChain, usdc } from "../../tools/stack/chain.ts";
import { startFacilitator } from "../../tools/stack/facilitator.ts";
import { startGate } from "../../tools/stack/gate.ts";
import type { Listener } from "../../tools/stack/listen.ts";
import { type Model, startModel } from "../../tools/stack/model.ts";
import { KEY_ID, newEc, startCdpServer } from "../support/cdp.ts";
import { encodePayment, newAccount, PAY_TO } from "../support/payment.ts";
import { PERMIT2, signUptoPayment } from "../support/permit2-payment.ts";
import { connect, mined, mint, tokenAbi, walletOf } from "./wallets.ts";
import { passOn } from "./world.ts";

/** Atomic units for a word that was asked, and for one that was answered. */
const [ASKED, ANSWERED] = [150n, 600n];
const priceOf = (words: number): bigint => BigInt(words) * (ASKED + ANSWERED);
const LEAST = 100n;
const MOST = 50_000n;

const METER = [
  { usd: "0.15", per: "1K", of: "usage.prompt_tokens" },
  { usd: "0.60", per: "1K", of: "usage.completion_tokens" },
];
const PRICE = { upto: "$0.05", meter: METER, min: "$0.0001", includeUsage: true };

const tableOf = (upstream: string, facilitator: object, rpc: string) => ({
  upstream,
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: [facilitator],
  rpc: { "base-sepolia": rpc },
  routes: {
    "POST /v1/chat/completions": { price: { ...PRICE, receiptComment: true } },
    "POST /cap/10": { price: PRICE, maxUnsettled: "$0.50" },
    "POST /cap/20": { price: PRICE, maxUnsettled: "$1" },
  },
});

let chain: Chain;
let reference: Listener;
let model: Model;
let gate: Awaited<ReturnType<typeof startGate>>;
/** What the Worker and its runtime say. */
const said: string[] = [];
const directory = mkdtempSync(join(tmpdir(), "faregate-metered-"));
const stops: (() => Promise<void>)[] = [];
const stateDirs: string[] = [];
beforeAll(async () => {
  chain = await startChain();
  [reference, model] = await Promise.all([startFacilitator({ rpc: chain.rpc }), startModel()]);
  stops.push(model.stop, reference.stop, chain.stop);
}, 60_000);
afterAll(async () => {
  for (const stop of stops) await stop();
  rmSync(directory, { recursive: true });
});

/** One more gate, with books of its own, which the calls that follow go to. */
async function openGate(facilitator: object, vars: { readonly [name: string]: string } = {}): Promise<void> {
  const place = mkdtempSync(join(directory, "gate-"));
  const pricingFile = join(place, "pricing.json");
  writeFileSync(pricingFile, JSON.stringify(tableOf(model.url, facilitator, chain.rpc)));
  gate = await startGate({ pricingFile, stateDir: join(place, "state"), vars, onLog: (text) => said.push(text) });
  stops.unshift(gate.stop);
  stateDirs.push(join(place, "state"));
  // Whom buyers sign for is read behind the first answer.
  while ((await ask("hello", {}, fetch)).status !== 402) await setTimeout(100);
}

const openPlain = () => openGate({ url: reference.url });

/** Before the facilitator stands one who asks each call for its key, that for what it can do among them. */
async function openGuarded(): Promise<void> {
  const { secret, publicKey } = newEc("sec1");
  const guard = await startCdpServer(publicKey, (request, response) => passOn(reference.url, request, response));
  stops.unshift(guard.stop);
  const auth = { cdp: { keyId: "{{CDP_KEY_ID}}", secret: "{{CDP_KEY_SECRET}}" } };
  await openGate({ url: guard.url, auth }, { CDP_KEY_ID: KEY_ID, CDP_KEY_SECRET: secret });
}

const payingFetch = (): typeof fetch =>
  wrapFetchWithPayment(fetch, new x402Client().register(network as Network, new UptoEvmScheme(buyer)));

function ask(content: string, more: object = {}, fetcher = payingFetch()): Promise<Response> {
  return fetcher(`${gate.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "words", messages: [{ role: "user", content }], ...more }),
  });
}

const saying = (words: number): string => Array.from({ length: words }, () => "word").join(" ");

const earned = (): Promise<bigint> => balanceOf(chain.rpc, PAY_TO);

/** What the payee gets for it, once that has come. */
async function expectEarned(before: bigint, amount: bigint): Promise<void> {
  await expect.poll(async () => (await earned()) - before).toBe(amount);
}

const stateOf = async (response: Response): Promise<unknown> =>
  (await fetch(response.headers.get("faregate-payment") ?? "")).json();

describe.each([
  ["a facilitator that asks for a key", openGuarded],
  ["a facilitator", openPlain],
] as const)("verified and settled by %s:", (_, open) => {
  beforeAll(open, 60_000);

  describe("an answer in one piece", () => {
    test("costs its tokens, to the unit, and says so", async () => {
      const before = await earned();
      const response = await ask("what is a fare gate");
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ usage: { prompt_tokens: 5, completion_tokens: 5 } });
      const receipt = decodePaymentResponseHeader(response.headers.get("payment-response") ?? "");
      expect(receipt).toMatchObject({ success: true, amount: priceOf(5).toString() });
      expect((await earned()) - before).toBe(priceOf(5));
    });

    test("costs no more than was authorized", async () => {
      const before = await earned();
      const response = await ask(saying(500));
      expect(response.status).toBe(200);
      expect((await earned()) - before).toBe(MOST);
    });
  });

  describe("a stream", () => {
    test("reaches its reader word by word, says its use though nobody asked for that, and costs its tokens", async () => {
      const before = await earned();
      const response = await ask("one two three four", { stream: true, model: "slow" });
      expect(response.status).toBe(200);
      expect(response.headers.has("payment-response")).toBe(false);
      const reader = (response.body ?? expect.fail()).getReader();
      const decoder = new TextDecoder();
      // The model has not said its last word.
      expect(decoder.decode((await reader.read()).value)).toContain("one");
      expect((await earned()) - before).toBe(0n);
      model.goOn();
      let rest = "";
      for (let read = await reader.read(); !read.done; read = await reader.read()) rest += decoder.decode(read.value);
      expect(rest).toContain('"completion_tokens":4');
      const [, comment] = /data: \[DONE\]\n\n: payment-response (\S+)\n$/.exec(rest) ?? expect.fail(rest);
      const receipt = decodePaymentResponseHeader(comment ?? "");
      expect(receipt).toMatchObject({ success: true, amount: priceOf(4).toString() });
      await expectEarned(before, priceOf(4));
      await expect
        .poll(() => stateOf(response))
        .toMatchObject({
          ...{ pay: "settled", delivery: "delivered", amount: priceOf(4).toString() },
          calculation: "4 usage.prompt_tokens at $0.15/1K + 4 usage.completion_tokens at $0.60/1K = $0.003",
        });
      expect(JSON.parse(model.asked.at(-1) ?? "")).toMatchObject({ stream_options: { include_usage: true } });
    });

    test("that breaks off before it says what it used costs what the table says", async () => {
      const before = await earned();
      const response = await ask("one break", { stream: true, model: "slow" });
      const reader = (response.body ?? expect.fail()).getReader();
      await reader.read();
      model.goOn();
      await expect(reader.read()).rejects.toThrow();
      await expectEarned(before, LEAST);
      await expect
        .poll(() => stateOf(response))
        .toMatchObject({
          ...{ pay: "settled", delivery: "truncated" },
          calculation: expect.stringContaining("missing: minimum"),
        });
    });

    test("that breaks off is no fault of the gate's: nothing is reported but the request", async () => {
      said.length = 0;
      const response = await ask("another break", { stream: true, model: "slow" });
      model.goOn();
      await expect(response.text()).rejects.toThrow();
      await expect.poll(() => stateOf(response)).toMatchObject({ pay: "settled", delivery: "truncated" });
      expect(said.filter((text) => !text.startsWith('{"event":"request"'))).toEqual([]);
      expect(said.length).toBeGreaterThan(0);
    });

    test("is paid for by who hangs up half way, for what the model used", async () => {
      const before = await earned();
      const response = await ask("one two three", { stream: true, model: "slow" });
      const reader = (response.body ?? expect.fail()).getReader();
      await reader.read();
      await reader.cancel();
      model.goOn();
      await expectEarned(before, priceOf(3));
      await expect.poll(() => stateOf(response)).toMatchObject({ pay: "settled", delivery: "delivered" });
    });
  });
});

/** By the gate that was opened last. */
describe("a hundred calls at once of a payer who has ten times the most that one may cost", () => {
  const FUNDS = 10n * MOST;

  async function payerWith(funds: bigint): Promise<PrivateKeyAccount> {
    const account = newAccount();
    await connect(chain).setBalance({ address: account.address, value: 10n ** 18n });
    await mint(chain, account.address, funds);
    const allowance = [PERMIT2, maxUint256] as const;
    const approval = { address: usdc, abi: tokenAbi, functionName: "approve", args: allowance } as const;
    await mined(chain, await walletOf(chain, account).writeContract(approval));
    return account;
  }

  /** @returns who was served, and the statuses of all others */
  async function callAtOnce(account: PrivateKeyAccount, path: string, words: number, more: object = {}) {
    const sign = () => signUptoPayment(MOST.toString(), { facilitator: relayer.address }, account);
    const payments = await Promise.all(Array.from({ length: 100 }, sign));
    const body = JSON.stringify({ messages: [{ role: "user", content: saying(words) }], ...more });
    const call = (payment: object): Promise<Response> =>
      fetch(gate.url + path, {
        method: "POST",
        headers: { "content-type": "application/json", "payment-signature": encodePayment(payment) },
        body,
      });
    const answers = await Promise.all(payments.map(call));
    const served = answers.filter(({ status }) => status === 200);
    const others = answers.filter((answer) => !served.includes(answer)).map(({ status }) => status);
    return { served, others };
  }
  const STREAM = { stream: true, model: "slow" };
  const refused = (count: number): readonly number[] => Array.from({ length: count }, () => 429);
  const readAll = (answers: readonly Response[]) => Promise.all(answers.map((answer) => answer.text()));

  /** How many of them are in the books as settled for that, and how many as not settled yet. */
  async function standing(answers: readonly Response[], charge: bigint): Promise<readonly number[]> {
    const states = (await Promise.all(answers.map(stateOf))) as readonly { pay: string; amount: string }[];
    const ofPay = (...pays: readonly string[]) =>
      states.filter(({ pay, amount }) => pays.includes(pay) && amount === charge.toString()).length;
    return [ofPay("settled"), ofPay("owed", "unknown")];
  }

  test.each([
    ["the most", 100, MOST],
    ["less than that", 20, priceOf(20)],
  ])("is served the ten streams that may be owed, and each is settled for its use: %s", async (_, words, charge) => {
    const [account, before] = [await payerWith(FUNDS), await earned()];
    const { served, others } = await callAtOnce(account, "/cap/10", words, STREAM);
    // No stream goes on before every call has its answer: all that was served is owed now.
    expect([served.length, others, await earned()]).toEqual([10, refused(90), before]);
    model.goOn();
    await readAll(served);
    await expectEarned(before, 10n * charge);
    await expect.poll(() => standing(served, charge)).toEqual([10, 0]);
    expect(await balanceOf(chain.rpc, account.address)).toBe(FUNDS - 10n * charge);
  });

  test("is served no more streams than the wallet has the most for, though more might be owed", async () => {
    const [account, before] = [await payerWith(FUNDS), await earned()];
    const { served, others } = await callAtOnce(account, "/cap/20", 100, STREAM);
    expect([served.length, others]).toEqual([10, refused(90)]);
    model.goOn();
    await readAll(served);
    await expectEarned(before, FUNDS);
  });

  test("owes what was served and cannot be paid any more, until it can be", async () => {
    const [account, before] = [await payerWith(2n * FUNDS), await earned()];
    const { served, others } = await callAtOnce(account, "/cap/20", 100, STREAM);
    expect([served.length, others]).toEqual([20, refused(80)]);
    const spent = { address: usdc, abi: tokenAbi, functionName: "transfer", args: [relayer.address, FUNDS] } as const;
    await mined(chain, await walletOf(chain, account).writeContract(spent));
    model.goOn();
    await readAll(served);
    await expectEarned(before, FUNDS);
    await expect.poll(() => standing(served, MOST)).toEqual([10, 10]);
    await mint(chain, account.address, FUNDS);
    await expect.poll(() => standing(served, MOST), { timeout: 20_000 }).toEqual([20, 0]);
    expect((await earned()) - before).toBe(2n * FUNDS);
  });

  test("is served ten answers in one piece, each of which was settled before", async () => {
    const [account, before] = [await payerWith(FUNDS), await earned()];
    const { served, others } = await callAtOnce(account, "/cap/10", 100);
    expect([served.length, (await earned()) - before]).toEqual([10, FUNDS]);
    // Where one was settled another may have its turn, and find the wallet empty.
    expect([402, 429, 503]).toEqual(expect.arrayContaining(others));
    for (const { headers } of served) {
      const receipt = decodePaymentResponseHeader(headers.get("payment-response") ?? "");
      expect(receipt).toMatchObject({ success: true, amount: MOST.toString() });
    }
  });
});

test("afterwards the seller has what the books say, to the unit", async () => {
  const charges = (): bigint =>
    stateDirs
      .flatMap((stateDir) => readKept(stateDir))
      .filter(({ pay }) => pay === "settled")
      .reduce((sum, { amount }) => sum + amount, 0n);
  await expect.poll(charges).toBe(await earned());
});
