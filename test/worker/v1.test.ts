import { PaymentRequiredV1Schema } from "@x402/core/schemas";
import { describe, expect, test } from "vitest";
import { encodePayment, type Payment, signPayment, transactionOf } from "../support/payment.ts";
import { ask, calledEndpoints, decode, facilitatorCalls, fresh, ORIGIN, pay, seen } from "./client.ts";

const envelope = ({ payload }: Payment, changes: object = {}) => ({
  x402Version: 1,
  scheme: "exact",
  network: "base-sepolia",
  payload,
  ...changes,
});

const payV1 = (path: string, payment: unknown, init: RequestInit = {}): Promise<Response> =>
  ask(path, { ...init, headers: { "x-payment": typeof payment === "string" ? payment : encodePayment(payment) } });

describe("a client of v1", () => {
  test("finds its challenge in the body of the same answer", async () => {
    const path = fresh("/paid/ok");
    const response = await ask(path);
    const body = await response.json();
    expect(PaymentRequiredV1Schema.safeParse(body).success).toBe(true);
    expect(body).toMatchObject({
      x402Version: 1,
      error: "payment_required",
      accepts: [
        { network: "base-sepolia", maxAmountRequired: "10000", resource: ORIGIN + path, description: "Goods" },
        { network: "base" },
      ],
    });
    expect(response.headers.has("payment-required")).toBe(true);
  });

  test("pays with X-PAYMENT, and its receipt is X-PAYMENT-RESPONSE alone", async () => {
    const path = fresh("/paid/ok");
    const payment = await signPayment("10000");
    const response = await payV1(path, envelope(payment));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ goods: true });
    expect(decode(response.headers.get("x-payment-response"))).toEqual({
      success: true,
      transaction: transactionOf(payment.payload.authorization.nonce),
      network: "base-sepolia",
      payer: payment.payload.authorization.from,
    });
    expect(response.headers.has("payment-response")).toBe(false);
    expect((await seen(path))[0]?.headers).not.toHaveProperty("x-payment");
  });

  test("is vouched for and settled in v2's words: the authorization is the same", async () => {
    const payment = await signPayment("10000");
    await payV1(fresh("/paid/ok"), envelope(payment));
    for (const { text } of await facilitatorCalls(payment)) {
      expect(JSON.parse(text)).toMatchObject({
        x402Version: 2,
        paymentPayload: { x402Version: 2, accepted: payment.accepted, payload: payment.payload },
        paymentRequirements: payment.accepted,
      });
    }
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
  });

  test("gets the failed receipt in its own header", async () => {
    const response = await payV1(
      fresh("/paid/ok?settle=rejected:insufficient_funds"),
      envelope(await signPayment("10000")),
    );
    expect(response.status).toBe(402);
    expect(decode(response.headers.get("x-payment-response"))).toMatchObject({
      success: false,
      network: "base-sepolia",
    });
    expect(response.headers.has("payment-response")).toBe(false);
    expect(await response.json()).toMatchObject({ x402Version: 1, error: "insufficient_funds" });
  });
});

test("a payer of v2 gets no header of v1's", async () => {
  const response = await pay(fresh("/paid/ok"), await signPayment("10000"));
  expect(response.headers.has("payment-response")).toBe(true);
  expect(response.headers.has("x-payment-response")).toBe(false);
});

describe("one authorization in both envelopes", () => {
  test("buys one execution, one after the other", async () => {
    const path = fresh("/paid/ok");
    const payment = await signPayment("10000");
    expect((await payV1(path, envelope(payment))).status).toBe(200);
    const again = await pay(path, payment);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ error: "payment_settled" });
    expect(await seen(path)).toHaveLength(1);
  });

  test("buys one execution, at once", async () => {
    const path = fresh("/paid/slow");
    const payment = await signPayment("10000");
    const both = await Promise.all([payV1(path, envelope(payment)), pay(path, payment)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await seen(path)).toHaveLength(1);
  });
});

const base = await signPayment("10000");
const refused: [string, number, string, unknown][] = [
  ["not base64", 400, "invalid_payload", "%%%"],
  ["without a payload", 400, "invalid_payload", envelope(base, { payload: undefined })],
  ["another version", 402, "invalid_x402_version", envelope(base, { x402Version: 2 })],
  ["another scheme", 402, "invalid_scheme", envelope(base, { scheme: "upto" })],
  ["a network that is not offered", 402, "invalid_network", envelope(base, { network: "polygon" })],
  ["a network by its new name", 402, "invalid_network", envelope(base, { network: "eip155:84532" })],
  ["a signature of another network", 402, "invalid_exact_evm_payload_signature", envelope(base, { network: "base" })],
  [
    "a smaller amount",
    402,
    "invalid_exact_evm_payload_authorization_value_mismatch",
    envelope(await signPayment("9999")),
  ],
  ["too long", 431, "payment_header_too_large", "A".repeat(16 * 1024 + 1)],
];

test.each(refused)("a v1 payment that is %s is %i", async (_, status, error, payment) => {
  const path = fresh("/paid/ok");
  const response = await payV1(path, payment);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error });
  expect(await seen(path)).toEqual([]);
});
