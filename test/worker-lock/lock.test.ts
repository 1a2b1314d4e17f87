import { describe, expect, inject, test } from "vitest";
import type { Seen } from "../support/fake-upstream.ts";
import { type Payment, signPayment } from "../support/payment.ts";
import type { Verdict } from "../support/signed-request.ts";
import { PUBLIC_KEYS } from "../support/signing-keys.ts";
import { ask, eventually, fresh, pay, seen } from "../worker/client.ts";
import { redeemWith, upfront } from "../worker-ledger/client.ts";

const REQUEST = ["@method", "@authority", "@path", "@query"];
const PAYMENT = ["faregate-payer", "faregate-amount", "faregate-asset", "faregate-network", "faregate-payment-id"];

/** What reached the upstream, which has to be one request. */
async function arrived(path: string, upstream = "base"): Promise<Seen> {
  const [request = expect.fail(), ...others] = await seen(path, `${inject("upstream")}/${upstream}`);
  expect(others).toEqual([]);
  return request;
}

/** The upstream's own judgement. */
async function judged(request: Seen): Promise<Verdict> {
  const response = await fetch(`${inject("upstream")}/__verify`, { method: "POST", body: JSON.stringify(request) });
  return response.json();
}

const idOf = ({ payload: { authorization } }: Payment): string =>
  ["eip155:84532", "0x036CbD53842c5426634e7929541eC2318f3dCF7e", authorization.from, authorization.nonce]
    .join("|")
    .toLowerCase();

