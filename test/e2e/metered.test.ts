// A call that costs what it used, on a real chain: the stock client authorizes a maximum for a model's answer, the gate
// serves it, and the reference facilitator settles what the model said that it used, to the unit.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Network } from "@x402/core/types";
import { UptoEvmScheme } from "@x402/evm/upto/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { balanceOf, buyer, type Chain, network, startChain } from "../../tools/stack/chain.ts";
import { startFacilitator } from "../../tools/stack/facilitator.ts";
import { startGate } from "../../tools/stack/gate.ts";
import type { Listener } from "../../tools/stack/listen.ts";
import { type Model, startModel } from "../../tools/stack/model.ts";
import { PAY_TO } from "../support/payment.ts";

/** Atomic units for a word that was asked, and for one that was answered. */
const [ASKED, ANSWERED] = [150n, 600n];
const priceOf = (words: number): bigint => BigInt(words) * (ASKED + ANSWERED);
const LEAST = 100n;

const tableOf = (upstream: string, facilitator: string, rpc: string) => ({
  upstream,
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: [facilitator],
  rpc: { "base-sepolia": rpc },
  routes: {
    "POST /v1/chat/completions": {
      price: {
        upto: "$0.05",
        meter: [
          { usd: "0.15", per: "1K", of: "usage.prompt_tokens" },
          { usd: "0.60", per: "1K", of: "usage.completion_tokens" },
        ],
        min: "$0.0001",
        includeUsage: true,
        receiptComment: true,
      },
    },
  },
});

let chain: Chain;
let reference: Listener;
let model: Model;
let gate: Awaited<ReturnType<typeof startGate>>;
const directory = mkdtempSync(join(tmpdir(), "faregate-metered-"));
beforeAll(async () => {
  chain = await startChain();
  [reference, model] = await Promise.all([startFacilitator({ rpc: chain.rpc }), startModel()]);
  const pricingFile = join(directory, "pricing.json");
  writeFileSync(pricingFile, JSON.stringify(tableOf(model.url, reference.url, chain.rpc)));
  gate = await startGate({ pricingFile, stateDir: join(directory, "state") });
  // Whom buyers sign for is read behind the first answer.
  while ((await ask("hello", {}, fetch)).status !== 402) await setTimeout(100);
}, 60_000);
afterAll(async () => {
  for (const part of [gate, reference, model, chain]) await part?.stop();
  rmSync(directory, { recursive: true });
});

const payingFetch = (): typeof fetch =>
  wrapFetchWithPayment(fetch, new x402Client().register(network as Network, new UptoEvmScheme(buyer)));

function ask(content: string, more: object = {}, fetcher = payingFetch(), signal?: AbortSignal): Promise<Response> {
  return fetcher(`${gate.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "words", messages: [{ role: "user", content }], ...more }),
    ...(signal && { signal }),
  });
}

const earned = (): Promise<bigint> => balanceOf(chain.rpc, PAY_TO);

/** What the payee gets for it, once that has come. */
async function expectEarned(before: bigint, amount: bigint): Promise<void> {
  await expect.poll(async () => (await earned()) - before, { timeout: 10_000 }).toBe(amount);
}

const stateOf = async (response: Response): Promise<unknown> =>
  (await fetch(response.headers.get("faregate-payment") ?? "")).json();

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
    const response = await ask(Array.from({ length: 500 }, () => "word").join(" "));
    expect(response.status).toBe(200);
    expect((await earned()) - before).toBe(50_000n);
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
      .poll(() => stateOf(response), { timeout: 5_000 })
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
      .poll(() => stateOf(response), { timeout: 5_000 })
      .toMatchObject({
        ...{ pay: "settled", delivery: "truncated" },
        calculation: expect.stringContaining("missing: minimum"),
      });
  });

  test("is paid for by who hangs up half way, for what the model used", async () => {
    const before = await earned();
    const leaving = new AbortController();
    const response = await ask("one two three", { stream: true, model: "slow" }, payingFetch(), leaving.signal);
    const reader = (response.body ?? expect.fail()).getReader();
    await reader.read();
    leaving.abort();
    await expect(reader.read()).rejects.toThrow();
    model.goOn();
    await expectEarned(before, priceOf(3));
    await expect
      .poll(() => stateOf(response), { timeout: 5_000 })
      .toMatchObject({ pay: "settled", delivery: "delivered" });
  });
});
