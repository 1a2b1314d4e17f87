// WebSockets through the production bundle, against none in between: an origin that says what reached it, and clients that
// look at every frame.

import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { connect as connectTo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";
import { cellsOf } from "../support/held-tests.ts";
import { PAY_TO } from "../support/payment.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { type Gates, startGates } from "./gates.ts";

const written = readFileSync(join(import.meta.dirname, "../../docs/transparency.md"), "utf8");
const listed = (kind: "request" | "handshake"): string[] =>
  cellsOf(written, `| ${kind} header | here it is | why |`).map(([name = ""]) => name.replaceAll("`", ""));

const MEBIBYTE = 1024 * 1024;

let origin: TestServer;
let gates: Gates;
const arrived: IncomingMessage[] = [];
const plain: string[] = [];
const opened: WebSocket[] = [];

beforeAll(async () => {
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered].at(-1) ?? false });
  sockets.on("headers", (lines) => lines.push("X-From-Origin: yes", "Set-Cookie: a=1", "PAYMENT-RESPONSE: theirs"));
  sockets.on("connection", (socket) => {
    opened.push(socket);
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  origin = await startServer(
    ({ url = "" }, response) => {
      plain.push(url);
      response.end("plain");
    },
    (request, socket, head) => {
      arrived.push(request);
      if (request.url === "/refused") {
        socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nX-Why: so\r\n\r\nnot so");
        return;
      }
      sockets.handleUpgrade(request, socket, head, (one) => sockets.emit("connection", one, request));
    },
  );
  const table = { payTo: PAY_TO, accepts: ["base-sepolia"], facilitators: ["http://127.0.0.1:1"] };
  gates = await startGates([{ ...table, upstream: origin.url, routes: { "/*": "free", "/closed": "closed" } }]);
});
afterAll(async () => {
  await gates?.stop();
  await origin?.stop();
});

const urlOf = (path: string, base = gates.urls[0] ?? ""): string => `${base.replace("http", "ws")}${path}`;

const clients: WebSocket[] = [];
afterAll(() => {
  for (const client of clients) client.terminate();
});

function connect(path: string, options: ClientOptions = {}, protocols: string[] = [], base?: string): WebSocket {
  const client = new WebSocket(urlOf(path, base), protocols, options);
  clients.push(client);
  return client;
}

const once = <T>(from: WebSocket, event: string): Promise<T> =>
  new Promise((resolve, reject) => {
    from.once(event, (...values: unknown[]) => resolve((values.length > 1 ? values : values[0]) as T));
    if (event !== "error") from.once("error", reject);
  });

/** A client, and the origin's end of it. */
async function pair(path = "/socket", options: ClientOptions = {}): Promise<readonly [WebSocket, WebSocket]> {
  const client = connect(path, options);
  await once(client, "open");
  return [client, opened.at(-1) ?? expect.fail("the origin has none")];
}

