// A facilitator that does what the paid URL's query says (`?verify=hang`, `?settle=drop`; with commas for one payment
// after the other, `?verify=valid,html`, the last of them for all that follow), and remembers each call:
// `GET /__calls?nonce=0x…` lists them; of Solana it is the message's hash. Below `/other` it pays the gas there with another
// account, below `/mute` it does not say what it supports. It moves no money; where money counts, the reference facilitator
// is used.

import type { IncomingMessage, ServerResponse } from "node:http";
import { NETWORK, transactionOf } from "./payment.ts";
import { FACILITATOR, nonceOf } from "./permit2-payment.ts";
import { readText, startServer, type TestServer } from "./server.ts";
import { DEVNET, FEE_PAYER, hashOf, OTHER_FEE_PAYER, payerOf, transactionNameOf } from "./solana-payment.ts";

export interface FacilitatorCall {
  readonly endpoint: "/verify" | "/settle";
  readonly text: string;
}

interface Asked {
  readonly payer: string;
  readonly network: string;
  readonly nonce: string;
  readonly url: string;
  /** How many calls of this endpoint this nonce has seen, this one included. */
  readonly times: number;
}

type Behaviour = (asked: Asked, request: IncomingMessage, response: ServerResponse, argument: string) => void;

const reply = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};

