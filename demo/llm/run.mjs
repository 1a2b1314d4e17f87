// A stock `openai` client that streams a completion through a gate and pays for its tokens, on a chain of this machine:
// `npm run demo:llm`. It ends with an error where the payee did not get exactly the tokens times their price.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { UptoEvmScheme } from "@x402/evm/upto/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import OpenAI from "openai";
import { balanceOf, buyer, network, startChain } from "../../tools/stack/chain.ts";
import { startFacilitator } from "../../tools/stack/facilitator.ts";
import { startGate } from "../../tools/stack/gate.ts";
import { startModel } from "../../tools/stack/model.ts";

const PAYEE = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
/** Dollars for a thousand tokens; a token of the chain has six decimals. */
const [ASKED, ANSWERED] = ["0.15", "0.60"];
const unitsOf = (usd) => Number(usd) * 1000;
const TEXT = "a fare gate lets you pass when you have paid and not before";
const CALLS = 5;

const directory = mkdtempSync(join(tmpdir(), "faregate-demo-"));
const stops = [() => rmSync(directory, { recursive: true })];
const started = async (part) => {
  stops.unshift(part.stop);
  return part;
};

async function main() {
  const chain = await started(await startChain());
  const [facilitator, model] = [await started(await startFacilitator(chain)), await started(await startModel())];
  const table = {
    upstream: model.url,
    payTo: PAYEE,
    accepts: ["base-sepolia"],
    facilitators: [facilitator.url],
    routes: {
      "POST /v1/chat/completions": {
        price: {
          upto: "$0.05",
          meter: [
            { usd: ASKED, per: "1K", of: "usage.prompt_tokens" },
            { usd: ANSWERED, per: "1K", of: "usage.completion_tokens" },
          ],
          includeUsage: true,
        },
        maxUnsettled: "$1",
      },
      "POST /free/v1/chat/completions": "free",
    },
  };
  const pricingFile = join(directory, "pricing.json");
  writeFileSync(pricingFile, JSON.stringify(table));
  const gate = await started(await startGate({ pricingFile, stateDir: join(directory, "state") }));
  const paying = wrapFetchWithPayment(fetch, new x402Client().register(network, new UptoEvmScheme(buyer)));
  // The gate learns behind its first answer whom buyers sign for.
  while ((await unpaid(gate.url)).status !== 402) await setTimeout(100);

  const before = await balanceOf(chain.rpc, PAYEE);
  const client = new OpenAI({ baseURL: `${gate.url}/v1`, apiKey: "none", fetch: paying, maxRetries: 0 });
  const free = new OpenAI({ baseURL: `${gate.url}/free/v1`, apiKey: "none", maxRetries: 0 });
  const bought = [];
  for (let i = 0; i < CALLS; i++) bought.push(await complete(client, i === 0));
  const given = [];
  for (let i = 0; i < CALLS; i++) given.push(await complete(free, false));
  const tokens = (of) => bought.reduce((sum, { usage }) => sum + usage[of], 0);
  const price = tokens("prompt_tokens") * unitsOf(ASKED) + tokens("completion_tokens") * unitsOf(ANSWERED);
  const moved = await settled(chain.rpc, before, BigInt(Math.round(price)));
  const median = (times) => times.map(({ firstMs }) => firstMs).toSorted((a, b) => a - b)[Math.floor(CALLS / 2)];
  console.log(`${CALLS} calls: ${tokens("prompt_tokens")} tokens asked, ${tokens("completion_tokens")} answered`);
  console.log(`their price: ${Math.round(price)} millionths of a dollar; moved on the chain: ${moved}`);
  const [paid, unpriced] = [median(bought), median(given)];
  console.log(
    `first token after ${paid.toFixed(1)} ms, free after ${unpriced.toFixed(1)} ms: paying took ${(paid - unpriced).toFixed(1)} ms`,
  );
  if (moved !== BigInt(Math.round(price))) throw new Error("the chain does not have what the tokens cost");
}

const unpaid = (url) =>
  fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "words", messages: [] }),
  });

/** @param isShown whether each token is printed as it comes */
async function complete(client, isShown) {
  const began = performance.now();
  const stream = await client.chat.completions.create({
    model: "words",
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: "user", content: TEXT }],
  });
  let firstMs = null;
  let usage = null;
  for await (const chunk of stream) {
    const word = chunk.choices[0]?.delta.content ?? "";
    if (word !== "") firstMs ??= performance.now() - began;
    if (isShown) process.stdout.write(word);
    usage = chunk.usage ?? usage;
  }
  if (isShown) console.log();
  return { firstMs, usage };
}

/** A stream is settled behind its end. */
async function settled(rpc, before, price) {
  let moved = 0n;
  for (let i = 0; i < 100 && moved < price; i++) {
    moved = (await balanceOf(rpc, PAYEE)) - before;
    await setTimeout(100);
  }
  // No more than that comes.
  await setTimeout(500);
  return (await balanceOf(rpc, PAYEE)) - before;
}

try {
  await main();
} finally {
  for (const stop of stops) await stop();
}
