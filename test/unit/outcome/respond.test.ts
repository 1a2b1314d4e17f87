import { decodePaymentResponseHeader } from "@x402/core/http";
import { describe, expect, test } from "vitest";
import { type Outcome, respond as respondTo } from "../../../src/outcome/index.ts";
import { NETWORK, PAY_TO } from "../../support/payment.ts";

const respond = (outcome: Outcome): Response => respondTo(outcome, "*", { requestId: "r-1", origin: null });

const transaction = `0x${"ab".repeat(32)}`;
const settlement = { success: true, transaction, network: NETWORK, payer: PAY_TO };
const receipt = { x402Version: 2, ...settlement } as const;

const answer = () => ({
  status: 201,
  headers: new Headers([
    ["content-type", "application/json"],
    ["x-upstream", "yes"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
    ["cache-control", "public, s-maxage=60"],
    ["cdn-cache-control", "max-age=60"],
    ["cloudflare-cdn-cache-control", "max-age=60"],
    ["surrogate-control", "max-age=60"],
    ["expires", "Thu, 01 Jan 2099 00:00:00 GMT"],
    ["pragma", "cache"],
    ["age", "7"],
  ]),
  body: new TextEncoder().encode('{"goods":true}'),
});

const SHARED = ["cdn-cache-control", "cloudflare-cdn-cache-control", "surrogate-control", "expires", "pragma", "age"];

const outcomes: readonly (readonly [string, Outcome])[] = [
  ["a free answer", { kind: "passed", answer: answer() }],
  ["an answer that is not charged", { kind: "unsold", answer: answer() }],
  ["an answer that is settled behind it", { kind: "served", answer: answer() }],
  ["a sold answer", { kind: "sold", answer: answer(), receipt }],
  ["an answer that was paid for before", { kind: "redelivered", answer: answer(), receipt }],
];
const [, ...priced] = outcomes;

describe.each(outcomes)("%s", (_, outcome) => {
  test("keeps the upstream's status, body and headers", async () => {
    const response = respond(outcome);
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-upstream")).toBe("yes");
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await response.json()).toEqual({ goods: true });
  });
});

test("a free answer keeps the upstream's caching", () => {
  const { headers } = respond({ kind: "passed", answer: answer() });
  expect(headers.get("cache-control")).toBe("public, s-maxage=60");
  expect(SHARED.filter((name) => !headers.has(name))).toEqual([]);
});

describe.each(priced)("%s", (_, outcome) => {
  test("belongs to its payer alone, whatever the upstream said", () => {
    const { headers } = respond(outcome);
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect(SHARED.filter((name) => headers.has(name))).toEqual([]);
  });
});

describe("the receipt", () => {
  test("stands on a sold answer", () => {
    const header = respond({ kind: "sold", answer: answer(), receipt }).headers.get("payment-response") ?? "";
    expect(decodePaymentResponseHeader(header)).toEqual(settlement);
  });

  test.each(outcomes.filter(([, { kind }]) => kind !== "sold" && kind !== "redelivered"))(
    "does not stand on %s",
    (_, outcome) => {
      expect(respond(outcome).headers.has("payment-response")).toBe(false);
    },
  );
});

test("the upstream's own headers are left as they were", () => {
  const sold = answer();
  respond({ kind: "sold", answer: sold, receipt });
  expect(sold.headers.get("cache-control")).toBe("public, s-maxage=60");
  expect(sold.headers.has("payment-response")).toBe(false);
});

test.each([204, 205, 304])("an answer of %d has no body, even where the upstream sent one", async (status) => {
  const response = respond({ kind: "passed", answer: { ...answer(), status } });
  expect(response.status).toBe(status);
  expect(response.body).toBeNull();
});

test("an answer without a body stays one", () => {
  expect(respond({ kind: "passed", answer: { ...answer(), body: null } }).body).toBeNull();
});

test("a streamed answer is handed on as a stream", async () => {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("first"));
      controller.close();
    },
  });
  expect(await respond({ kind: "sold", answer: { ...answer(), body }, receipt }).text()).toBe("first");
});
