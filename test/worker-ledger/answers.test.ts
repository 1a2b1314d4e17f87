// Which answers are kept for repeats, and which are not.

import { describe, expect, test } from "vitest";
import { newAccount, signPayment } from "../support/payment.ts";
import { fresh, seen } from "../worker/client.ts";
import { answerOf, configOf, gateOf, newHeld, requestOf } from "../worker/gate.ts";
import pricing from "../worker/pricing-ledger.ts";
import { idempotent, newKey, payAs } from "./client.ts";

/** What a repeat with its key is told once the first call is over. */
async function repeatOf(name: string): Promise<{ first: Response; repeat: Response; path: string }> {
  const account = newAccount();
  const key = idempotent(newKey());
  const path = fresh(name);
  const first = await payAs(path, await signPayment("10000", {}, account), key);
  const copy = first.clone();
  await first.arrayBuffer();
  const second = await signPayment("10000", {}, account);
  let repeat = await payAs(path, second, key);
  for (let i = 0; i < 40 && (await repeat.clone().text()).includes("payment_in_flight"); i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    repeat = await payAs(path, second, key);
  }
  return { first: copy, repeat, path };
}

describe("a repeat with its key", () => {
  test("gets an answer without a body as it was", async () => {
    const { first, repeat, path } = await repeatOf("/after/status/204");
    expect(first.status).toBe(204);
    expect(repeat.status).toBe(204);
    expect(repeat.headers.get("x-upstream")).toBe("yes");
    expect(await seen(path)).toHaveLength(1);
  });

  test("gets a compressed answer as it was", async () => {
    const { first, repeat, path } = await repeatOf("/after/gzip/ok");
    expect(repeat.status).toBe(200);
    expect(repeat.headers.get("content-encoding")).toBe(first.headers.get("content-encoding"));
    expect(await repeat.text()).toBe(await first.text());
    expect(await seen(path)).toHaveLength(1);
  });

  test("gets no streamed answer a second time: that is told as settled, and nothing is charged", async () => {
    const { first, repeat, path } = await repeatOf("/after/stream/ok");
    expect(first.status).toBe(200);
    expect(repeat.status).toBe(409);
    expect(await repeat.json()).toMatchObject({ error: "payment_settled" });
    expect(repeat.headers.has("payment-required")).toBe(false);
    expect(await seen(path)).toHaveLength(1);
  });

  test("gets an answer that is too long to be read whole no second time either", async () => {
    const { repeat, path } = await repeatOf("/after/sized/1001");
    expect(repeat.status).toBe(409);
    expect(await seen(path)).toHaveLength(1);
  });
});

test.each([
  ["one of a mebibyte is kept", 1_048_576, 200],
  ["one that is longer by a byte is not", 1_048_577, 409],
])("of answers that were read whole %s", async (_, length, status) => {
  const held = newHeld();
  const gate = gateOf(configOf({ ...pricing, bufferBytesMax: 4_000_000 }), held);
  const account = newAccount();
  const key = idempotent(newKey());
  const path = fresh(`/after/sized/${length}`);
  const first = await answerOf(gate, requestOf(path, await signPayment("10000", {}, account), key));
  expect(first.status).toBe(200);
  expect((await first.arrayBuffer()).byteLength).toBe(length);
  await held.over();
  const repeat = await answerOf(gate, requestOf(path, await signPayment("10000", {}, account), key));
  expect(repeat.status).toBe(status);
  if (status === 200) expect((await repeat.arrayBuffer()).byteLength).toBe(length);
  expect(await seen(path)).toHaveLength(1);
});
