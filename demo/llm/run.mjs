// A stock `openai` client that streams completions through a gate and pays for their tokens, on a chain of this machine:
// `npm run demo:llm`. Some are read to their end, one is broken off by the model's server and one is left by its reader,
// each half way. It ends with an error where what moved on the chain, or the receipt, is not what the table says.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

const table = JSON.parse(readFileSync(new URL("pricing.json", import.meta.url), "utf8"));
const { meter, min } = table.routes["POST /v1/chat/completions"].price;
/** Millionths of a dollar, which are the units of the chain's token. */
const microsOf = (usd) => Math.round(Number(usd.replace("$", "")) * 1_000_000);
/** A rate of the table is for a thousand tokens. */
const [ASKED, ANSWERED] = meter.map(({ usd }) => microsOf(usd) / 1000);
const TEXT = "a fare gate lets you pass when you have paid and not before";
const CALLS = 5;
const SETTLED_MS = 30_000;

const directory = mkdtempSync(join(tmpdir(), "faregate-demo-"));
const stops = [() => rmSync(directory, { recursive: true })];
const started = async (part) => {
  stops.unshift(part.stop);
  return part;
};

/** @returns whether each call came to what the table says */
async function main() {
  const chain = await started(await startChain());
  const [facilitator, model] = [await started(await startFacilitator(chain)), await started(await startModel())];
  const routes = { ...table.routes, "POST /free/v1/chat/completions": "free" };
  const pricingFile = join(directory, "pricing.json");
  const fitted = { ...table, upstream: model.url, facilitators: [facilitator.url], routes };
  writeFileSync(pricingFile, JSON.stringify(fitted));
  const gate = await started(await startGate({ pricingFile, stateDir: join(directory, "state") }));
  const paying = wrapFetchWithPayment(fetch, new x402Client().register(network, new UptoEvmScheme(buyer)));
  // The gate learns behind its first answer whom buyers sign for.
  while ((await unpaid(gate.url)).status !== 402) await setTimeout(100);

  const client = new OpenAI({ baseURL: `${gate.url}/v1`, apiKey: "none", fetch: paying, maxRetries: 0 });
  const free = new OpenAI({ baseURL: `${gate.url}/free/v1`, apiKey: "none", maxRetries: 0 });
  const [bought, given] = [[], []];
  const checks = [];
  const check = async (what, buy) => void checks.push(await compare(chain.rpc, what, buy));
  await check(`${CALLS} streams, read to their end`, async () => {
    for (let i = 0; i < CALLS; i++) bought.push(await complete(client, i === 0));
    return bought;
  });
  for (let i = 0; i < CALLS; i++) given.push(await complete(free, false));
  await check("a stream whose use the gate alone asks for", async () => [await completeUnasked(client, model)]);
  await check("a stream that the model's server breaks off", async () => [await breakOff(client, model)]);
  await check("a stream that its reader leaves half way", async () => [await leave(client, model)]);

  console.log(row("millionths of a dollar", "tokens", "price", "moved", "receipt"));
  for (const { line } of checks) console.log(line);
  const median = (times) => times.map(({ firstMs }) => firstMs).toSorted((a, b) => a - b)[Math.floor(CALLS / 2)];
  const [paid, unpriced] = [median(bought), median(given)];
  console.log(
    `first token after ${paid.toFixed(1)} ms, free after ${unpriced.toFixed(1)} ms: paying took ${(paid - unpriced).toFixed(1)} ms`,
  );
  return checks.every(({ isRight }) => isRight);
}

const unpaid = (url) =>
  fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "words", messages: [] }),
  });

const ask = (client, content, more) =>
  client.chat.completions
    .create({ model: "words", stream: true, messages: [{ role: "user", content }], ...more })
    .withResponse();

const INCLUDED = { stream_options: { include_usage: true } };

