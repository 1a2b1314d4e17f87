// Clients of version 1 on routes that settle in other ways: their envelope names no flow, and means what is announced.

import { describe, expect, test } from "vitest";
import { present, v1 } from "../conformance/envelopes.ts";
import { signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, decode, fresh, seen } from "../worker/client.ts";

const payV1 = async (path: string) => {
  const payment = await signPayment("10000");
  return { payment, response: await present(v1, path, v1.wrap(payment)) };
};

describe("a client of v1", () => {
  test("is told what it can read of a route that settles first", async () => {
    const body = (await (await ask("/before/ok")).json()) as { accepts: readonly object[] };
    expect(body.accepts).toEqual([
      expect.objectContaining({ scheme: "exact", network: "base-sepolia", maxAmountRequired: "10000" }),
    ]);
  });

  test("is settled first there, then served, with its own receipt", async () => {
    const path = fresh("/before/ok");
    const { payment, response } = await payV1(path);
    expect(response.status).toBe(200);
    expect(decode(response.headers.get("x-payment-response"))).toMatchObject({
      success: true,
      network: "base-sepolia",
    });
    expect(response.headers.has("payment-response")).toBe(false);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    expect(await seen(path)).toHaveLength(1);
  });

  test("that paid and got nothing is told so with its receipt and the right to the goods", async () => {
    const path = fresh("/before/once/500");
    const { response } = await payV1(path);
    expect(response.status).toBe(500);
    expect(decode(response.headers.get("x-payment-response"))).toMatchObject({
      success: true,
      network: "base-sepolia",
    });
    const { redeem = "" } = (await response.json()) as { redeem?: string };
    const served = await ask(path, { headers: { "faregate-redeem": redeem } });
    expect(served.status).toBe(200);
    expect(await served.json()).toEqual({ goods: true });
  });

  test("is served first where the route says so, and settled behind the answer", async () => {
    const { payment, response } = await payV1(fresh("/async/ok"));
    expect(response.status).toBe(200);
    expect(response.headers.has("x-payment-response")).toBe(false);
    await expect.poll(() => calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
  });
});
