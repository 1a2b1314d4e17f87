// A route that only observes: its clients see the API as it was before the gate, and the operator sees what it would earn.

import { describe, expect, test } from "vitest";
import { encodePayment, signPayment } from "../support/payment.ts";
import { lineOfPath } from "../support/request-log.ts";
import { ask, calledEndpoints, chunked, fresh, pay, seen } from "../worker/client.ts";

const WOULD_COST = [{ network: "eip155:84532", asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e", amount: "10000" }];

describe("an observed call", () => {
  test("gets the upstream's answer untouched, unpaid", async () => {
    const path = fresh("/observed/ok");
    const response = await ask(path);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ goods: true });
    expect(response.headers.get("cache-control")).toBe("public, s-maxage=60");
    for (const name of ["payment-required", "payment-response", "access-control-allow-origin"]) {
      expect(response.headers.has(name)).toBe(false);
    }
    expect(await seen(path)).toHaveLength(1);
  });

  test.each([
    ["an error, whole", "status/500", 500],
    ["a redirect", "status/302", 302],
    ["a part", "status/206", 206],
  ])("gets %s, too", async (_, behaviour, status) => {
    const response = await ask(fresh(`/observed/${behaviour}`));
    expect(response.status).toBe(status);
    expect((await response.text()).length).toBe(100_000);
  });

  test("may ask for a part", async () => {
    const path = fresh("/observed/ok");
    await ask(path, { headers: { range: "bytes=0-1" } });
    expect((await seen(path))[0]?.headers).toMatchObject({ range: "bytes=0-1" });
  });

  test("that brings a payment is served, and the payment is neither used nor handed on", async () => {
    const path = fresh("/observed/ok");
    const payment = await signPayment("10000");
    const response = await pay(path, payment, { headers: { "x-payment": encodePayment(payment) } });
    expect(response.status).toBe(200);
    expect(response.headers.has("payment-response")).toBe(false);
    expect(await calledEndpoints(payment)).toEqual([]);
    const names = Object.keys((await seen(path))[0]?.headers ?? {});
    expect(names.filter((name) => name.includes("payment"))).toEqual([]);
    // It is still good for a route that charges.
    expect((await pay(fresh("/quotes/x/ok"), payment)).status).toBe(200);
  });

  test("that brings nonsense for a payment is served", async () => {
    expect((await pay(fresh("/observed/ok"), "%%%")).status).toBe(200);
  });

  test.each<[string, () => BodyInit]>([
    ["declared", () => "x".repeat(11)],
    ["sent", () => chunked("x".repeat(8), "x".repeat(8))],
  ])("is held to the route's limit of a body, as it is %s", async (_, body) => {
    const path = fresh("/observed/ok");
    expect((await ask(path, { method: "POST", body: body() })).status).toBe(413);
    expect(await seen(path)).toEqual([]);
  });

  test("is told to the operator with what it would have cost", async () => {
    const path = "/observed/log/ok";
    await pay(path, await signPayment("10000"));
    expect(lineOfPath(path)).toEqual({
      event: "request",
      requestId: expect.any(String),
      ...{ method: "GET", host: "api.example.com", path, route: "/observed" },
      ...{ outcome: "passed", status: 200 },
      observed: WOULD_COST,
      durationMs: expect.any(Number),
      steps: { upstream: expect.any(Number) },
    });
  });

  test("of an API that is down is told like that", async () => {
    const path = "/observed/log/drop";
    expect((await ask(path)).status).toBe(502);
    expect(lineOfPath(path)).toMatchObject({ outcome: "upstream_unreachable", observed: WOULD_COST });
  });
});
