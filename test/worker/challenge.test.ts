import { describe, expect, test } from "vitest";
import { ask, decode, fresh, ORIGIN, seen } from "./client.ts";

describe("an unpaid call of a priced route", () => {
  test("is told every way to pay, in the specification's shape", async () => {
    const path = fresh("/paid/ok");
    const response = await ask(path);
    expect(response.status).toBe(402);
    expect(decode(response.headers.get("payment-required"))).toEqual({
      x402Version: 2,
      error: "PAYMENT-SIGNATURE header is required",
      resource: { url: ORIGIN + path, description: "Goods", mimeType: "application/json" },
      accepts: [
        {
          scheme: "exact",
          network: "eip155:84532",
          amount: "10000",
          asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
          payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
          maxTimeoutSeconds: 300,
          extra: { name: "USDC", version: "2" },
        },
        {
          scheme: "exact",
          network: "eip155:8453",
          amount: "10000",
          asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
          payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
          maxTimeoutSeconds: 300,
          extra: { name: "USD Coin", version: "2" },
        },
      ],
      extensions: { "payment-identifier": { info: { required: false }, schema: expect.any(Object) } },
    });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toMatchObject({
      error: "payment_required",
      message: expect.stringContaining("x402"),
    });
    expect(await seen(path)).toEqual([]);
  });

  test("leaves a long query out of the resource, so that the header stays within 4 KB", async () => {
    const response = await ask(`/paid/ok?q=${"x".repeat(1100)}`);
    const header = response.headers.get("payment-required") ?? "";
    expect(decode(header)["resource"]).toMatchObject({ url: `${ORIGIN}/paid/ok` });
    expect(header.length).toBeLessThanOrEqual(4096);
  });

  test("is 414 where the path alone does not fit", async () => {
    const response = await ask(`/paid/${"x".repeat(1100)}`);
    expect(response.status).toBe(414);
    expect(await response.json()).toMatchObject({ error: "uri_too_long" });
  });

  test("is priced for HEAD as for GET", async () => {
    const response = await ask("/paid/ok", { method: "HEAD" });
    expect(response.status).toBe(402);
    expect(response.headers.has("payment-required")).toBe(true);
  });

  test("costs the price of the most specific route", async () => {
    const required = async (path: string) => decode((await ask(path)).headers.get("payment-required")).accepts[0];
    expect(await required("/dear/ok")).toMatchObject({ amount: "1000000" });
    expect(await required("/paid/dear/ok")).toMatchObject({ amount: "10000" });
    expect(await required("/alone")).toMatchObject({ amount: "10000" });
    expect(await required("/sold/any/thing/below")).toMatchObject({ amount: "10000" });
  });

  test("is 426 where it asks for a WebSocket", async () => {
    const response = await ask("/paid/ok", { headers: { upgrade: "websocket", connection: "upgrade" } });
    expect(response.status).toBe(426);
  });
});

describe("a request that the table does not take", () => {
  test.each([
    ["a closed path", "/closed", "GET", 404, "not_found"],
    ["what lies below a closed path", "/closed/x", "POST", 404, "not_found"],
    ["what lies below an exact path", "/alone/below", "GET", 404, "not_found"],
    ["a path that nothing names", "/nowhere", "GET", 404, "not_found"],
    ["a path of the gate's own", "/.faregate/nothing", "GET", 404, "not_found"],
    ["a method that a closed or priced place does not have", "/free/no/put", "PUT", 405, "method_not_allowed"],
    ["a method that is none of the table's", "/free/find", "PROPFIND", 405, "method_not_allowed"],
    ["a method that no key of the path has", "/only/ok", "DELETE", 405, "method_not_allowed"],
    ["a path with an encoded slash", "/free%2fok", "GET", 400, "invalid_path"],
    ["a path with an empty segment", "/free//ok", "GET", 400, "invalid_path"],
  ])("%s is refused and reaches nothing", async (_, path, method, status, error) => {
    const response = await ask(path, { method });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await seen(path)).toEqual([]);
  });

  test("names the methods that the path has", async () => {
    const response = await ask("/only/ok", { method: "DELETE" });
    expect(response.headers.get("allow")).toBe("GET, HEAD, POST");
  });

  test("with a body where the method has none is 400", async () => {
    const response = await ask("/free/ok", { headers: { "content-length": "5" } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "unexpected_body" });
  });
});
