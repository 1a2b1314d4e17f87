// A small API of the kind that Faregate is put in front of. It knows nothing of payments, and nothing here may learn.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type Listener, listen } from "./listen.ts";
import { answerQuestion } from "./model.ts";

const quotes: Record<string, string> = { BTC: "97210.55", ETH: "3412.20", SOL: "188.04" };
const slowMs = 2_000;
const slowMsMax = 120_000;
const streamEvents = 5;
const streamGapMs = 300;
const echoBytesMax = 16_384;

interface Target {
  /** As it came over the wire: this API resolves no dots and decodes nothing. */
  path: string;
  query: URLSearchParams;
}
type Answer = (request: IncomingMessage, response: ServerResponse, target: Target) => Promise<void> | void;

/** Starts it on this port, or on any free one. */
export function startSampleApi(options: { port?: number | undefined } = {}): Promise<Listener> {
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  return listen(server, options.port ?? 0);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = "/", query] = (request.url ?? "/").split(/\?(.*)/s);
  await findAnswer(request.method ?? "GET", path)(request, response, { path, query: new URLSearchParams(query) });
}

function findAnswer(method: string, path: string): Answer {
  if (path === "/v1/echo" || path.startsWith("/v1/echo/")) return echo;
  if (method === "POST" && path === "/v1/chat/completions") return completion;
  if (method !== "GET" && method !== "HEAD") return notFound;
  if (path.startsWith("/v1/quotes/")) return quote;
  const answers: Record<string, Answer> = {
    "/health": health,
    "/v1/slow": slow,
    "/v1/stream": stream,
    "/v1/fail": fail,
  };
  return answers[path] ?? notFound;
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}

const health: Answer = (_request, response) => sendJson(response, 200, { status: "ok" });

const fail: Answer = (_request, response) => sendJson(response, 500, { error: "the database is on fire" });

const notFound: Answer = (_request, response, { path }) => sendJson(response, 404, { error: "not found", path });

const quote: Answer = (request, response, target) => {
  const symbol = target.path.slice("/v1/quotes/".length).toUpperCase();
  const price = quotes[symbol];
  if (price === undefined) return notFound(request, response, target);
  sendJson(response, 200, { symbol, price, currency: "USD", asOf: new Date().toISOString() });
};

const slow: Answer = async (_request, response, { query }) => {
  const asked = Number(query.get("ms") ?? slowMs);
  const ms = Number.isFinite(asked) ? Math.min(Math.max(asked, 0), slowMsMax) : slowMs;
  await sleep(ms);
  sendJson(response, 200, { sleptMs: ms });
};

const stream: Answer = async (_request, response) => {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  for (let number = 1; number <= streamEvents; number++) {
    if (number > 1) await sleep(streamGapMs);
    if (response.destroyed) return;
    response.write(`id: ${number}\ndata: ${JSON.stringify({ tick: number, of: streamEvents })}\n\n`);
  }
  response.end();
};

const completion: Answer = async (request, response) =>
  answerQuestion(await text(request), response, () => sleep(slowMs));

const echo: Answer = async (request, response) => {
  const chunks: Buffer[] = [];
  let bodyBytes = 0;
  for await (const chunk of request) {
    bodyBytes += chunk.length;
    if (bodyBytes <= echoBytesMax) chunks.push(chunk);
  }
  const body = bodyBytes <= echoBytesMax ? { body: Buffer.concat(chunks).toString("utf8") } : {};
  sendJson(response, 200, { method: request.method, url: request.url, headers: request.headers, bodyBytes, ...body });
};
