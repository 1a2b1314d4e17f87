// A client that breaks its connection off: on a free route its upstream is left at once, and a payment goes on.

import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFakeFacilitator } from "../support/fake-facilitator.ts";
import { encodePayment, PAY_TO, signPayment } from "../support/payment.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { type Gates, startGates } from "./gates.ts";

const SOON_MS = 1000;

let origin: TestServer;
let facilitator: TestServer;
let gates: Gates;
const events: string[] = [];
beforeAll(async () => {
  facilitator = await startFakeFacilitator();
  origin = await startServer((request, response) => {
    const path = request.url ?? "";
    events.push(`${path} began`);
    response.on("close", () => events.push(`${path} ${response.writableFinished ? "served" : "left"}`));
    request.on("error", () => undefined).resume();
    if (path.endsWith("/stalled") || path.endsWith("/streaming")) response.writeHead(200).write("first");
    if (path.endsWith("/streaming")) {
      const more = setInterval(() => response.write("more"), 50);
      response.on("close", () => clearInterval(more));
    }
    if (path.endsWith("/slow")) setTimeout(() => response.end("goods"), 500);
  });
  const table = { upstream: origin.url, payTo: PAY_TO, accepts: ["base-sepolia"], facilitators: [facilitator.url] };
  gates = await startGates([{ ...table, routes: { "/free/*": "free", "/paid": "$0.01" } }]);
});
afterAll(async () => {
  for (const part of [gates, origin, facilitator]) await part?.stop();
});

/** Sends that much of a request, and leaves once the origin has begun with it. */
async function leave(path: string, head: string): Promise<void> {
  const { hostname, port } = new URL(gates.urls[0] ?? "");
  const socket = connect(Number(port), hostname, () =>
    socket.write(head.replace("\r\n", "\r\nHost: api.example.com\r\n")),
  );
  socket.on("error", () => undefined);
  await expect.poll(() => events).toContain(`${path} began`);
  // What the origin has sent is on its way by then.
  await sleep(100);
  socket.resetAndDestroy();
}

test.each([
  ["while it is still thinking", "GET", "/free/silent", ""],
  ["while its answer has come to a halt", "GET", "/free/stalled", ""],
  ["while its answer streams", "GET", "/free/streaming", ""],
  ["while it waits for more of the body", "POST", "/free/silent/half", "Content-Length: 10\r\n\r\nhalf"],
])("the origin of a free route is left within a second, %s", async (_, method, path, rest) => {
  await leave(path, `${method} ${path} HTTP/1.1\r\n${rest || "\r\n"}`);
  await expect.poll(() => events, { timeout: SOON_MS }).toContain(`${path} left`);
});

test("a paid attempt is served to nobody and settled all the same", async () => {
  const payment = await signPayment("10000");
  await leave("/paid/slow", `GET /paid/slow HTTP/1.1\r\nPAYMENT-SIGNATURE: ${encodePayment(payment)}\r\n\r\n`);
  const { nonce } = payment.payload.authorization;
  const called = async (): Promise<string[]> => {
    const calls: { endpoint: string }[] = await (await fetch(`${facilitator.url}/__calls?nonce=${nonce}`)).json();
    return calls.map(({ endpoint }) => endpoint);
  };
  await expect.poll(called).toEqual(["/verify", "/settle"]);
  expect(events).toContain("/paid/slow served");
  expect(events).not.toContain("/paid/slow left");
});
