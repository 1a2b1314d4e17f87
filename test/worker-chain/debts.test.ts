// A payer who was served and never paid.

import { afterEach, describe, expect, test } from "vitest";
import { present, v1 } from "../conformance/envelopes.ts";
import { newAccount, signPayment } from "../support/payment.ts";
import { calledEndpoints, decode, fresh, pay, seen } from "../worker/client.ts";
import { upfront } from "../worker-ledger/client.ts";
import { attend, cancels, chainAhead, idOf, inBook, pays, rowOf } from "./chain.ts";

afterEach(() => chainAhead(0));

/** Served, rejected for want of money, and never paid. */
async function debtor() {
  const account = newAccount();
  const payment = await signPayment("10000", {}, account);
  const path = fresh("/async/ok?settle=rejected:insufficient_funds");
  expect((await pay(path, payment)).status).toBe(200);
  await expect.poll(async () => (await rowOf(payment))["reason"]).toBe("insufficient_funds");
  expect(await rowOf(payment)).toMatchObject({ pay: "owed", delivery: "delivered" });
  await chainAhead(300 + 121);
  await attend(payment);
  expect(await rowOf(payment)).toMatchObject({ pay: "failed", delivery: "delivered" });
  await chainAhead(0);
  return { account, debt: payment };
}

const onlyUpfront = [expect.objectContaining({ extra: expect.objectContaining({ paymentFlow: "upfront" }) })];

describe("a payer in debt", () => {
  test.each(["/async/ok", "/after/ok"])("is asked to pay first at %s, and nobody works for it", async (url) => {
    const { account } = await debtor();
    const path = fresh(url);
    const payment = await signPayment("10000", {}, account);
    const response = await pay(path, payment);
    expect(response.status).toBe(402);
    const { error, accepts } = decode(response.headers.get("payment-required"));
    expect(error).toBe("payer_in_debt");
    expect(accepts).toEqual(onlyUpfront);
    expect(await seen(path)).toEqual([]);
    expect(await calledEndpoints(payment)).not.toContain("/settle");
  });

  test("is served when paying first, as often as they like, with the authorization that was refused too", async () => {
    const { account } = await debtor();
    const payment = await signPayment("10000", {}, account);
    const path = fresh("/after/ok");
    expect((await pay(path, payment)).status).toBe(402);
    const served = await pay(path, upfront(payment));
    expect(served.status).toBe(200);
    expect(decode(served.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/verify", "/settle"]);
    expect((await pay(fresh("/before/ok"), upfront(await signPayment("10000", {}, account)))).status).toBe(200);
    expect((await pay(fresh("/after/ok"), await signPayment("10000", {}, account))).status).toBe(402);
  });

  test("is somebody else's neighbour: others buy as ever", async () => {
    await debtor();
    expect((await pay(fresh("/async/ok"), await signPayment("10000"))).status).toBe(200);
  });

  test("is free of it when its days are over", async () => {
    const { account, debt } = await debtor();
    await inBook(debt, "UPDATE payments SET ends_at = 1 WHERE id = ?", idOf(debt));
    expect((await pay(fresh("/async/ok"), await signPayment("10000", {}, account))).status).toBe(200);
    expect(await rowOf(debt)).toMatchObject({ pay: "written_off" });
  });

  test("is told of the debt for the days that the table says", async () => {
    const { debt } = await debtor();
    const { ends_at: endsAt, updated_at: updatedAt } = await rowOf(debt);
    expect(Number(endsAt) - Number(updatedAt)).toBe(30 * 86_400_000);
  });

  test("of version 1 is asked in its own words", async () => {
    const { account } = await debtor();
    const response = await present(v1, fresh("/after/ok"), v1.wrap(await signPayment("10000", {}, account)));
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ x402Version: 1, error: "payer_in_debt" });
  });

  test("of version 1 cannot say that it pays first, and is not charged for trying", async () => {
    const { account } = await debtor();
    for (let i = 0; i < 2; i++) {
      const payment = await signPayment("10000", {}, account);
      expect((await present(v1, fresh("/after/ok"), v1.wrap(payment))).status).toBe(402);
      expect(await calledEndpoints(payment)).not.toContain("/settle");
    }
    // A route that settles first for everybody is one that it can buy.
    const payment = await signPayment("10000", {}, account);
    expect((await present(v1, fresh("/before/ok"), v1.wrap(payment))).status).toBe(200);
  });
});

test("who cancels the authorization after being served is in debt at once", async () => {
  const account = newAccount();
  const payment = await signPayment("10000", {}, account);
  expect((await pay(fresh("/async/ok?settle=drop"), payment)).status).toBe(200);
  await expect.poll(async () => (await rowOf(payment))["pay"]).toBe("unknown");
  await cancels(payment);
  await attend(payment);
  expect(await rowOf(payment)).toMatchObject({ pay: "failed", reason: "authorization_canceled" });
  const response = await pay(fresh("/async/ok"), await signPayment("10000", {}, account));
  expect(decode(response.headers.get("payment-required"))).toMatchObject({ error: "payer_in_debt" });
});

test("who was settled with late is not in debt", async () => {
  const account = newAccount();
  const payment = await signPayment("10000", {}, account);
  expect((await pay(fresh("/async/ok?settle=drop"), payment)).status).toBe(200);
  await expect.poll(async () => (await rowOf(payment))["pay"]).toBe("unknown");
  await pays(payment);
  await attend(payment);
  expect((await pay(fresh("/async/ok"), await signPayment("10000", {}, account))).status).toBe(200);
});
