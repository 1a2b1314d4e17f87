import { describe, expect, test } from "vitest";
import { type Payment, signPayment } from "../support/payment.ts";
import { signUptoPayment } from "../support/permit2-payment.ts";
import { ask, eventually, fresh, pay, seen } from "./client.ts";

const PAGE = "https://app.example.com";

const preflight = (path: string, method: string, headers: Record<string, string> = {}): Promise<Response> =>
  ask(path, { method: "OPTIONS", headers: { origin: PAGE, "access-control-request-method": method, ...headers } });

describe("a preflight", () => {
  test("of a priced route is answered unpaid, and the upstream is not asked", async () => {
    const path = fresh("/paid/ok");
    const response = await preflight(path, "POST", { "access-control-request-headers": "payment-signature, x-mine" });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    expect(response.headers.get("access-control-allow-headers")).toMatch(/^PAYMENT-SIGNATURE, .*, x-mine$/);
    expect(await seen(path)).toEqual([]);
  });

  test("of a priced route with methods names those", async () => {
    const response = await preflight("/only/ok", "POST");
    expect(response.headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST");
  });

  test("of a free route is the upstream's to answer", async () => {
    const path = fresh("/free/ok");
    const response = await preflight(path, "GET");
    expect(response.status).toBe(200);
    expect(response.headers.has("access-control-allow-methods")).toBe(false);
    expect((await seen(path)).map(({ method }) => method)).toEqual(["OPTIONS"]);
  });

  test.each(["paid", "other", "closed"])(
    "carries nothing to a path of which something is not free (%s)",
    async (name) => {
      const path = fresh(`/mixed/${name}`);
      const headers = { origin: PAGE, "access-control-request-method": "GET" };
      const response = await ask(path, { method: "OPTIONS", headers, body: "{}" });
      expect(response.status).toBe(204);
      expect(await seen(path)).toEqual([]);
    },
  );

  test("carries no body, where it is the upstream's to answer", async () => {
    const path = fresh("/free/ok");
    const headers = { origin: PAGE, "access-control-request-method": "GET" };
    await ask(path, { method: "OPTIONS", headers, body: "{}" });
    expect((await seen(path)).map(({ body }) => body)).toEqual([""]);
  });

  test.each([
    ["a closed route", "/closed", "GET", 404],
    ["what nothing names", "/nowhere", "GET", 404],
    ["a method that the route does not have", "/only/ok", "DELETE", 405],
  ])("of %s is refused like the call itself", async (_, path, method, status) => {
    expect((await preflight(path, method)).status).toBe(status);
  });

  test("is one only where a page asks: OPTIONS alone costs what the route costs", async () => {
    expect((await ask("/paid/ok", { method: "OPTIONS" })).status).toBe(402);
    expect((await ask("/paid/ok", { method: "OPTIONS", headers: { origin: PAGE } })).status).toBe(402);
    const headers = { "access-control-request-method": "GET" };
    expect((await ask("/paid/ok", { method: "OPTIONS", headers })).status).toBe(402);
  });
});

describe("a page of another origin may read", () => {
  const headers = { origin: PAGE };

  test.each([
    ["the challenge", "/paid/ok", 402],
    ["a refusal", "/nowhere", 404],
  ])("%s", async (_, path, status) => {
    const response = await ask(path, { headers });
    expect(response.status).toBe(status);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-expose-headers")).toContain("PAYMENT-REQUIRED");
  });

  test.each([
    ["what it paid for", "/paid/ok", 200],
    ["an error that it did not pay for", "/paid/status/500", 500],
  ])("%s", async (_, path, status) => {
    const response = await pay(fresh(path), await signPayment("10000"), { headers });
    expect(response.status).toBe(status);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-expose-headers")).toContain("PAYMENT-RESPONSE");
  });

  test("where the payment of a stream can be looked at that is charged for what it used", async () => {
    // Whom its buyers sign for is read behind the first answers.
    await eventually(() => ask(fresh("/metered/stream/whole")), 402);
    const payment = (await signUptoPayment("10000")) as unknown as Payment;
    const response = await pay(fresh("/metered/stream/whole"), payment, { headers });
    await response.text();
    expect(response.headers.get("faregate-payment")).toMatch(/^https:\/\/api\.example\.com\/\.faregate\/payments\//);
    expect(response.headers.get("access-control-expose-headers")?.split(", ")).toContain("Faregate-Payment");
  });

  test("of a free route what the upstream lets it read, and no more", async () => {
    const response = await ask(fresh("/free/ok"), { headers });
    expect(response.headers.has("access-control-allow-origin")).toBe(false);
  });
});
