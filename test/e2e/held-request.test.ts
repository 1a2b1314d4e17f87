import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buyer } from "../../tools/stack/chain.ts";
import { encodePayment, signPayment, unixNow } from "../support/payment.ts";
import { sendRaw } from "../support/raw-http.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** Sends a paid POST of five bytes, the last three of them `pauseMs` later, or never. */
function sendHeld(path: string, payment: string, pauseMs: number | null): Promise<string> {
  const { hostname, port } = new URL(world.gate);
  const head = `POST ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\nContent-Length: 5\r\nPAYMENT-SIGNATURE: ${payment}\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(`${head}he`));
    if (pauseMs !== null) setTimeout(() => socket.write("llo"), pauseMs);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

test("a body that is held back until the payment can no longer settle buys nothing", async () => {
  // The budgets of verify, upstream and settle take 20 seconds: 22 are enough at first, and not after three.
  const payment = await signPayment("10000", { validBefore: String(unixNow() + 22) }, buyer);
  const answer = await sendHeld("/paid/held", encodePayment(payment), 3500);
  expect(answer).toMatch(/^HTTP\/1\.1 402 /);
  expect(answer).toContain("invalid_exact_evm_payload_authorization_valid_before");
  expect(await world.seen("/paid/held")).toEqual([]);
});

test("a body that never comes is given up, and nothing is claimed", async () => {
  const payment = await signPayment("10000", {}, buyer);
  const answer = await sendHeld("/paid/never", encodePayment(payment), null);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain("body_incomplete");
  const paid = await fetch(`${world.gate}/paid/ok`, { headers: { "payment-signature": encodePayment(payment) } });
  expect(paid.status).toBe(200);
});

test("TRACE, which would show the upstream's secret, passes nowhere", async () => {
  const head = "TRACE /free/trace HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";
  expect((await sendRaw(world.gate, head)).status).toBe(405);
  expect(await world.seen("/free/trace")).toEqual([]);
});
