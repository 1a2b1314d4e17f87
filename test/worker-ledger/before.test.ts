import { describe, expect, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, decode, fresh, seen } from "../worker/client.ts";
import { payAs, redeemWith, upfront } from "./client.ts";

describe("a route that settles before it serves", () => {
  test("says so in its challenge, as the specification spells it", async () => {
    const response = await ask("/before/ok");
    const { accepts } = decode(response.headers.get("payment-required"));
    expect(accepts).toEqual([expect.objectContaining({ extra: expect.objectContaining({ paymentFlow: "upfront" }) })]);
  });

  test("takes no payment that was signed for another flow", async () => {
    const payment = await signPayment("10000");
    const response = await payAs("/before/ok", payment);
    expect(response.status).toBe(402);
    expect(await calledEndpoints(payment)).toEqual([]);
  });

  test("verifies and settles, then serves", async () => {
    const payment = upfront(await signPayment("10000"));
    const path = fresh("/before/ok");
    const response = await payAs(path, payment);
    expect(response.status).toBe(200);
    expect(decode(response.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    expect(await seen(path)).toHaveLength(1);
  });

  test("does not ask the API where the payment is rejected", async () => {
    const payment = upfront(await signPayment("10000"));
    const path = fresh("/before/ok?settle=rejected:insufficient_funds");
    const response = await payAs(path, payment);
    expect(response.status).toBe(402);
    expect(await seen(path)).toEqual([]);
  });

  test("does not ask the API while nobody can say whether it settled", async () => {
    const payment = upfront(await signPayment("10000"));
    const path = fresh("/before/ok?settle=drop");
    const response = await payAs(path, payment);
    expect(response.status).toBe(503);
    expect(response.headers.has("payment-required")).toBe(false);
    expect(await seen(path)).toEqual([]);
  });

  test.each([
    ["an error of the API", "/before/status/500", 500],
    ["an API that breaks the connection", "/before/drop", 502],
    ["an API that is too slow", "/before/hang", 504],
    ["a redirect", "/before/status/302", 502],
  ])("leaves the buyer of %s with a receipt and the right to the goods", async (_, url, status) => {
    const path = fresh(url);
    const response = await payAs(path, upfront(await signPayment("10000")));
    expect(response.status).toBe(status);
    expect(decode(response.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(response.headers.has("payment-required")).toBe(false);
    const { error, payment: url_, redeem } = (await response.json()) as { [name: string]: string };
    expect(error).toBe("paid_undelivered");
    const state = await ask(new URL(url_ ?? "").pathname);
    expect(await state.json()).toMatchObject({ pay: "settled", delivery: "undelivered", amount: "10000" });
    const again = await redeemWith(path, redeem ?? "");
    expect(again.status).toBe(status);
    expect(await seen(path)).toHaveLength(2);
  });

  test("redeems what was paid for, once, without another payment", async () => {
    const payment = upfront(await signPayment("10000"));
    const path = fresh("/before/once/500");
    const failed = await payAs(path, payment);
    expect(failed.status).toBe(500);
    const { redeem = "" } = (await failed.json()) as { redeem?: string };
    const served = await redeemWith(path, redeem);
    expect(served.status).toBe(200);
    expect(decode(served.headers.get("payment-response"))).toMatchObject({ success: true });
    await expect.poll(async () => (await redeemWith(path, redeem)).status).toBe(409);
    expect(await seen(path)).toHaveLength(2);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
  });
});
