// What a route says for itself instead of the table: its upstream, its facilitator, its money.

import { describe, expect, inject, test } from "vitest";
import { domain, type Payment, signPayment, transactionOf } from "../support/payment.ts";
import { lineOfPath } from "../support/request-log.ts";
import { ask, chunked, decode, facilitatorCalls, fresh, pay, seen } from "../worker/client.ts";

const NETWORK = "eip155:84532";
const OTHER_DOLLAR = "0x808456652fdb597867f38412077A9182bf77359F";
const USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
const PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

const otherUpstream = () => `${inject("otherUpstream")}/other`;

const acceptsOf = async (path: string) => decode((await ask(path)).headers.get("payment-required")).accepts;

async function signOther(amount: string, changes = {}): Promise<Payment> {
  const ofOther = { ...domain, name: "Other Dollar", version: "1", verifyingContract: OTHER_DOLLAR };
  const payment = await signPayment(amount, changes, undefined, ofOther);
  const { to: payTo } = payment.payload.authorization;
  const extra = { name: "Other Dollar", version: "1" };
  return { ...payment, accepted: { ...payment.accepted, asset: OTHER_DOLLAR, payTo, extra } };
}

async function callsOf(payment: Payment, facilitator?: string) {
  const calls = await facilitatorCalls(payment, facilitator);
  return calls.map(({ endpoint, text }) => ({ endpoint, ...JSON.parse(text) }));
}

describe("a route on another upstream", () => {
  const seenByOther = (path: string) => seen(path, otherUpstream());

  test("is served by it, with the secrets of its own headers only", async () => {
    const path = fresh("/other/ok");
    const response = await pay(path, await signPayment("10000"), { headers: { "x-api-key": "mine" } });
    expect(response.status).toBe(200);
    expect(await seen(path)).toEqual([]);
    const [request, ...more] = await seenByOther(path);
    expect(more).toEqual([]);
    expect(request?.headers).toMatchObject({ "x-other-key": "key secret-of-the-other", "x-api-key": "mine" });
    expect(JSON.stringify(request)).not.toContain("secret-of-the-upstream");
  });

  test("leaves the table's upstream its own secrets", async () => {
    const path = fresh("/quotes/x/ok");
    expect((await pay(path, await signPayment("10000"))).status).toBe(200);
    const [request] = await seen(path);
    expect(request?.headers).toMatchObject({ "x-api-key": "key secret-of-the-upstream" });
    expect(JSON.stringify(request)).not.toContain("secret-of-the-other");
    expect(await seenByOther(path)).toEqual([]);
  });

  test("may be free", async () => {
    const path = fresh("/other/free/ok");
    expect((await ask(path)).status).toBe(200);
    expect(await seenByOther(path)).toHaveLength(1);
    expect(await seen(path)).toEqual([]);
  });
});

describe("a route on a service binding", () => {
  test.each([
    ["by the host that the client asked", "/tenants", "https://api.example.com", "https://api.example.com/tenants"],
    ["by that of another client", "/tenants", "https://shop.example.com", "https://shop.example.com/tenants"],
    ["by that without its port", "/tenants", "https://api.example.com:8443", "https://api.example.com/tenants"],
    ["by the name that the table gives it", "/named", "https://api.example.com", "https://backend.example.net/named"],
  ])("is asked %s", async (_, route, origin, address) => {
    const path = fresh(`${route}/x`);
    const response = await pay(origin + path, await signPayment("10000"));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ service: true, method: "GET", url: address + path });
  });
});

describe("a route with a facilitator of its own", () => {
  test("has its payments verified and settled there, and nowhere else", async () => {
    const payment = await signPayment("10000");
    expect((await pay(fresh("/elsewhere/ok"), payment)).status).toBe(200);
    expect((await callsOf(payment, inject("otherFacilitator"))).map(({ endpoint }) => endpoint)).toEqual([
      "/verify",
      "/settle",
    ]);
    expect(await callsOf(payment)).toEqual([]);
  });

  test("leaves the others to the table's", async () => {
    const payment = await signPayment("10000");
    expect((await pay(fresh("/quotes/x/ok"), payment)).status).toBe(200);
    expect((await callsOf(payment)).map(({ endpoint }) => endpoint)).toEqual(["/verify", "/settle"]);
    expect(await callsOf(payment, inject("otherFacilitator"))).toEqual([]);
  });

  test("asks that one again about a settlement that it left unanswered", async () => {
    const path = fresh("/elsewhere/ok?settle=lost");
    const payment = await signPayment("10000");
    expect((await pay(path, payment)).status).toBe(503);
    await expect.poll(async () => (await pay(path, payment)).status).toBe(409);
    const settles = (await callsOf(payment, inject("otherFacilitator"))).filter(
      ({ endpoint }) => endpoint === "/settle",
    );
    expect(settles).toHaveLength(2);
    expect(settles[1]).toEqual(settles[0]);
    expect(await callsOf(payment)).toEqual([]);
  });
});

