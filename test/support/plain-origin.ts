// An API that answers the same request always with the same bytes, so that two ways to it can be compared; and one that
// says what reached it. It knows nothing of gates.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { TestServer } from "./server.ts";

export interface Echo {
  readonly method: string;
  readonly url: string;
  /** Name and value in turns, as they came. */
  readonly rawHeaders: readonly string[];
  /** Latin-1. */
  readonly body: string;
  readonly trailers: readonly string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** At the end of a URL: an answer that says nothing of its connection, as Cloudflare hands answers over. */
export const SILENT = "?silent";

const DATE = "Wed, 25 Nov 2026 10:00:00 GMT";
const TEXT = "0123456789";

const answers: { readonly [name: string]: Answer } = {
  echo: ({ method, url, rawHeaders, rawTrailers }, response, body) => {
    const echo = { method, url, rawHeaders, body: body.toString("latin1"), trailers: rawTrailers };
    response.writeHead(200, { "content-type": "application/json" }).end(Buffer.from(JSON.stringify(echo), "latin1"));
  },
  status: ({ url = "" }, response) => {
    const status = Number(/\/status\/(\d+)/.exec(url)?.[1]);
    response.writeHead(status, "In Its Own Words", { location: "/elsewhere?x=1#y", etag: '"1"', "x-status": status });
    response.end([204, 304].includes(status) ? undefined : `this is ${status}`);
  },
  // Points at itself by the address that it was asked at, below its prefix.
  pointing: ({ headers, url = "" }, response) => {
    const self = `http://${headers.host}/base`;
    response.writeHead(Number(url.split("/").at(-1)), {
      location: `${self}/there?x=1#y`,
      "content-location": `${self}/here`,
    });
    response.end();
  },
  beside: ({ headers }, response) =>
    void response.writeHead(302, { location: `http://${headers.host}/elsewhere` }).end(),
  ours: (_, response) => void response.setHeader("set-cookie", ["faregate_pass=1; Path=/", "theirs=1"]).end(),
  empty: (_, response) => void response.writeHead(200, { "content-length": 0 }).end(),
  byte: (_, response) => void response.writeHead(200, { "content-length": 1 }).end("\u0000"),
  mebibyte: (_, response) => void response.writeHead(200, { "content-length": 1024 * 1024 }).end(pattern(1024 * 1024)),
  chunked: (_, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    for (let i = 0; i < 20; i++) response.write(pattern(i * 100));
    response.end();
  },
  gzip: (_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("zipped once")),
  notgzip: (_, response) => void response.writeHead(200, { "content-encoding": "br" }).end("no brotli at all"),
  events: (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.write(": hello\n\nid: 1\ndata: a\n\n");
    setTimeout(() => response.end("event: end\r\ndata: b\r\n\r\n"), 50);
  },
  headers: (_, response) => void response.writeHead(200, [...MANY]).end("many"),
  removed: (_, response, body) => {
    for (const name of JSON.parse(body.toString())) response.setHeader(name, "from-the-upstream");
    response.end();
  },
  tagged: ({ headers }, response) => {
    const isSame = headers["if-none-match"] === '"v1"';
    response.writeHead(isSame ? 304 : 200, { etag: '"v1"', "cache-control": "public, max-age=60", vary: "accept" });
    response.end(isSame ? undefined : TEXT);
  },
  ranged: ({ headers }, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    if (from === undefined || to === undefined)
      return void response.writeHead(200, { "accept-ranges": "bytes" }).end(TEXT);
    const part = TEXT.slice(Number(from), Number(to) + 1);
    response.writeHead(206, { "content-range": `bytes ${from}-${to}/${TEXT.length}`, "content-length": part.length });
    response.end(part);
  },
  shared: ({ method, headers }, response) => {
    response.writeHead(method === "OPTIONS" ? 204 : 200, {
      "access-control-allow-origin": headers.origin ?? "null",
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "X-Theirs",
      "access-control-allow-methods": "PUT",
      vary: "Origin",
    });
    response.end();
  },
  trailers: (_, response) => {
    response.writeHead(200, { trailer: "X-Sum" }).write("summed");
    response.addTrailers({ "X-Sum": "1" });
    response.end();
  },
  early: (_, response) => response.writeEarlyHints({ link: "</a.css>; rel=preload" }, () => response.end("late")),
};

/** Names and values in turns. */
const MANY: readonly string[] = [
  ...["Set-Cookie", "a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "Set-Cookie", "b=2; Path=/", "Set-Cookie", "a=3"],
  ...["Cache-Control", "public", "Cache-Control", "s-maxage=9", "CDN-Cache-Control", "max-age=7", "Age", "3"],
  ...["Expires", "Thu, 01 Jan 2099 00:00:00 GMT", "Pragma", "x", "Surrogate-Control", "max-age=1"],
  ...["Vary", "Accept", "Vary", "Accept-Language", "Server", "origin/1", "X-Powered-By", "patience"],
  ...[
    "Link",
    "</a>; rel=next",
    "Link",
    "</b>; rel=prev",
    "WWW-Authenticate",
    "Basic",
    "WWW-Authenticate",
    "Digest a=b",
  ],
  ...["X_Under_Score", "1", "X-Odd!#$%&'*+.^_`|~", "2", "x", "3", "X-Empty", "", "X-Spaces", "a  b\tc"],
  ...["Retry-After", "5", "Content-Disposition", 'attachment; filename="a,b.txt"', "Content-Language", "de"],
  ...["Last-Modified", DATE, "Strict-Transport-Security", "max-age=1", "Content-Security-Policy", "default-src 'none'"],
  ...["X-Utf-8", Buffer.from("cafés").toString("latin1"), "Alt-Svc", "clear", "Content-Type", "Text/Plain;Charset=x"],
  ...["Date", DATE, "Via", "1.1 theirs", "Refresh", "5; url=/x", "X-Long", "y".repeat(4000), "Allow", "GET, PUT"],
  ...Array.from({ length: 40 }, (_, i) => [`X-Many-${i}`, `${i}`]).flat(),
];

/** Bytes of every value. */
const pattern = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31) % 251));

export async function startPlainOrigin(): Promise<TestServer> {
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("error", () => undefined);
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      // The clock would differ between two requests.
      response.sendDate = false;
      response.setHeader("date", DATE);
      if (request.url?.endsWith(SILENT)) response.removeHeader("connection");
      const name = /^\/[^/]+\/([a-z]+)/.exec(request.url ?? "")?.[1] ?? "";
      answers[name]?.(request, response, Buffer.concat(chunks));
    });
  };
  const server = createServer(serve).on("checkExpectation", serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, stop };
}
