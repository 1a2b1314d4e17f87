// An API that does what its path says, and remembers what reached it whole: `GET /__seen?path=/x` lists the requests
// whose raw URL begins so, `POST /__release?path=/x` answers those that are held, and `POST /__verify` tells of a signed
// request who signed it.

import { type IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { answerConditionally } from "./conditional-answer.ts";
import { readText, startServer, type TestServer } from "./server.ts";
import { verifySigned } from "./signed-request.ts";

/** Beside a Worker an import would be resolved for browsers, which have no server. */
const { WebSocketServer }: typeof import("ws") = createRequire(import.meta.url)("ws");

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Behaviour = (request: IncomingMessage, response: ServerResponse, rest: string, body: string) => void;

const json = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": text.length, ...headers });
  response.end(text);
};

const failedOnce = new Set<string>();

/** What is to be answered once its path is released. */
const held = new Map<string, () => void>();

const behaviours: { readonly [name: string]: Behaviour } = {
  ok: (_, response) => json(response, 200, { goods: true }, { "cache-control": "public, s-maxage=60", age: "7" }),
  status: (_, response, rest) => {
    response.writeHead(Number.parseInt(rest, 10), { location: "/goods", "x-upstream": "yes" });
    response.end(rest.startsWith("204") ? undefined : "x".repeat(100_000));
  },
  // A cent for each unit that the call's query says.
  quote: (_, response, __, body) => {
    const { query } = JSON.parse(body) as { query: string };
    json(response, 200, { price: `$0.0${new URLSearchParams(query).get("units")}` });
  },
  payments: (_, response) =>
    json(response, 200, {}, { "payment-required": "theirs", "payment-response": "theirs", "x-kept": "yes" }),
  challenge: (_, response) => json(response, 402, {}, { "payment-required": "theirs" }),
  letters: answerConditionally,
  missing: (_, response) => json(response, 404, { error: "no such thing" }),
  // Fails with the status that it names, and is well the next time the same URL is asked.
  once: ({ url = "" }, response, rest) => {
    if (failedOnce.has(url)) return json(response, 200, { goods: true });
    failedOnce.add(url);
    json(response, Number(rest), { error: "not this time" });
  },
  hang: () => undefined,
  // Two seconds are beyond the fixture's deadline of one.
  late: (_, response) => void setTimeout(() => json(response, 200, { goods: true }), 2000),
  slow: (_, response) => void setTimeout(() => json(response, 200, { goods: true }), 400),
  held: ({ url = "" }, response) => void held.set(url, () => json(response, 200, { goods: true })),
  drop: (request) => request.socket.destroy(),
  short: (request, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("too short");
    setTimeout(() => request.socket.destroy(), 20);
  },
  // Heads that Node would not write.
  twice: ({ socket }) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\ngoods"),
  coded: ({ socket }) =>
    void socket.end(
      "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ngoods\r\n0\r\n\r\n",
    ),
  beyond: ({ socket }) => void socket.end("HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n"),
  gzip: (_, response, rest) => {
    const body = rest === "broken" ? Buffer.from("not gzip at all") : gzipSync("goods");
    response.writeHead(200, { "content-encoding": "gzip", "content-length": body.length });
    response.end(body);
  },
  stream: (request, response, rest) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: first\n\n");
    setTimeout(() => (rest === "broken" ? request.socket.destroy() : response.end("data: last\n\n")), 300);
  },
  // Its body has as many letters as the path says.
  sized: (_, response, rest) => {
    response.writeHead(200, { "content-length": Number(rest) });
    response.end("x".repeat(Number(rest)));
  },
  large: (_, response) => {
    response.writeHead(200, { "content-length": 400_000 });
    response.end("x".repeat(400_000));
  },
};

export async function startFakeUpstream(): Promise<TestServer> {
  const seen: Seen[] = [];
  const webSockets = new WebSocketServer({ noServer: true });
  webSockets.on("connection", (webSocket) => {
    webSocket.on("message", (data, isBinary) => webSocket.send(data, { binary: isBinary }));
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = request.url ?? "";
    const path = () => new URLSearchParams(url.slice(url.indexOf("?"))).get("path") ?? "";
    if (url.startsWith("/__seen?")) {
      return json(
        response,
        200,
        seen.filter((one) => one.url.startsWith(path())),
      );
    }
    if (url.startsWith("/__release?")) {
      held.get(path())?.();
      return json(response, 200, held.delete(path()));
    }
    const body = await readText(request).catch(() => null);
    if (url === "/__verify") return json(response, 200, verifySigned(JSON.parse(body ?? "")));
    // Whose body breaks off was never asked whole.
    if (body === null) return;
    seen.push({ method: request.method ?? "", url, headers: request.headers, body });
    const [name = "", rest = ""] = url.split("?")[0]?.split("/").filter(Boolean).slice(-2) ?? [];
    const [behaviour, argument] = behaviours[name] ? [behaviours[name], rest] : [behaviours[rest], ""];
    return behaviour
      ? behaviour(request, response, argument, body)
      : json(response, 200, { method: request.method, url });
  };
  // Echoes at `/echo`; at `/echo/later` it refuses a URL once before. Everywhere else it knows no other protocol.
  return startServer(answer, (request, socket, head) => {
    const { method = "", url = "", headers } = request;
    const isLater = url.includes("/echo/later");
    const isEcho = isLater ? failedOnce.has(url) : url.includes("/echo");
    if (isEcho) {
      seen.push({ method, url, headers, body: "" });
      return webSockets.handleUpgrade(request, socket, head, (opened) => webSockets.emit("connection", opened));
    }
    failedOnce.add(url);
    const response = new ServerResponse(request);
    response.assignSocket(socket as Socket);
    response.on("finish", () => socket.end());
    if (!isLater) return void answer(request, response);
    seen.push({ method, url, headers, body: "" });
    return json(response, 503, { error: "not this time" });
  });
}