describe("a route that takes two tokens of one network", () => {
  test("asks each in its own decimals", async () => {
    const common = { scheme: "exact", network: NETWORK, payTo: PAY_TO, maxTimeoutSeconds: 120 };
    expect(await acceptsOf("/two-tokens")).toEqual([
      { ...common, amount: "10000", asset: USDC, extra: { name: "USDC", version: "2" } },
      { ...common, amount: "1000000", asset: OTHER_DOLLAR, extra: { name: "Other Dollar", version: "1" } },
    ]);
  });

  test("asks v1 clients in the first, because their payments name none", async () => {
    const { accepts } = (await (await ask("/two-tokens")).json()) as { accepts: object[] };
    expect(accepts).toMatchObject([{ network: "base-sepolia", maxAmountRequired: "10000", asset: USDC }]);
  });

  test.each<[string, () => Promise<Payment>, string, string]>([
    ["first", () => signPayment("10000"), USDC, "10000"],
    ["second", () => signOther("1000000"), OTHER_DOLLAR, "1000000"],
  ])("is paid in the %s", async (name, sign, asset, amount) => {
    const path = `/two-tokens/${name}/ok`;
    const payment = await sign();
    const response = await pay(path, payment);
    expect(response.status).toBe(200);
    expect(decode(response.headers.get("payment-response"))).toEqual({
      success: true,
      transaction: transactionOf(payment.payload.authorization.nonce),
      network: NETWORK,
      payer: payment.payload.authorization.from,
    });
    for (const call of await callsOf(payment)) {
      expect(call).toMatchObject({
        paymentRequirements: { asset, amount },
        paymentPayload: { accepted: { asset, amount } },
      });
    }
    expect(lineOfPath(path)).toMatchObject({ outcome: "settled", network: NETWORK, asset, amount });
  });

  test.each<[string, () => Promise<Payment>, string]>([
    ["the second token at the first one's amount", () => signOther("10000"), "invalid_payment_requirements"],
    [
      "the second token, accepted, with the first one's signature",
      async () => ({ ...(await signOther("1000000")), payload: (await signPayment("1000000")).payload }),
      "invalid_exact_evm_payload_signature",
    ],
  ])("is not paid by %s", async (_, sign, error) => {
    const path = fresh("/two-tokens/ok");
    const payment = await sign();
    const response = await pay(path, payment);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ error });
    expect(await callsOf(payment)).toEqual([]);
    expect(await seen(path)).toEqual([]);
  });
});

describe("a route with money of its own", () => {
  test("asks atomic units, to whom and for how long its own entry says", async () => {
    expect(await acceptsOf("/atomic")).toEqual([
      {
        scheme: "exact",
        network: NETWORK,
        amount: "123",
        asset: OTHER_DOLLAR,
        payTo: "0x1111111111111111111111111111111111111111",
        maxTimeoutSeconds: 600,
        extra: { name: "Other Dollar", version: "1" },
      },
    ]);
  });

  test("pays its own payee", async () => {
    const to = "0x1111111111111111111111111111111111111111";
    const payment = await signOther("123", { to });
    expect((await pay(fresh("/atomic/ok"), payment)).status).toBe(200);
    for (const call of await callsOf(payment)) {
      expect(call).toMatchObject({
        paymentRequirements: { payTo: to, amount: "123" },
        paymentPayload: { payload: { authorization: { to, value: "123" } } },
      });
    }
  });

  test("is not paid by a payment to the table's payee", async () => {
    const payment = await signOther("123");
    const response = await pay(fresh("/atomic/ok"), payment);
    expect(response.status).toBe(402);
    expect(await callsOf(payment)).toEqual([]);
  });

  test("may change the payee alone", async () => {
    const to = "0x2222222222222222222222222222222222222222";
    expect(await acceptsOf("/payee")).toMatchObject([{ amount: "10000", asset: USDC, payTo: to }]);
    expect((await pay(fresh("/payee/ok"), await signPayment("10000"))).status).toBe(402);
    const payment = await signPayment("10000", { to });
    const accepted = { ...payment.accepted, payTo: to };
    expect((await pay(fresh("/payee/ok"), { ...payment, accepted })).status).toBe(200);
  });
});

describe("a route that sells other statuses than the table", () => {
  test("charges for those", async () => {
    const payment = await signPayment("10000");
    const response = await pay(fresh("/sold/missing"), payment);
    expect(response.status).toBe(404);
    expect(response.headers.has("payment-response")).toBe(true);
  });

  test("keeps what it does not sell", async () => {
    const payment = await signPayment("10000");
    const response = await pay(fresh("/sold/ok"), payment);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: "upstream_not_sellable" });
    expect((await callsOf(payment)).map(({ endpoint }) => endpoint)).toEqual(["/verify"]);
  });
});

describe("the table's limit of a body", () => {
  test.each<[string, string, () => BodyInit]>([
    ["a priced route that has none of its own", "/quotes/x/ok", () => "x".repeat(2001)],
    ["what no route names", "/free-for-all/ok", () => "x".repeat(2001)],
    ["what no route names, also where the length is not declared", "/free-for-all/ok", () => chunked("x".repeat(2001))],
  ])("holds for %s", async (_, route, body) => {
    const path = fresh(route);
    const response = await ask(path, { method: "POST", body: body() });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining("2000 bytes") });
    expect(await seen(path)).toEqual([]);
  });

  test("lets through what is as long as it", async () => {
    const path = fresh("/free-for-all/ok");
    expect((await ask(path, { method: "POST", body: "x".repeat(2000) })).status).toBe(200);
    expect(await seen(path)).toMatchObject([{ body: "x".repeat(2000) }]);
  });
});
