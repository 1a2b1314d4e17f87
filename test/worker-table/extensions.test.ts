import { describe, expect, test } from "vitest";
import { type Payment, signPayment } from "../support/payment.ts";
import { ask, decode, facilitatorCalls, fresh, pay, seen } from "../worker/client.ts";

const bazaar = {
  info: { input: { type: "http", method: "GET", queryParams: { q: "x" } }, tags: ["a", "b"] },
  schema: { type: "object" },
};
const ADVERTISED = { bazaar, plain: { on: true } };

/** The extensions that the facilitator is told of, in each of its calls. */
async function toldOf(payment: Payment): Promise<readonly unknown[]> {
  const calls = await facilitatorCalls(payment);
  return calls.map(({ text }) => JSON.parse(text).paymentPayload.extensions);
}

test("the challenge carries what the route advertises, and that of another route does not", async () => {
  const challenge = async (path: string) => decode((await ask(path)).headers.get("payment-required"));
  expect(await challenge("/extended")).toMatchObject({ x402Version: 2, extensions: ADVERTISED });
  const { extensions } = await challenge("/quotes");
  expect(Object.keys(extensions as object)).toEqual(["payment-identifier"]);
});

test("v1 clients are told nothing of it, because v1 has no such thing", async () => {
  expect(await (await ask("/extended")).json()).not.toHaveProperty("extensions");
});

describe("a payment is taken, and the facilitator is told of our own words,", () => {
  const added = { ...bazaar, info: { ...bazaar.info, output: { type: "json" } }, mine: 1 };

  test.each<[string, object, object | undefined]>([
    ["when it echoes everything", ADVERTISED, ADVERTISED],
    ["when it echoes one of two", { bazaar }, { bazaar }],
    ["when it leaves the schema behind", { bazaar: { info: bazaar.info } }, { bazaar }],
    ["when it adds members to what it echoes", { bazaar: added }, { bazaar }],
    ["when it brings one of its own beside", { bazaar, "x-mine": { secret: 1 } }, { bazaar }],
    ["when it brings one of its own alone", { "x-mine": { secret: 1 } }, undefined],
    ["when it echoes nothing", {}, undefined],
  ])("%s", async (_, extensions, told) => {
    const payment = { ...(await signPayment("10000")), extensions };
    expect((await pay(fresh("/extended/ok"), payment)).status).toBe(200);
    expect(await toldOf(payment)).toEqual([told, told]);
  });

  test.each([null, undefined])("when it says %s of extensions", async (extensions) => {
    const payment = { ...(await signPayment("10000")), extensions };
    expect((await pay(fresh("/extended/ok"), payment)).status).toBe(200);
    expect(await toldOf(payment)).toEqual([undefined, undefined]);
  });

  test("when it brings one to a route that advertises none", async () => {
    const payment = { ...(await signPayment("10000")), extensions: { bazaar: { info: "anything" } } };
    expect((await pay(fresh("/quotes/x/ok"), payment)).status).toBe(200);
    expect(await toldOf(payment)).toEqual([undefined, undefined]);
  });
});

describe("a payment that echoes something else is 402 with a fresh challenge, and nobody is asked", () => {
  test.each<[string, object]>([
    ["a value that was changed", { bazaar: { ...bazaar, info: { ...bazaar.info, tags: ["a", "c"] } } }],
    ["a list that was cut", { bazaar: { ...bazaar, info: { ...bazaar.info, tags: ["a"] } } }],
    ["a member that was taken away", { bazaar: { ...bazaar, info: { input: bazaar.info.input } } }],
    ["an info that was left out", { bazaar: { schema: bazaar.schema } }],
    ["an extension that was emptied", { bazaar: {} }],
    ["an extension that was nulled", { bazaar: null }],
    ["one of two", { bazaar, plain: { on: false } }],
  ])("%s", async (_, extensions) => {
    const path = fresh("/extended/ok");
    const payment = { ...(await signPayment("10000")), extensions };
    const response = await pay(path, payment);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ error: "extension_echo_mismatch" });
    expect(decode(response.headers.get("payment-required"))).toMatchObject({
      error: "extension_echo_mismatch",
      extensions: ADVERTISED,
    });
    expect(await facilitatorCalls(payment)).toEqual([]);
    expect(await seen(path)).toEqual([]);
  });
});
