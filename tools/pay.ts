// `npm run pay -- URL`: one paid call with the stock client and the local stack's test wallet, told step by step.
// It exits with 0 only if it paid and was served, all of it.

import { setTimeout as sleep } from "node:timers/promises";
import { ExactEvmScheme } from "@x402/evm";
import { ExactEvmSchemeV1 } from "@x402/evm/exact/v1/client";
import { UptoEvmScheme } from "@x402/evm/upto/client";
import { type Network, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";
import { parseHeaders, parseOptions, parseUrl, runCommand, UsageError } from "./command-line.ts";
import { readReady } from "./local-file.ts";
import {
  formatChallenge,
  formatPayload,
  formatV1Challenge,
  paymentUrlOf,
  readPayment,
  readReceipt,
  type Told,
} from "./pay-report.ts";
import type { Ready } from "./stack/index.ts";

const usage = 'npm run pay -- URL [--method M] [--body TEXT] [--header "Name: value"]... [--key K] [--v1]';

/** The local chain, as v1 calls it. */
const V1_NETWORK = "base-sepolia";

/** As long as a settlement behind a stream may take. */
const SETTLED_MS = 30_000;

const optionTypes = {
  method: { type: "string" },
  body: { type: "string" },
  header: { type: "string", multiple: true },
  key: { type: "string" },
  v1: { type: "boolean" },
} as const;

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions({ options: optionTypes }, process.argv.slice(2));
  const [text, ...rest] = positionals;
  if (text === undefined || rest.length > 0) throw new UsageError("Name one URL to pay for.");
  const url = parseUrl("URL", text);
  const ready = readReady();
  if (ready === undefined)
    throw new Error("There is no wallet to pay with yet: start the local stack first (npm start).");
  const headers = parseHeaders(values.header ?? [], values.body);
  if (values.key !== undefined) headers.set("Idempotency-Key", values.key);
  const method = values.method ?? (values.body === undefined ? "GET" : "POST");
  // A redirect is shown, not followed: a payment is for the URL that was named.
  const init: RequestInit = { method, headers, redirect: "manual" };
  return pay(ready, url, values.body === undefined ? init : { ...init, body: values.body }, values.v1 ?? false);
});

async function pay(ready: Ready, url: string, init: RequestInit, isV1: boolean): Promise<number> {
  const account = privateKeyToAccount(ready.buyer.privateKey as `0x${string}`);
  const network = ready.network as Network;
  const client = new x402Client()
    .register(network, new ExactEvmScheme(account))
    .register(network, new UptoEvmScheme(account));
  client.registerV1(V1_NETWORK, new ExactEvmSchemeV1(account));
  // The stock client refuses more than a dollar, to protect real money. This wallet holds none.
  client.setSpendControls(false);
  const told = { payment: false };
  console.log(`${init.method} ${url}\n`);
  const telling = tellingFetch(told, isV1 ? tellV1Challenge : tellChallenge);
  const response = await wrapFetchWithPayment(isV1 ? withoutV2(telling) : telling, client)(url, init);
  console.log(`Answer: ${response.status} ${response.headers.get("content-type") ?? ""}\n`);
  const isWhole = await printBody(response);
  if (!isWhole) console.log("\n\nThe answer broke off.");
  const receipt = (await followPayment(response.headers)) ?? readReceipt(response.headers, told.payment);
  console.log(`\n${!told.payment && response.ok ? "This URL is free. " : ""}${receipt.words}`);
  return isWhole && response.ok && receipt.paid ? 0 : 1;
}

/** Null where the answer names no place to look at, or nothing is known there in time. */
async function followPayment(headers: Headers): Promise<Told | null> {
  const url = paymentUrlOf(headers);
  if (url === null) return null;
  for (const untilMs = Date.now() + SETTLED_MS; Date.now() < untilMs; ) {
    const known = readPayment(await (await fetch(url)).json());
    if (known !== null) return known;
    await sleep(200);
  }
  return null;
}

/** What a client of v1 sees of an answer: it looks for its challenge in the body alone. */
function withoutV2(fetcher: typeof fetch): typeof fetch {
  return async (...call) => {
    const response = await fetcher(...call);
    const headers = new Headers(response.headers);
    headers.delete("payment-required");
    return new Response(response.body, { status: response.status, headers });
  };
}

/** fetch, which tells what passes in both directions. */
function tellingFetch(told: { payment: boolean }, tellOf: (response: Response) => Promise<void>): typeof fetch {
  return async (...call) => {
    const request = new Request(...call);
    const name = request.headers.has("x-payment") ? "X-PAYMENT" : "PAYMENT-SIGNATURE";
    const payment = request.headers.get(name);
    if (payment !== null) console.log(`Payment (${name}):\n${formatPayload(payment)}\n`);
    told.payment ||= payment !== null;
    const response = await fetch(request).catch((error) => {
      const { code, message } = error.cause ?? error;
      throw new Error(
        `Nothing answers at ${request.url} (${code ?? message}). Is the local stack running (npm start)?`,
      );
    });
    if (response.status === 402) await tellOf(response);
    return response;
  };
}

async function tellChallenge({ status, headers }: Response): Promise<void> {
  const challenge = headers.get("payment-required");
  if (challenge !== null) console.log(`Challenge: ${status} (PAYMENT-REQUIRED):\n${formatChallenge(challenge)}\n`);
}

async function tellV1Challenge(response: Response): Promise<void> {
  const body = await response.clone().text();
  console.log(`Challenge: ${response.status} (body):\n${formatV1Challenge(body)}\n`);
}

/** As it comes: a stream is seen while it still runs. @returns whether it came to its end */
async function printBody({ body }: Response): Promise<boolean> {
  try {
    for await (const chunk of body ?? []) process.stdout.write(chunk);
    return true;
  } catch {
    // It was paid for all the same, and what came of that is still to be told.
    return false;
  }
}
