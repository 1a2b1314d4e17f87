import { describe, expect, test } from "vitest";
import { preflightHeaders, setCors } from "../../../src/outcome/cors.ts";

const PAGE = "https://app.example.com";
const EXPOSED =
  "PAYMENT-REQUIRED, PAYMENT-RESPONSE, X-PAYMENT-RESPONSE, Faregate-Payment, WWW-Authenticate, Retry-After";

function corsOf(policy: "*" | readonly string[], origin: string | null, upstream: HeadersInit = {}) {
  const headers = new Headers(upstream);
  setCors(headers, policy, origin);
  return Object.fromEntries(headers);
}

describe("an answer of ours", () => {
  test("may be read by every page, payment headers included", () => {
    expect(corsOf("*", PAGE)).toEqual({
      "access-control-allow-origin": "*",
      "access-control-expose-headers": EXPOSED,
    });
  });

  test("may be read by the pages that are listed, and says that it depends on who asks", () => {
    expect(corsOf(["https://other.example", PAGE], PAGE)).toEqual({
      "access-control-allow-origin": PAGE,
      "access-control-expose-headers": EXPOSED,
      vary: "Origin",
    });
  });

  test.each([["https://evil.example"], ["null"], [null]])("may not be read by %s when that is not listed", (origin) => {
    expect(corsOf([PAGE], origin)).toEqual({ vary: "Origin" });
  });

  test("lets a page read what the API exposes, too", () => {
    expect(corsOf("*", PAGE, { "access-control-expose-headers": "X-Total" })["access-control-expose-headers"]).toBe(
      `${EXPOSED}, X-Total`,
    );
  });

  test("does not keep what the upstream said of origins", () => {
    const upstream = {
      "access-control-allow-origin": "https://evil.example",
      "access-control-allow-credentials": "true",
    };
    expect(corsOf([PAGE], PAGE, upstream)).toMatchObject({ "access-control-allow-origin": PAGE });
    expect(corsOf([PAGE], null, upstream)).toEqual({ vary: "Origin" });
  });
});

describe("a preflight", () => {
  const allowed = (requested: string) =>
    preflightHeaders({ methods: ["GET", "HEAD"], requested })["access-control-allow-headers"];
  const ours =
    "PAYMENT-SIGNATURE, X-PAYMENT, SIGN-IN-WITH-X, Authorization, Content-Type, Idempotency-Key, Access-Control-Expose-Headers";

  test("allows the route's methods and the headers of a payment", () => {
    expect(preflightHeaders({ methods: ["GET", "HEAD"], requested: "payment-signature" })).toEqual({
      "access-control-allow-methods": "GET, HEAD",
      "access-control-allow-headers": ours,
      "access-control-max-age": "7200",
    });
  });

  test("allows what only the API behind knows", () => {
    expect(allowed("x-api-key, content-type")).toBe(`${ours}, x-api-key`);
  });

  test.each(["", "a b", "x".repeat(65), "naïve"])("repeats nothing that is no header's name: %j", (requested) => {
    expect(allowed(requested)).toBe(ours);
  });
});
