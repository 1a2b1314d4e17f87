// A gate that was deployed without the rate limiter: nobody counts the signatures that only the chain can judge.

import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { calledEndpoints, fresh, pay, seen } from "./client.ts";

// Before the Worker is loaded, which is with the first request.
Reflect.deleteProperty(env, "UNPROVEN");

test("takes no signature that only the chain can judge, and an account's own as ever", async () => {
  const payment = await signPayment("10000");
  const ofContract = { ...payment, payload: { ...payment.payload, signature: `0x${"ab".repeat(200)}` } };
  const path = fresh("/paid/ok");
  const response = await pay(path, ofContract);
  expect(response.status).toBe(429);
  expect(await response.json()).toMatchObject({ error: "too_many_unproven" });
  expect(await calledEndpoints(payment)).toEqual([]);
  expect(await seen(path)).toEqual([]);
  expect((await pay(path, payment)).status).toBe(200);
});
