// Clauses of the specification, and rules of ours where it is silent, that no other test provokes over HTTP. What is not
// offered is held here too: it is never declared, and a payment that asks for it is refused before anybody is asked.

import { env } from "cloudflare:workers";
import { getAddress, type Hex } from "viem";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { encodePayment, newAccount, type Payment, signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, chunked, decode, fresh, ORIGIN, pay, seen } from "../worker/client.ts";
import { present, v1, v2 } from "./envelopes.ts";

interface Entry {
  readonly [key: string]: unknown;
  readonly amount: string;
  readonly asset: string;
  readonly payTo: string;
}

interface Challenge {
  readonly resource: { readonly url: string };
  readonly accepts: readonly Entry[];
}

const challengeOf = async (path: string, init?: RequestInit): Promise<Challenge> => {
  const response = await ask(path, init);
  expect(response.status).toBe(402);
  return decode(response.headers.get("payment-required")) as unknown as Challenge;
};

const PRICED = ["/paid/ok", "/dear/ok", "/sold/any/200", "/mixed/paid/below", "/alone", "/only/ok"];

afterEach(() => void vi.restoreAllMocks());

describe("a challenge", () => {
  const { LEDGER, SPENT } = env as unknown as { LEDGER: DurableObjectNamespace; SPENT: KVNamespace };

  /** Every way out of the isolate: the network, the ledger, KV. */
  const watch = () => [
    vi.spyOn(globalThis, "fetch"),
    ...(["get", "getByName", "idFromName", "newUniqueId"] as const).map((name) => vi.spyOn(LEDGER, name)),
    ...(["get", "put", "delete", "list", "getWithMetadata"] as const).map((name) => vi.spyOn(SPENT, name)),
  ];
  const callsOf = (spies: ReturnType<typeof watch>) => spies.flatMap(({ mock }): unknown[] => mock.calls);

  test("is answered without asking the facilitator, the ledger, KV or the upstream: none of them can stop it", async () => {
    const spies = watch();
    for (const path of PRICED) await challengeOf(path);
    expect(callsOf(spies)).toEqual([]);
    // The same watch sees what a payment asks.
    expect((await pay(fresh("/paid/ok"), await signPayment("10000"))).status).toBe(200);
    // Verify, upstream and settle; claim, whose the transaction is, and record; KV read and written.
    await expect.poll(() => callsOf(spies).length).toBe(8);
  });

  test.each([v2, v1])("for a payment that is nobody's costs no more (v$version)", async (envelope) => {
    const forged = await signPayment("10000", { from: newAccount().address });
    const spies = watch();
    const response = await present(envelope, "/paid/ok", envelope.wrap(forged));
    expect(response.status).toBe(402);
    expect(callsOf(spies)).toEqual([]);
  });

  test("names the URL that was asked, whatever the client says of hosts", async () => {
    const path = fresh("/paid/ok");
    const headers = {
      forwarded: "host=evil.example;proto=http",
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "http",
      "x-original-url": "/free/ok",
      "x-rewrite-url": "/free/ok",
    };
    expect((await challengeOf(path, { headers })).resource.url).toBe(ORIGIN + path);
  });

  test("is JSON to a browser, too: there is no page to pay on", async () => {
    const path = fresh("/paid/ok");
    const headers = { accept: "text/html,application/xhtml+xml", "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" };
    const response = await ask(path, { headers });
    expect(response.status).toBe(402);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toMatchObject({ error: "payment_required", x402Version: 1 });
    expect((await challengeOf(path, { headers })).accepts).toHaveLength(2);
  });

  test.each(PRICED)("declares no more than is offered (%s)", async (path) => {
    const { resource, accepts, ...rest } = await challengeOf(path);
    // Of extensions the one whose promise the gate keeps itself.
    const extensions = { "payment-identifier": { info: { required: false }, schema: expect.any(Object) } };
    expect(rest).toEqual({ x402Version: 2, error: expect.any(String), extensions });
    for (const name of Object.keys(resource)) expect(["url", "description", "mimeType"]).toContain(name);
    expect(accepts.length).toBeGreaterThan(0);
    for (const entry of accepts) {
      expect(entry).toEqual({
        scheme: "exact",
        network: expect.stringMatching(/^eip155:[1-9]\d*$/),
        amount: expect.stringMatching(/^[1-9]\d*$/),
        asset: getAddress(entry.asset.toLowerCase() as Hex),
        payTo: getAddress(entry.payTo.toLowerCase() as Hex),
        maxTimeoutSeconds: 300,
        // No transfer method and no payment flow: EIP-3009, and verify, serve, settle.
        extra: { name: expect.any(String), version: expect.any(String) },
      });
    }
    // What is left when amount and payee are not looked at still tells the entries apart.
    const places = accepts.map(({ amount: _, payTo: __, ...place }) => JSON.stringify(place));
    expect(new Set(places).size).toBe(accepts.length);
  });

  test.each(PRICED)("fits into 4 KB, and so does its echo into a payment header (%s)", async (path) => {
    const response = await ask(`${path}?q=${"x".repeat(900)}`);
    const header = response.headers.get("payment-required") ?? "";
    expect(header.length).toBeLessThanOrEqual(4096);
    const { resource, accepts, extensions } = decode(header);
    const { payload } = await signPayment("10000");
    const echo = { x402Version: 2, resource, accepted: accepts[0], extensions, payload };
    expect(encodePayment(echo).length).toBeLessThan(16 * 1024);
  });
});

