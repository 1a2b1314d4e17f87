// A client that leaves stops nothing that has begun: Cloudflare ends an invocation but for what `waitUntil` holds, so
// what is held is looked at.

import { describe, expect, test } from "vitest";
import { handle } from "../../src/gateway/index.ts";
import { type Payment, signPayment } from "../support/payment.ts";
import { calledEndpoints, fresh, seen } from "../worker/client.ts";
import { configOf, gateOf, newHeld, openLedger, requestOf } from "../worker/gate.ts";
import pricing from "../worker/pricing-ledger.ts";
import { upfront } from "./client.ts";

const config = configOf(pricing);

const entryOf = async ({ accepted, payload }: Payment) => {
  const { from, nonce } = payload.authorization;
  const id = `${accepted["network"]}|${accepted["asset"]}|${from}|${nonce}`.toLowerCase();
  return (await openLedger(`eip155:84532|${from.toLowerCase()}`).entry(id)) as {
    pay: string;
    delivery: string;
  } | null;
};

describe("a client that leaves", () => {
  test("while its payment is settled first: it is served and on record all the same", async () => {
    const held = newHeld();
    const payment = upfront(await signPayment("10000"));
    const path = fresh("/before/ok?settle=slow");
    const outcome = handle(gateOf(config, held), requestOf(path, payment), "request-id");
    await expect.poll(() => calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    expect(held.promises).toHaveLength(1);
    await held.over();
    expect(await held.promises[0]).toBe(await outcome);
    expect(await seen(path)).toHaveLength(1);
    expect(await entryOf(payment)).toMatchObject({ pay: "settled", delivery: "delivered" });
  });

  test("with its answer in hand, before it was settled: settling goes on, and the record", async () => {
    const held = newHeld();
    const payment = await signPayment("10000");
    const path = fresh("/async/ok?settle=slow");
    const outcome = await handle(gateOf(config, held), requestOf(path, payment), "request-id");
    expect(outcome.kind).toBe("served");
    await held.over();
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    expect(await entryOf(payment)).toMatchObject({ pay: "settled", delivery: "delivered" });
  });

  test("in the middle of a stream that was settled first: what is left is the buyer's still", async () => {
    const held = newHeld();
    const payment = upfront(await signPayment("10000"));
    const outcome = await handle(gateOf(config, held), requestOf(fresh("/before/stream/ok"), payment), "request-id");
    if (outcome.kind !== "sold" || !(outcome.answer.body instanceof ReadableStream)) return expect.fail(outcome.kind);
    const reader = outcome.answer.body.getReader();
    await reader.read();
    await reader.cancel();
    await held.over();
    expect(await entryOf(payment)).toMatchObject({ pay: "settled", delivery: "truncated" });
  });

  test("in the middle of a stream that is owed: it is settled all the same", async () => {
    const held = newHeld();
    const payment = await signPayment("10000");
    const outcome = await handle(gateOf(config, held), requestOf(fresh("/async/stream/ok"), payment), "request-id");
    if (outcome.kind !== "served" || !(outcome.answer.body instanceof ReadableStream)) return expect.fail(outcome.kind);
    const reader = outcome.answer.body.getReader();
    await reader.read();
    await reader.cancel();
    await held.over();
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    expect(await entryOf(payment)).toMatchObject({ pay: "settled", delivery: "truncated" });
  });
});