/** Where what became of its payment can be read; nothing of the free ones. */
const paymentOf = ({ headers }) => headers.get("faregate-payment");

/** @param isShown whether each token is printed as it comes */
async function complete(client, isShown, more = INCLUDED) {
  const began = performance.now();
  const { data, response } = await ask(client, TEXT, more);
  let firstMs = null;
  let usage = null;
  for await (const chunk of data) {
    const word = chunk.choices[0]?.delta.content ?? "";
    if (word !== "") firstMs ??= performance.now() - began;
    if (isShown) process.stdout.write(word);
    usage = chunk.usage ?? usage;
  }
  if (isShown) console.log("\n");
  return { firstMs, usage, delivery: "delivered", payment: paymentOf(response) };
}

async function completeUnasked(client, model) {
  const bought = await complete(client, false, {});
  const asked = JSON.parse(model.asked.at(-1));
  if (asked.stream_options?.include_usage !== true) throw new Error("the gate did not ask for the use of a stream");
  return bought;
}

/** The model says its first word, and the others when it is told to. */
const SLOW = { ...INCLUDED, model: "slow" };

/** Nobody hears what it used: it costs what `onMissingUsage` says of that. */
async function breakOff(client, model) {
  const { data, response } = await ask(client, "a fare gate break", SLOW);
  try {
    for await (const _ of data) model.goOn();
  } catch {
    return { usage: null, delivery: "truncated", payment: paymentOf(response) };
  }
  throw new Error("a stream that was broken off looks whole to its reader");
}

/** The gate reads on for its last event, which its reader never sees. */
async function leave(client, model) {
  const { data, response } = await ask(client, TEXT, SLOW);
  for await (const _ of data) data.controller.abort();
  await setTimeout(500);
  model.goOn();
  const words = TEXT.split(" ").length;
  const usage = { prompt_tokens: words, completion_tokens: words };
  return { usage, delivery: "delivered", payment: paymentOf(response) };
}

const priceOf = ({ usage }) =>
  usage === null ? microsOf(min) : Math.ceil(usage.prompt_tokens * ASKED + usage.completion_tokens * ANSWERED);

const sumOf = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

const row = (...[what, ...numbers]) => `${what.padEnd(45)}${numbers.map((text) => String(text).padStart(14)).join("")}`;

/** What was bought against what the chain moved for it and what its receipts say. */
async function compare(rpc, what, buy) {
  const before = await balanceOf(rpc, table.payTo);
  const bought = await buy();
  const receipts = await Promise.all(bought.map(receiptOf));
  // No more than that comes.
  await setTimeout(500);
  const moved = Number((await balanceOf(rpc, table.payTo)) - before);
  const price = sumOf(bought.map(priceOf));
  const told = sumOf(receipts.map(({ amount }) => Number(amount)));
  const isAsSaid = bought.every(
    ({ delivery }, i) => receipts[i].pay === "settled" && receipts[i].delivery === delivery,
  );
  const isRight = moved === price && told === price && isAsSaid;
  const tokens = (of) => sumOf(bought.map(({ usage }) => usage[of]));
  const used = bought[0].usage && `${tokens("prompt_tokens")} + ${tokens("completion_tokens")}`;
  const line = row(what, used ?? "not said", price, moved, told);
  const states = receipts.map(({ pay, delivery }) => `${pay} and ${delivery}`).join(", ");
  return { isRight, line: isRight ? line : `${line}  WRONG (${states})` };
}

/** A stream is settled behind its end. */
async function receiptOf({ payment }) {
  for (const untilMs = Date.now() + SETTLED_MS; ; await setTimeout(100)) {
    const known = await (await fetch(payment)).json();
    if (known.pay !== "owed" || Date.now() > untilMs) return known;
  }
}

try {
  if (!(await main())) {
    console.error("what moved, or a receipt, is not what the table says");
    process.exitCode = 1;
  }
} finally {
  for (const stop of stops) await stop();
}
