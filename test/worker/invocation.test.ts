// The runtime here lets an invocation run on when its client is gone; Cloudflare ends it, but for what `waitUntil`
// holds. So what is held is looked at by itself, around the real parts.

import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/index.ts";
import { buildFacilitator } from "../../src/facilitator/index.ts";
import { type Gate, handle } from "../../src/gateway/index.ts";
import type { Ledger } from "../../src/index.ts";
import { buildBooks, buildSpentPayments } from "../../src/ledger/index.ts";
import { buildUpstream } from "../../src/upstream/index.ts";
import { encodePayment, signPayment } from "../support/payment.ts";
import { calledEndpoints, fresh, ORIGIN, seen } from "./client.ts";
import pricing from "./pricing.ts";

const { LEDGER, SPENT } = env as unknown as { LEDGER: DurableObjectNamespace<Ledger>; SPENT: KVNamespace };

function gateThatHolds(held: Promise<unknown>[]): Gate {
  const config = parseConfig(pricing);
  if (!config.ok) throw new Error("the fixture's table is wrong");
  return {
    config: config.value,
    books: buildBooks(LEDGER),
    spent: buildSpentPayments(SPENT, new Map()),
    facilitator: buildFacilitator(config.value.facilitator),
    upstream: buildUpstream({ timeoutMs: 1000, headers: [], fetcher: globalThis }),
    nowMs: Date.now,
    newId: () => crypto.randomUUID(),
    waitUntil: (promise) => void held.push(promise),
    logPayment: () => undefined,
  };
}

test("from the claim on everything is held, so that a client that leaves stops nothing", async () => {
  const held: Promise<unknown>[] = [];
  const path = fresh("/paid/slow");
  const payment = await signPayment("10000");
  const headers = { "payment-signature": encodePayment(payment) };
  const outcome = handle(gateThatHolds(held), new Request(ORIGIN + path, { headers }));
  await expect.poll(() => seen(path)).toHaveLength(1);
  expect(await calledEndpoints(payment)).toEqual(["/verify"]);
  expect(held).toHaveLength(1);
  expect(await held[0]).toBe(await outcome);
  expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
});

test("the records behind an answer are held too", async () => {
  const held: Promise<unknown>[] = [];
  const payment = await signPayment("10000");
  const headers = { "payment-signature": encodePayment(payment) };
  const answer = await handle(gateThatHolds(held), new Request(ORIGIN + fresh("/paid/ok"), { headers }));
  expect(answer.kind).toBe("sold");
  // The attempt itself, the record in the ledger, and the note in KV.
  expect(held).toHaveLength(3);
  await Promise.all(held);
});