describe("a payment by a way that is not offered is refused, and nobody is asked", () => {
  const accepting = (changes: object) => (payment: Payment) => ({
    ...payment,
    accepted: { ...payment.accepted, ...changes },
  });
  const SOLANA = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";

  test.each<[string, string, (payment: Payment) => Payment]>([
    ["Permit2", "invalid_payment_requirements", accepting({ extra: { assetTransferMethod: "permit2" } })],
    ["ERC-7710", "invalid_payment_requirements", accepting({ extra: { assetTransferMethod: "erc7710" } })],
    ["upto", "invalid_scheme", accepting({ scheme: "upto" })],
    ["batch-settlement", "invalid_scheme", accepting({ scheme: "batch-settlement" })],
    ["Solana", "invalid_network", accepting({ network: SOLANA })],
    ["paying first", "invalid_payment_requirements", accepting({ extra: { paymentFlow: "upfront" } })],
    ["escrow", "invalid_payment_requirements", accepting({ extra: { paymentFlow: "escrow" } })],
  ])("%s", async (_, error, change) => {
    const path = fresh("/paid/ok");
    const payment = change(await signPayment("10000"));
    const response = await pay(path, payment);
    expect(response.status).toBe(402);
    expect(decode(response.headers.get("payment-required"))).toMatchObject({ error });
    expect(await calledEndpoints(payment)).toEqual([]);
    expect(await seen(path)).toEqual([]);
  });
});

test("a signature that only the chain can judge claims nothing before it is judged: the payer's own call is served meanwhile", async () => {
  const payment = await signPayment("10000");
  const copy = { ...payment, payload: { ...payment.payload, signature: `0x${"ab".repeat(200)}` } };
  const copied = pay(fresh("/paid/ok?verify=slow"), copy);
  await expect.poll(() => calledEndpoints(payment)).toEqual(["/verify"]);
  expect((await pay(fresh("/paid/ok"), payment)).status).toBe(200);
  expect((await copied).status).toBe(409);
  expect((await calledEndpoints(payment)).filter((endpoint) => endpoint === "/settle")).toHaveLength(1);
});

test.each([
  ["at once", ["x".repeat(11)]],
  ["by its last byte", ["x".repeat(10), "x"]],
])("a body that turns out longer than the route takes buys nothing (%s)", async (_, pieces) => {
  const path = fresh("/small/ok");
  const payment = await signPayment("10000");
  const response = await pay(path, payment, { method: "POST", body: chunked(...pieces) });
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ error: "body_too_large" });
  expect(response.headers.has("payment-required") || response.headers.has("payment-response")).toBe(false);
  expect(await calledEndpoints(payment)).not.toContain("/settle");
});

describe("extensions", () => {
  test.each(["/openapi.json", "/.well-known/x402", "/.well-known/x402.json", "/llms.txt", "/discovery/resources"])(
    "are not discovered: the gate has no document of its own at %s",
    async (path) => {
      const response = await ask(path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: "not_found" });
    },
  );

  test.each<[string, object]>([
    ["bazaar", { info: {}, schema: {} }],
    ["sign-in-with-x", { info: {}, schema: {} }],
    ["offer-receipt", { info: {}, schema: {} }],
    ["eip2612GasSponsoring", { info: {}, schema: {} }],
    ["erc20ApprovalGasSponsoring", { info: {}, schema: {} }],
  ])("that nobody advertised hinder no payment and come back in no receipt (%s)", async (name, extension) => {
    const payment = { ...(await signPayment("10000")), extensions: { [name]: extension } };
    const response = await pay(fresh("/paid/ok"), payment);
    expect(response.status).toBe(200);
    expect(Object.keys(decode(response.headers.get("payment-response"))).sort()).toEqual([
      "network",
      "payer",
      "success",
      "transaction",
    ]);
  });

  test("of the facilitator stay between it and the gate", async () => {
    const real = globalThis.fetch;
    const answers: Response[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (...call) => {
      const answer = await real(...call);
      if (!String(call[0]).startsWith(inject("facilitator"))) return answer;
      const extended = new Response(answer.body, answer);
      extended.headers.set("EXTENSION-RESPONSES", btoa('{"bazaar":{"status":"success"}}'));
      answers.push(extended);
      return extended;
    });
    const response = await pay(fresh("/paid/ok"), await signPayment("10000"));
    vi.restoreAllMocks();
    expect(response.status).toBe(200);
    expect(answers).toHaveLength(2);
    expect(response.headers.has("payment-response")).toBe(true);
    expect(response.headers.has("extension-responses")).toBe(false);
  });
});

describe("a payer within the caps", () => {
  test("is served each time, with six payments in flight", async () => {
    const account = newAccount();
    const payments = await Promise.all(Array.from({ length: 6 }, () => signPayment("10000", {}, account)));
    const responses = await Promise.all(payments.map((payment) => pay(fresh("/paid/slow"), payment)));
    expect(responses.map(({ status }) => status)).toEqual(Array(6).fill(200));
  });

  test("gets the same offer and the same service, with three payments unsettled", async () => {
    const account = newAccount();
    for (let i = 0; i < 3; i++) {
      const lost = await pay(fresh("/paid/ok?settle=html"), await signPayment("10000", {}, account));
      expect(lost.status).toBe(503);
    }
    const { accepts } = await challengeOf("/paid/ok");
    const refused = await pay("/paid/ok", await signPayment("9999", {}, account));
    expect(decode(refused.headers.get("payment-required")).accepts).toEqual(accepts);
    expect((await pay(fresh("/paid/ok"), await signPayment("10000", {}, account))).status).toBe(200);
  });
});