/** What a network between us can do, whatever was asked. */
const broken: { readonly [name: string]: Behaviour } = {
  hang: () => undefined,
  drop: (_, request) => request.socket.destroy(),
  html: (_, __, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>hello</h1>"),
  redirect: (_, __, response) => void response.writeHead(307, { location: "/elsewhere" }).end(),
  endless: (_, __, response) =>
    void response.end(JSON.stringify({ isValid: true, success: true, x: "x".repeat(70_000) })),
  empty: (_, __, response) => void response.writeHead(200).end(),
  headers: (_, __, response) =>
    void response.writeHead(200, { "x-large": "x".repeat(1_000_000) }).end('{"isValid":true,"success":true}'),
};

const verify: { readonly [name: string]: Behaviour } = {
  ...broken,
  valid: ({ payer }, _, response) => reply(response, 200, { isValid: true, payer }),
  slow: ({ payer }, _, response) => void setTimeout(() => reply(response, 200, { isValid: true, payer }), 300),
  invalid: (_, __, response, invalidReason) => reply(response, 200, { isValid: false, invalidReason }),
  invalid400: (_, __, response, invalidReason) => reply(response, 400, { isValid: false, invalidReason }),
  // An error of its own first, then its word.
  once: ({ payer, times }, _, response) =>
    times === 1 ? reply(response, 500, { error: "later" }) : reply(response, 200, { isValid: true, payer }),
  valid500: (_, __, response) => reply(response, 500, { isValid: true }),
  stranger: (_, __, response) => reply(response, 200, { isValid: true, payer: `0x${"11".repeat(20)}` }),
  shapeless: (_, __, response) => reply(response, 200, { isValid: "yes" }),
};

const settled = ({ payer, network, nonce }: Asked) => ({
  success: true,
  payer,
  network,
  transaction: nameOf(nonce),
});

/** Of a transaction: what goes by a hash on EVM networks goes by its signature on Solana. */
const nameOf = (nonce: string): string => (nonce.startsWith("0x") ? transactionOf(nonce) : transactionNameOf(nonce));

const pending = ({ network, nonce }: Asked) => ({
  success: false,
  errorReason: "settlement_pending",
  transaction: nameOf(nonce),
  network,
});

const settle: { readonly [name: string]: Behaviour } = {
  ...broken,
  settled: (asked, _, response) => reply(response, 200, settled(asked)),
  slow: (asked, _, response) => void setTimeout(() => reply(response, 200, settled(asked)), 300),
  rejected: ({ network }, _, response, errorReason) =>
    reply(response, 200, { success: false, errorReason, transaction: "", network }),
  broadcast: ({ network, nonce }, _, response, errorReason) =>
    reply(response, 200, { success: false, errorReason, transaction: nameOf(nonce), network }),
  // The same one for whoever asks.
  repeated: (asked, _, response) => reply(response, 200, { ...settled(asked), transaction: `0x${"ab".repeat(32)}` }),
  // Sent to the chain and not mined yet, so many times; then what it came to.
  pending: (asked, _, response, argument) =>
    asked.times <= Number(argument) ? reply(response, 200, pending(asked)) : reply(response, 200, settled(asked)),
  pendingthendrop: (asked, request, response) =>
    asked.times === 1 ? reply(response, 200, pending(asked)) : request.socket.destroy(),
  pendingthenrejected: (asked, _, response) =>
    reply(
      response,
      200,
      asked.times === 1 ? pending(asked) : { ...pending(asked), errorReason: "insufficient_funds", transaction: "" },
    ),
  settled500: (asked, _, response) => reply(response, 500, settled(asked)),
  settled400: (asked, _, response) => reply(response, 400, settled(asked)),
  stranger: (asked, _, response) => reply(response, 200, { ...settled(asked), payer: `0x${"11".repeat(20)}` }),
  elsewhere: (asked, _, response) => reply(response, 200, { ...settled(asked), network: "eip155:1" }),
  shapeless: (asked, _, response) => reply(response, 200, { ...settled(asked), success: "yes" }),
  hashless: (asked, _, response) => reply(response, 200, { ...settled(asked), transaction: "0x12" }),
  // Settles, loses the answer, and knows of it when it is asked again.
  lost: (asked, request, response) =>
    asked.times === 1 ? request.socket.destroy() : reply(response, 200, settled(asked)),
  lostthenslow: (asked, request, response) =>
    asked.times === 1 ? request.socket.destroy() : void setTimeout(() => reply(response, 200, settled(asked)), 300),
  lostthenrejected: ({ network, times }, request, response) =>
    times === 1
      ? request.socket.destroy()
      : reply(response, 200, { success: false, errorReason: "insufficient_funds", transaction: "", network }),
};

/** Who pays, and what tells a payment apart from his others. */
function partiesOf({ authorization, permit2Authorization, transaction }: Paying): Parties {
  if (authorization) return authorization;
  if (permit2Authorization) return { ...permit2Authorization, nonce: nonceOf(permit2Authorization) };
  return { from: payerOf(transaction ?? ""), nonce: hashOf(transaction ?? "") };
}

interface Parties {
  readonly from: string;
  readonly nonce: string;
}

interface Paying {
  readonly authorization?: Parties;
  readonly permit2Authorization?: Parties;
  readonly transaction?: string;
}

function tellSupported(place: string, request: IncomingMessage, response: ServerResponse): void {
  if (place === "/mute") return void request.socket.destroy();
  const feePayer = place === "/other" ? OTHER_FEE_PAYER : FEE_PAYER;
  const kinds = [
    { x402Version: 2, scheme: "exact", network: DEVNET, extra: { feePayer } },
    { x402Version: 2, scheme: "upto", network: NETWORK, extra: { facilitatorAddress: FACILITATOR } },
  ];
  reply(response, 200, { kinds, extensions: [], signers: { "solana:*": [feePayer] } });
}

export async function startFakeFacilitator(): Promise<TestServer> {
  const calls = new Map<string, FacilitatorCall[]>();
  /** By URL, in the order in which they came. */
  const nonces = new Map<string, readonly string[]>();
  return startServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    if (pathname === "/__calls") return reply(response, 200, calls.get(searchParams.get("nonce") ?? "") ?? []);
    const [, place = "", name] = /^(\/other|\/mute)?(\/\w+)$/.exec(pathname) ?? [];
    if (name === "/supported") return tellSupported(place, request, response);
    const endpoint = name as FacilitatorCall["endpoint"];
    const text = await readText(request);
    const { paymentPayload, paymentRequirements } = JSON.parse(text);
    const { from: payer, nonce } = partiesOf(paymentPayload.payload);
    const earlier = calls.get(nonce) ?? [];
    calls.set(nonce, [...earlier, { endpoint, text }]);
    const times = 1 + earlier.filter((call) => call.endpoint === endpoint).length;
    const { url } = paymentPayload.resource;
    const asked = { payer, nonce, url, times, network: paymentRequirements.network };
    const known = nonces.get(url) ?? [];
    const those = known.includes(nonce) ? known : [...known, nonce];
    nonces.set(url, those);
    const told = (new URL(url).searchParams.get(endpoint.slice(1)) ?? "").split(",");
    const [behaviourName, argument = ""] = (told[those.indexOf(nonce)] ?? (told.at(-1) as string)).split(":");
    const table = endpoint === "/verify" ? verify : settle;
    const behaviour = table[behaviourName || (endpoint === "/verify" ? "valid" : "settled")];
    if (!behaviour) throw new Error(`no such behaviour: ${behaviourName}`);
    return behaviour(asked, request, response, argument);
  });
}
