import { expect, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, decode, fresh, pay, seen } from "./client.ts";

test("a paid call is verified, served once, settled, and carries its receipt", async () => {
  const path = fresh("/paid/ok");
  const payment = await signPayment("10000");
  const response = await pay(path, payment);
  expect(await response.json()).toEqual({ goods: true });
  expect(response.status).toBe(200);
  expect(decode(response.headers.get("payment-response"))).toEqual({
    success: true,
    transaction: `0x${"ab".repeat(32)}`,
    network: "eip155:84532",
    payer: payment.payload.authorization.from,
  });
  expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
  expect(await seen(path)).toHaveLength(1);
});

test("an unpaid call is told the price and reaches nothing", async () => {
  const path = fresh("/paid/ok");
  const response = await ask(path);
  expect(response.status).toBe(402);
  expect(decode(response.headers.get("payment-required"))).toMatchObject({ x402Version: 2 });
  expect(await seen(path)).toHaveLength(0);
});
