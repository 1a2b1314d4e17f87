// A credit is lent to one redelivery at a time, and is gone with the first that reached its buyer.

import { describe, expect, test } from "vitest";
import { newAccount, signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, decode, fresh, seen } from "../worker/client.ts";
import { idempotent, newKey, payAs, redeemWith, upfront } from "./client.ts";

/** Paid, and the API failed once. */
async function credit(url: string, headers: HeadersInit = {}, account = newAccount()) {
  const payment = upfront(await signPayment("10000", {}, account));
  const path = fresh(url);
  const failed = await payAs(path, payment, headers);
  expect(failed.status).toBe(500);
  const { redeem = "", payment: state = "" } = (await failed.json()) as { redeem?: string; payment?: string };
  const stateOf = async () => (await ask(new URL(state).pathname)).json();
  return { path, payment, redeem, stateOf, account };
}

describe("what was paid for and not delivered", () => {
  test("is delivered once, to however many ask for it at once", async () => {
    const { path, payment, redeem, stateOf } = await credit("/before/once/500");
    const answers = await Promise.all(Array.from({ length: 8 }, () => redeemWith(path, redeem)));
    const served = answers.filter(({ status }) => status === 200);
    expect(served).toHaveLength(1);
    for (const { status, headers } of answers.filter((answer) => answer !== served[0])) {
      expect(status).toBe(409);
      expect(headers.has("payment-required")).toBe(false);
    }
    await expect.poll(stateOf).toMatchObject({ pay: "settled", delivery: "redeemed" });
    expect(await seen(path)).toHaveLength(2);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
  });

  test("is delivered beside a new payment of the same payer for the same call, which is not charged", async () => {
    const { path, account } = await credit("/before/once/500");
    const second = upfront(await signPayment("10000", {}, account));
    const served = await payAs(path, second);
    expect(served.status).toBe(200);
    expect(decode(served.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(await calledEndpoints(second)).not.toContain("/settle");
    expect(await seen(path)).toHaveLength(2);
  });

  test("is delivered to the same payment with the key that came with it first", async () => {
    const key = idempotent(newKey());
    const { path, payment } = await credit("/before/once/500", key);
    expect((await payAs(path, payment)).status).toBe(409);
    expect((await payAs(path, payment, key)).status).toBe(200);
    expect(await seen(path)).toHaveLength(2);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle", "/verify"]);
  });

  test("is asked of an API that keeps failing three times, and is then left to the seller: a new payment buys anew", async () => {
    const { path, redeem, stateOf, account } = await credit("/before/status/500");
    for (let i = 0; i < 3; i++) expect((await redeemWith(path, redeem)).status).toBe(500);
    const spent = await redeemWith(path, redeem);
    expect(spent.status).toBe(409);
    expect(await spent.json()).toMatchObject({ error: "payment_settled" });
    expect(await stateOf()).toMatchObject({ pay: "settled", delivery: "undelivered" });
    expect(await seen(path)).toHaveLength(4);
    const second = upfront(await signPayment("10000", {}, account));
    expect((await payAs(path, second)).status).toBe(500);
    expect(await calledEndpoints(second)).toEqual(["/verify", "/settle"]);
  });

  test("needs no payment beside its token: one that comes with it is not looked at", async () => {
    const { path, redeem } = await credit("/before/once/500");
    const other = upfront(await signPayment("10000"));
    const served = await payAs(path, other, { "faregate-redeem": redeem });
    expect(served.status).toBe(200);
    expect(await calledEndpoints(other)).toEqual([]);
  });

  test("is told to nobody at the API: neither the token nor the payment crosses", async () => {
    const { path, redeem } = await credit("/before/once/500");
    await redeemWith(path, redeem);
    for (const { headers } of await seen(path)) {
      expect(Object.keys(headers).filter((name) => /faregate|payment/.test(name))).toEqual([]);
    }
  });

  test("is, where a stream broke off, the whole stream once more", async () => {
    const payment = upfront(await signPayment("10000"));
    const key = idempotent(newKey());
    const path = fresh("/before/stream/broken");
    const first = await payAs(path, payment, key);
    expect(first.status).toBe(200);
    await first.text().catch(() => undefined);
    await expect.poll(async () => (await payAs(path, payment, key)).status, { interval: 200 }).toBe(200);
    expect(await seen(path)).toHaveLength(2);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle", "/verify"]);
  });
});