describe("a WebSocket of a free route", () => {
  test("carries text and bytes both ways, in order", async () => {
    const [client] = await pair();
    const heard: [unknown, boolean][] = [];
    client.on("message", (data, isBinary) => heard.push([isBinary ? [...(data as Buffer)] : String(data), isBinary]));
    for (const text of ["", "one", "zwei ✓"]) client.send(text);
    client.send(Uint8Array.from([0, 255, 128]));
    await expect
      .poll(() => heard)
      .toEqual([
        ["", false],
        ["one", false],
        ["zwei ✓", false],
        [[0, 255, 128], true],
      ]);
  });

  test.each([true, false])("carries a message of a mebibyte (compressed: %s)", async (perMessageDeflate) => {
    const [client] = await pair("/socket", { perMessageDeflate });
    const sent = Buffer.from(Uint8Array.from({ length: MEBIBYTE - 64 }, (_, i) => (i * 31) % 251));
    client.send(sent);
    const [data] = await once<[Buffer, boolean]>(client, "message");
    expect(sent.equals(data)).toBe(true);
  });

  test("is asked for with the protocols that the client knows, and answered with the one that the origin picks", async () => {
    const client = connect("/socket", {}, ["chat.v1", "chat.v2"]);
    await once(client, "open");
    expect(client.protocol).toBe("chat.v2");
  });

  test.each([
    ["the client", 4001, "enough"],
    ["the origin", 1000, "done"],
  ])("ends with the code and reason of %s", async (who, code, reason) => {
    const [client, other] = await pair();
    const [closing, hearing] = who === "the client" ? [client, other] : [other, client];
    const closed = once<[number, Buffer]>(hearing, "close");
    closing.close(code, reason);
    const [heardCode, heardReason] = await closed;
    expect([heardCode, String(heardReason)]).toEqual([code, reason]);
  });

  test.each(["the client", "the origin"])("ends at the other end too when %s is gone", async (who) => {
    const [client, other] = await pair();
    const [leaving, hearing] = who === "the client" ? [client, other] : [other, client];
    const closed = once(hearing, "close");
    leaving.terminate();
    await closed;
  });

  test("that the origin refuses is refused in the origin's words", async () => {
    const client = connect("/refused");
    const answered = new Promise<IncomingMessage>((resolve) =>
      client.on("unexpected-response", (_, response) => resolve(response)),
    );
    client.on("error", () => undefined);
    const response = await answered;
    expect(response.statusCode).toBe(403);
    expect(response.headers["x-why"]).toBe("so");
    expect(await response.setEncoding("utf8").toArray()).toEqual(["not so"]);
  });

  test("that the origin refuses leaves no way to it behind the handshake", async () => {
    const head = (to: string, lines: readonly string[]): string =>
      `GET ${to} HTTP/1.1\r\nHost: api.example.com\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
    const handshake = [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Key: x",
      "Sec-WebSocket-Version: 777",
    ];
    const behind = head("/closed?behind", ["Connection: close"]);
    const { hostname, port } = new URL(gates.urls[0] ?? "");
    await new Promise((resolve) => {
      const socket = connectTo(Number(port), hostname).on("close", resolve).resume();
      socket.end(head("/refused", handshake) + behind);
    });
    expect(arrived.filter(({ url }) => url?.includes("behind"))).toEqual([]);
    expect(plain).toEqual([]);
  });

  test("of a closed path is none", async () => {
    const client = connect("/closed");
    const [, response] = await once<[unknown, IncomingMessage]>(client, "unexpected-response");
    expect(response.statusCode).toBe(404);
    expect(arrived.filter(({ url }) => url === "/closed")).toEqual([]);
  });
});

describe("a handshake that crosses the gate", () => {
  const headers = { cookie: "a=1", origin: "https://app.example.com", authorization: "Bearer x", "x-own": "yes" };
  const removed = { "payment-signature": "x", "x-forwarded-for": "1.2.3.4", "faregate-payer": "0x1" };

  const arrivedWith = async (path: string, base: string): Promise<Record<string, unknown>> => {
    const client = connect(path, { headers: { ...headers, ...removed } }, ["chat"], base);
    await once(client, "open");
    return { ...arrived.find(({ url }) => url === path)?.headers };
  };

  test("differs from a direct one by what is written down, and by no more", async () => {
    const direct = await arrivedWith("/direct?x=1", origin.url);
    const passed = await arrivedWith("/passed?x=1", gates.urls[0] ?? "");
    expect(passed).toMatchObject({ ...headers, upgrade: "websocket", "sec-websocket-protocol": "chat" });
    const names = new Set([...Object.keys(direct), ...Object.keys(passed)]);
    const differing = [...names].filter((name) => direct[name] !== passed[name]);
    const own = listed("handshake");
    expect(differing).toEqual(expect.arrayContaining(own));
    const known = [...listed("request"), ...own].map((name) => new RegExp(`^${name.replace("*", ".*")}$`));
    expect(differing.filter((name) => !known.some((pattern) => pattern.test(name)))).toEqual([]);
  });

  test("is answered with the origin's headers, but for those that are the gate's", async () => {
    const client = connect("/headers");
    const [response] = await Promise.all([once<IncomingMessage>(client, "upgrade"), once(client, "open")]);
    expect(response.headers["x-from-origin"]).toBe("yes");
    expect(response.headers["set-cookie"]).toEqual(["a=1"]);
    expect(response.headers["payment-response"]).toBeUndefined();
  });
});
