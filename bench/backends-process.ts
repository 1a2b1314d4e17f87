// The upstream, the facilitator and KV. The facilitator is instant: it checks no signature and asks no chain, but it knows
// what it settled before, as a chain does, and what is forged it is told by the nonce. KV speaks workerd's protocol: a
// path for each key, values in memory with their lifetimes.

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ANSWER_BYTES,
  type BackendsAnswer,
  type BackendsQuestion,
  FORGED_NONCE,
  NO_DELAYS,
  type Observed,
} from "./backends.ts";
import { answerParent } from "./child.ts";
import { nowMs } from "./clock.ts";

const NOTHING: Observed = { upstream: 0, verify: 0, settle: 0, kv: 0, facilitatorMs: 0 };
const seen = { ...NOTHING };
let delays = NO_DELAYS;

const frame = JSON.stringify({ symbol: "ACME", note: "" }).length;
const usual = Buffer.from(JSON.stringify({ symbol: "ACME", note: "x".repeat(ANSWER_BYTES - frame) }));
const usualHead = { "content-type": "application/json", "content-length": ANSWER_BYTES };

const PIECE = Buffer.alloc(64 * 1024, "x");
const EVENTS = 10;
const EVENT_PAUSE_MS = 10;

/** Also answers with so many bytes as it is asked for (`?of=N`), with events (`/stream`), and takes bodies of any length. */
async function upstream(request: IncomingMessage, response: ServerResponse): Promise<void> {
  seen.upstream += 1;
  const { url = "" } = request;
  if (request.method !== "GET") for await (const _ of request);
  const bytes = /[?]of=(\d+)$/.exec(url)?.[1];
  if (bytes !== undefined) return sendBytes(response, Number(bytes));
  if (url.startsWith("/stream")) return sendEvents(response);
  response.writeHead(200, usualHead).end(usual);
}

async function sendBytes(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": bytes });
  for (let left = bytes; left > 0; left -= PIECE.length) {
    const hasRoom = response.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE);
    if (!hasRoom) await new Promise((resolve) => response.once("drain", resolve));
  }
  response.end();
}

/** Each event says when it was sent. */
async function sendEvents(response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let sent = 0; sent < EVENTS; sent += 1) {
    if (sent > 0) await sleep(EVENT_PAUSE_MS);
    response.write(`data: ${nowMs()}\n\n`);
  }
  response.end();
}

/** Nonces by the name of the Worker that had them settled. */
const spent = new Map<string, Set<string>>();

async function facilitator(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, name = "", step] = request.url?.split("/") ?? [];
  if (step === "supported") return reply(response, { kinds: KINDS, extensions: [], signers: {} });
  const arrivedMs = nowMs();
  response.once("finish", () => {
    seen.facilitatorMs += nowMs() - arrivedMs;
  });
  const { paymentPayload } = JSON.parse((await read(request)).toString());
  const { from: payer, nonce } = paymentPayload.payload.authorization;
  const used = spent.get(name) ?? new Set();
  spent.set(name, used);
  const objection = nonce.startsWith(FORGED_NONCE)
    ? "invalid_exact_evm_payload_signature"
    : used.has(nonce)
      ? "invalid_exact_evm_nonce_already_used"
      : null;
  if (step === "verify") {
    seen.verify += 1;
    if (delays.verify > 0) await sleep(delays.verify);
    return reply(response, objection ? { isValid: false, invalidReason: objection, payer } : { isValid: true, payer });
  }
  seen.settle += 1;
  if (delays.settle > 0) await sleep(delays.settle);
  const network = KINDS[0]?.network;
  if (objection) return reply(response, { success: false, errorReason: objection, transaction: "", network, payer });
  used.add(nonce);
  return reply(response, { success: true, transaction: nonce, network, payer });
}

const KINDS = [{ x402Version: 2, scheme: "exact", network: "eip155:84532" }];

function reply(response: ServerResponse, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(200, { "content-type": "application/json", "content-length": text.length }).end(text);
}

interface Kept {
  readonly value: Buffer;
  readonly untilMs: number;
}

const kept = new Map<string, Kept>();

async function kv(request: IncomingMessage, response: ServerResponse): Promise<void> {
  seen.kv += 1;
  if (delays.kv > 0) await sleep(delays.kv);
  const { pathname, searchParams } = new URL(request.url ?? "", "http://kv");
  const key = decodeURIComponent(pathname.slice(1));
  if (request.method === "PUT") {
    const lifetime = searchParams.get("expiration_ttl");
    const untilMs = lifetime === null ? Number.POSITIVE_INFINITY : Date.now() + Number(lifetime) * 1000;
    kept.set(key, { value: await read(request), untilMs });
    response.writeHead(204).end();
    return;
  }
  if (request.method === "DELETE") kept.delete(key);
  const found = request.method === "GET" ? kept.get(key) : undefined;
  if (found && found.untilMs > Date.now()) response.writeHead(200).end(found.value);
  else response.writeHead(request.method === "GET" ? 404 : 204).end();
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer({ keepAliveTimeout: 0, maxHeaderSize: 256 * 1024 }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const ports = Promise.all([listen(upstream), listen(facilitator), listen(kv)]);

answerParent<BackendsQuestion, BackendsAnswer>(async (question) => {
  if (question.kind === "delay") delays = question.delays;
  const [upstream, facilitator, kv] = await ports;
  return { ports: { upstream, facilitator, kv }, observed: takeObserved() };
});

function takeObserved(): Observed {
  const taken = { ...seen };
  Object.assign(seen, NOTHING);
  return taken;
}