describe("an API that asks for signatures", () => {
  test("sees that a paid request came through the gate, and for which payment", async () => {
    const path = fresh("/paid/ok?q=a%20b");
    const payment = await signPayment("10000");
    expect((await pay(path, payment)).status).toBe(200);
    const request = await arrived(path);
    const { keyId, components, createdSeconds } = await judged(request);
    expect(keyId).toBe("new");
    expect(components).toEqual([...REQUEST, ...PAYMENT]);
    expect(Math.abs(createdSeconds - Date.now() / 1000)).toBeLessThan(10);
    expect(request.headers).toMatchObject({
      "faregate-payer": payment.payload.authorization.from,
      "faregate-amount": "10000",
      "faregate-asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
      "faregate-network": "eip155:84532",
      "faregate-payment-id": idOf(payment),
    });
  });

  test("is told the transaction of a payment that was settled first", async () => {
    const path = fresh("/before/ok");
    expect((await pay(path, upfront(await signPayment("10000")))).status).toBe(200);
    const request = await arrived(path);
    expect(await judged(request)).toMatchObject({
      keyId: "new",
      components: [...REQUEST, ...PAYMENT, "faregate-transaction"],
    });
    expect(request.headers["faregate-transaction"]).toMatch(/^0x/);
  });

  test("is told no transaction of a payment that is settled behind the answer", async () => {
    const path = fresh("/async/ok");
    expect((await pay(path, await signPayment("10000"))).status).toBe(200);
    expect((await judged(await arrived(path))).components).toEqual([...REQUEST, ...PAYMENT]);
  });

  test("is told of a redelivery for which payment it is, and its transaction", async () => {
    const path = fresh("/before/once/500");
    const payment = upfront(await signPayment("10000"));
    const failed = await pay(path, payment);
    const { redeem = "" } = (await failed.json()) as { redeem?: string };
    expect((await eventually(() => redeemWith(path, redeem), 200)).status).toBe(200);
    const [, request = expect.fail()] = await seen(path);
    expect((await judged(request)).components).toEqual([
      ...REQUEST,
      ...["faregate-payer", "faregate-network", "faregate-payment-id", "faregate-transaction"],
    ]);
    expect(request.headers["faregate-payment-id"]).toBe(idOf(payment));
  });

  test.each([
    ["without a query", "/free/x"],
    ["with a query", "/free/x?a=b?c"],
    ["of another spelling", "/free/%7Ex%2Cy"],
  ])("gets a free request %s signed, and nothing about a payment", async (_, url) => {
    const path = `${url.replace("/x", `/${crypto.randomUUID()}`)}`;
    expect((await ask(path)).status).toBe(200);
    const request = (await seen(path.startsWith("/free/%7E") ? "/free/~x" : path)).at(-1) ?? expect.fail();
    expect(await judged(request)).toMatchObject({ keyId: "new", components: REQUEST });
    expect(Object.keys(request.headers).filter((name) => name.startsWith("faregate-"))).toEqual([]);
  });

  test("gets nothing of what a client writes in the gate's place", async () => {
    const path = fresh("/free/theirs");
    const theirs = { signature: "faregate=:dGhlaXJz:", "signature-input": 'faregate=();keyid="new"' };
    const spelled = { signature_input: "theirs", faregate_payer: "0xtheirs", "faregate-payer": "0xtheirs" };
    await ask(path, { headers: { ...theirs, ...spelled, "faregate-transaction": "0xtheirs", "x-kept": "theirs" } });
    const request = await arrived(path);
    expect((await judged(request)).keyId).toBe("new");
    expect(Object.entries(request.headers).filter(([, value]) => String(value).includes("theirs"))).toEqual([
      ["x-kept", "theirs"],
    ]);
  });

  test.each<[string, (request: Seen) => Seen]>([
    ["another method", (request) => ({ ...request, method: "POST" })],
    ["another path", (request) => ({ ...request, url: request.url.replace("/ok", "/large") })],
    ["another query", (request) => ({ ...request, url: `${request.url}&more` })],
    ["another host", ({ headers, ...rest }) => ({ ...rest, headers: { ...headers, host: "other.example" } })],
    ["another payer", ({ headers, ...rest }) => ({ ...rest, headers: { ...headers, "faregate-payer": "0x1" } })],
    ["another amount", ({ headers, ...rest }) => ({ ...rest, headers: { ...headers, "faregate-amount": "9" } })],
  ])("refuses a request that was changed to %s", async (_, change) => {
    const path = fresh("/paid/ok");
    await pay(path, await signPayment("10000"));
    const request = await arrived(path);
    expect((await judged(request)).keyId).toBe("new");
    expect((await judged(change(request))).keyId).toBeNull();
  });

  test("can share a secret with the gate instead", async () => {
    const path = fresh("/shared/ok");
    expect((await pay(path, await signPayment("10000"))).status).toBe(200);
    expect(await judged(await arrived(path, "shared"))).toMatchObject({
      keyId: "shared",
      components: [...REQUEST, ...PAYMENT],
    });
  });

  test("can still be at the key before", async () => {
    const path = fresh("/old/ok");
    await ask(path);
    expect((await judged(await arrived(path, "old"))).keyId).toBe("old");
  });
});

test("an API that asks for none gets its secret header, no signature, and the client's own", async () => {
  const path = fresh("/unsigned/ok");
  await pay(path, await signPayment("10000"), { headers: { "x-gate-secret": "guessed", signature: "sig=:AA==:" } });
  const { headers } = await arrived(path, "unsigned");
  expect(headers).toMatchObject({ "x-gate-secret": "secret-of-the-gate", signature: "sig=:AA==:" });
  expect(Object.keys(headers).filter((name) => /^faregate|^signature-input/.test(name))).toEqual([]);
});

describe("the gate's public keys", () => {
  test("are a JWK set of the signing key and the retired one, without any secret", async () => {
    const response = await ask("/.faregate/keys");
    expect(response.status).toBe(200);
    const jwk = (kid: string) => ({ kty: "OKP", crv: "Ed25519", kid, x: PUBLIC_KEYS[kid], use: "sig" });
    expect(await response.json()).toEqual({ keys: [jwk("new"), jwk("old")] });
  });

  test("are read, and nothing else", async () => {
    expect((await ask("/.faregate/keys", { method: "POST" })).status).toBe(405);
    expect((await ask("/.faregate/keys/new")).status).toBe(404);
  });
});
