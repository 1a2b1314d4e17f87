// The runtime here lets an invocation run on when its client is gone; Cloudflare ends it, but for what `waitUntil`
// holds. So what is held is looked at by itself, around the real parts.

import { expect, test } from "vitest";
import { handle } from "../../src/gateway/index.ts";
import { buildUpstream } from "../../src/upstream/index.ts";
import { encodePayment, signPayment } from "../support/payment.ts";
import { calledEndpoints, chunked, fresh, ORIGIN, seen } from "./client.ts";
import { configOf, gateOf, requestOf } from "./gate.ts";
import pricing from "./pricing.ts";

const config = configOf(pricing);
const gateThatHolds = (promises: Promise<unknown>[], fetcher: Pick<Fetcher, "fetch"> = globalThis) =>
  gateOf(
    config,
    { promises, over: async () => undefined },
    { upstream: (settings) => buildUpstream({ ...settings, headers: [], signer: null, fetcher }) },
  );

test("from the claim on everything is held, so that a client that leaves stops nothing", async () => {
  const held: Promise<unknown>[] = [];
  const path = fresh("/paid/slow");
  const payment = await signPayment("10000");
  const outcome = handle(gateThatHolds(held), requestOf(path, payment), "request-id");
  await expect.poll(() => seen(path)).toHaveLength(1);
  expect(await calledEndpoints(payment)).toEqual(["/verify"]);
  expect(held).toHaveLength(1);
  expect(await held[0]).toBe(await outcome);
  expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
});

test("a body that breaks off on its way is never taken for a whole one, and nobody pays for it", async () => {
  const path = fresh("/small/ok");
  const payment = await signPayment("10000");
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode("half"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      controller.error(new Error("the client is gone"));
    },
  });
  const headers = { "payment-signature": encodePayment(payment) };
  const request = new Request(ORIGIN + path, { method: "POST", headers, body });
  const outcome = await handle(gateThatHolds([]), request, "request-id");
  expect(outcome).toMatchObject({ kind: "refused", problem: { reason: "body_incomplete" } });
  expect(await seen(path)).toEqual([]);
  expect(await calledEndpoints(payment)).toEqual(["/verify"]);
});

test("the records behind an answer are held too", async () => {
  const held: Promise<unknown>[] = [];
  const payment = await signPayment("10000");
  const answer = await handle(gateThatHolds(held), requestOf(fresh("/paid/ok"), payment), "request-id");
  expect(answer.kind).toBe("sold");
  // The attempt itself, the record in the ledger, and the note in KV.
  expect(held).toHaveLength(3);
  await Promise.all(held);
});

test("an answer to a body that was cut off at its limit is not for sale, whatever took it for the whole", async () => {
  // Behind a service binding, where a request that is broken off may be answered all the same.
  const credulous = {
    fetch: async (_: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      await new Response(init?.body ?? null).text().catch(() => undefined);
      return new Response("an answer");
    },
  };
  const held: Promise<unknown>[] = [];
  const payment = await signPayment("10000");
  const headers = { "payment-signature": encodePayment(payment) };
  const body = chunked("x".repeat(8), "x".repeat(8));
  const request = new Request(`${ORIGIN}/small/ok`, { method: "POST", headers, body });
  const outcome = await handle(gateThatHolds(held, credulous as unknown as Fetcher), request, "request-id");
  expect(outcome).toMatchObject({ kind: "refused", problem: { reason: "body_too_large", bytesMax: 10 } });
  await Promise.all(held);
  expect(await calledEndpoints(payment)).toEqual(["/verify"]);
});
