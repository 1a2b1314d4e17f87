import { describe, expect, test } from "vitest";
import {
  encodePayment,
  malleate,
  newAccount,
  type Payment,
  signPayment,
  unixNow,
  withLowV,
} from "../support/payment.ts";
import { ask, calledEndpoints, decode, fresh, pay, seen } from "./client.ts";

const base = await signPayment("10000");
const change = (changes: object): Payment => ({ ...base, ...changes }) as Payment;
const nested = (depth: number): string => btoa(`{"x402Version":2,"accepted":${"[".repeat(depth)}${"]".repeat(depth)}}`);

describe("a payment that cannot be read is 400 and touches nothing", () => {
  test.each<[string, Payment | string]>([
    ["not base64", "%%%"],
    ["base64 of bytes that are not UTF-8", btoa("\xff\xfe")],
    ["not JSON", btoa("{")],
    ["JSON, but no object", btoa("[]")],
    ["without a version", change({ x402Version: undefined })],
    ["without what was accepted", change({ accepted: undefined })],
    ["with an amount that is a number", change({ accepted: { ...base.accepted, amount: 10000 } })],
    ["without a payload", change({ payload: undefined })],
    ["with an authorization that lacks its nonce", change({ payload: { signature: "0x", authorization: {} } })],
    ["with a signature that is no text", change({ payload: { ...base.payload, signature: 1 } })],
    ["with a resource that is a text", change({ resource: "x" })],
    ["with a resource whose URL is a number", change({ resource: { url: 1 } })],
    ["with extensions that are a list", change({ extensions: [] })],
    ["nested deeper than anybody needs", nested(3000)],
    ["two headers of one name", `${encodePayment(base)}, ${encodePayment(base)}`],
  ])("%s", async (_, payment) => {
    const path = fresh("/paid/ok");
    const response = await pay(path, payment);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_payload" });
    expect(response.headers.has("payment-required")).toBe(false);
    expect(await seen(path)).toEqual([]);
  });

  test("v1 beside v2", async () => {
    const response = await pay("/paid/ok", base, { headers: { "x-payment": encodePayment(base) } });
    expect(response.status).toBe(400);
  });

  test("longer than its cap is 431", async () => {
    const response = await pay("/paid/ok", "A".repeat(16 * 1024 + 1));
    expect(response.status).toBe(431);
    expect(await response.json()).toMatchObject({ error: "payment_header_too_large" });
  });
});

const stranger = newAccount();
const later = String(unixNow() + 100);
const unpaying: [string, string, Payment][] = [
  ["an unknown version", "invalid_x402_version", change({ x402Version: 3 })],
  ["another scheme", "invalid_scheme", change({ accepted: { ...base.accepted, scheme: "upto" } })],
  ["another network", "invalid_network", change({ accepted: { ...base.accepted, network: "eip155:1" } })],
  [
    "another asset",
    "invalid_payment_requirements",
    change({ accepted: { ...base.accepted, asset: stranger.address } }),
  ],
  [
    "another transfer method",
    "invalid_payment_requirements",
    change({ accepted: { ...base.accepted, extra: { assetTransferMethod: "permit2" } } }),
  ],
  [
    "a forged signature",
    "invalid_exact_evm_payload_signature",
    change({ payload: { ...base.payload, signature: `0x${"1".repeat(128)}1b` } }),
  ],
  [
    "somebody else's signature",
    "invalid_exact_evm_payload_signature",
    await signPayment("10000", { from: stranger.address }),
  ],
  [
    "a signature with a high s",
    "invalid_exact_evm_payload_signature",
    change({ payload: { ...base.payload, signature: malleate(base.payload.signature) } }),
  ],
  [
    "a signature that is no whole number of bytes",
    "invalid_exact_evm_payload_signature",
    change({ payload: { ...base.payload, signature: `${base.payload.signature}0` } }),
  ],
  [
    "a smaller amount",
    "invalid_exact_evm_payload_authorization_value_mismatch",
    { ...(await signPayment("9999")), accepted: base.accepted },
  ],
  ["another price", "invalid_payment_requirements", await signPayment("9999")],
  [
    "another payee",
    "invalid_exact_evm_payload_recipient_mismatch",
    await signPayment("10000", { to: stranger.address }),
  ],
  [
    "not valid yet",
    "invalid_exact_evm_payload_authorization_valid_after",
    await signPayment("10000", { validAfter: later }),
  ],
  [
    "over before it could settle",
    "invalid_exact_evm_payload_authorization_valid_before",
    await signPayment("10000", { validBefore: String(unixNow() + 1) }),
  ],
  ["meant for another resource", "resource_mismatch", change({ resource: { url: "https://api.example.com/other" } })],
];

describe("a payment that does not pay is 402 with the reason and a fresh challenge, and touches nothing", () => {
  test.each(unpaying)("%s", async (_, error, payment) => {
    const path = fresh("/paid/ok");
    const response = await pay(path, payment);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ error });
    expect(decode(response.headers.get("payment-required"))).toMatchObject({ x402Version: 2, error });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await calledEndpoints(payment)).toEqual([]);
    expect(await seen(path)).toEqual([]);
  });

  test("a v2 payload in v1's header", async () => {
    const response = await ask("/paid/ok", { headers: { "x-payment": encodePayment(base) } });
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ error: "invalid_x402_version" });
  });
});

describe("a payment is taken in every spelling that means it", () => {
  test.each<[string, (payment: Payment) => Payment]>([
    ["v as 0 or 1", (p) => ({ ...p, payload: { ...p.payload, signature: withLowV(p.payload.signature) } })],
    [
      "addresses in lower case",
      (p) => ({
        ...p,
        accepted: { ...p.accepted, asset: String(p.accepted["asset"]).toLowerCase() },
        payload: {
          ...p.payload,
          authorization: { ...p.payload.authorization, from: p.payload.authorization.from.toLowerCase() },
        },
      }),
    ],
    ["keys that the client added", (p) => ({ ...p, accepted: { ...p.accepted, extra: { name: "USDC", mine: 1 } } })],
    ["explicit nulls", (p) => ({ ...p, resource: null, extensions: null, accepted: { ...p.accepted, extra: null } })],
  ])("%s", async (_, respell) => {
    const response = await pay(fresh("/paid/ok"), respell(await signPayment("10000")));
    expect(response.status).toBe(200);
  });
});
