// `npm run pay -- URL`: one paid call with the stock client and the local stack's test wallet, told step by step.
// It exits with 0 only if it paid and was served.

import { ExactEvmScheme } from "@x402/evm";
import { type Network, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";
import { parseOptions, parseUrl, runCommand, UsageError } from "./command-line.ts";
import { readReady } from "./local-file.ts";
import { formatChallenge, formatPayload, readReceipt } from "./pay-report.ts";
import type { Ready } from "./stack/index.ts";

const usage = 'npm run pay -- URL [--method M] [--body TEXT] [--header "Name: value"]... [--key K]';

const optionTypes = {
  method: { type: "string" },
  body: { type: "string" },
  header: { type: "string", multiple: true },
  key: { type: "string" },
  v1: { type: "boolean" },
} as const;

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions({ options: optionTypes }, process.argv.slice(2));
  if (values.v1) {
    console.error("--v1 is not available yet: the gate speaks x402 version 2 only.");
    return 2;
  }
  const [text, ...rest] = positionals;
  if (text === undefined || rest.length > 0) throw new UsageError("Name one URL to pay for.");
  const url = parseUrl("URL", text);
  const ready = readReady();
  if (ready === undefined)
    throw new Error("There is no wallet to pay with yet: start the local stack first (npm start).");
  const headers = parseHeaders(values.header ?? [], values.key);
  const method = values.method ?? (values.body === undefined ? "GET" : "POST");
  // A redirect is shown, not followed: a payment is for the URL that was named.
  const init: RequestInit = { method, headers, redirect: "manual" };
  return pay(ready, url, values.body === undefined ? init : { ...init, body: values.body });
});

async function pay(ready: Ready, url: string, init: RequestInit): Promise<number> {
  const account = privateKeyToAccount(ready.buyer.privateKey as `0x${string}`);
  const client = new x402Client().register(ready.network as Network, new ExactEvmScheme(account));
  // The stock client refuses more than a dollar, to protect real money. This wallet holds none.
  client.setSpendControls(false);
  const told = { payment: false };
  console.log(`${init.method} ${url}\n`);
  const response = await wrapFetchWithPayment(tellingFetch(told), client)(url, init);
  console.log(`Answer: ${response.status} ${response.headers.get("content-type") ?? ""}\n`);
  await printBody(response);
  const receipt = readReceipt(response.headers, told.payment);
  console.log(`\n${!told.payment && response.ok ? "This URL is free. " : ""}${receipt.words}`);
  return response.ok && receipt.paid ? 0 : 1;
}

/** fetch, which tells what passes in both directions. */
function tellingFetch(told: { payment: boolean }): typeof fetch {
  return async (...call) => {
    const request = new Request(...call);
    const payment = request.headers.get("payment-signature");
    if (payment !== null) console.log(`Payment (PAYMENT-SIGNATURE):\n${formatPayload(payment)}\n`);
    told.payment ||= payment !== null;
    const response = await fetch(request).catch((error) => {
      const { code, message } = error.cause ?? error;
      throw new Error(
        `Nothing answers at ${request.url} (${code ?? message}). Is the local stack running (npm start)?`,
      );
    });
    const challenge = response.headers.get("payment-required");
    if (challenge !== null)
      console.log(`Challenge: ${response.status} (PAYMENT-REQUIRED):\n${formatChallenge(challenge)}\n`);
    return response;
  };
}

/** As it comes: a stream is seen while it still runs. */
async function printBody(response: Response): Promise<void> {
  if (response.body === null) return;
  for await (const chunk of response.body) process.stdout.write(chunk);
}

function parseHeaders(lines: string[], key: string | undefined): Headers {
  const headers = new Headers(key === undefined ? {} : { "Idempotency-Key": key });
  for (const line of lines) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new UsageError(`--header is "Name: value", not "${line}".`);
    headers.append(name, value);
  }
  return headers;
}
