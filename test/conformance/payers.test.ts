// The situations of the status table that a payer's other payments make, provoked over HTTP by a client of either version.

import { describe, expect, test } from "vitest";
import { newAccount, type Payment, signPayment } from "../support/payment.ts";
import { calledEndpoints, decode, fresh, release, seen } from "../worker/client.ts";
import { attend, chainAhead, rowOf } from "../worker-chain/chain.ts";
import { present, v1, v2 } from "./envelopes.ts";

describe.each([
  ["PAYMENT-SIGNATURE", v2],
  ["X-PAYMENT", v1],
])("a client of %s", (_, envelope) => {
  const buy = async (path: string, account = newAccount()) => {
    const payment = await signPayment("10000", {}, account);
    return { payment, path, response: await present(envelope, path, envelope.wrap(payment)) };
  };

  /** Nothing was done for it, and no payment is the right next step. */
  async function expectOverCap(
    { payment, path, response }: Awaited<ReturnType<typeof buy>>,
    cap: string,
    seconds: string,
  ) {
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ error: "payer_over_cap", cap });
    expect(response.headers.get("retry-after")).toBe(seconds);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.has("payment-required")).toBe(false);
    expect(response.headers.has(envelope.receipt) || response.headers.has(envelope.otherReceipt)).toBe(false);
    expect(await seen(path)).toEqual([]);
    expect(await calledEndpoints(payment)).not.toContain("/settle");
  }

  test("with too many payments under way is told to wait", async () => {
    const account = newAccount();
    const running = Array.from({ length: 3 }, () => fresh("/patient/held")).map((path) => ({
      path,
      call: buy(path, account),
    }));
    for (const { path } of running) await expect.poll(() => seen(path), { interval: 20 }).toHaveLength(1);
    await expectOverCap(await buy(fresh("/after/ok"), account), "in_flight", "5");
    for (const { path, call } of running) {
      await release(path);
      const { payment, response } = await call;
      expect(response.status).toBe(200);
      await expect.poll(async () => (await rowOf(payment))["pay"]).toBe("settled");
    }
    expect((await buy(fresh("/after/ok"), account)).response.status).toBe(200);
  });

  test("with too much unsettled is told to wait", async () => {
    const account = newAccount();
    expect((await buy(fresh("/small/ok?settle=drop"), account)).response.status).toBe(503);
    await expectOverCap(await buy(fresh("/small/ok"), account), "unsettled", "5");
  });

  test("whose calls nobody paid for too often is told to wait", async () => {
    const account = newAccount();
    for (const url of ["/after/status/500", "/after/ok?settle=rejected:insufficient_funds"]) {
      const { payment } = await buy(fresh(url), account);
      await expect.poll(async () => (await rowOf(payment))["pay"]).toBeOneOf(["uncharged", "rejected"]);
    }
    await expectOverCap(await buy(fresh("/after/ok"), account), "uncharged", "60");
  });

  /** Served, and past the end of an authorization that nobody could settle. */
  async function becomeDebtor(payment: Payment): Promise<void> {
    await expect.poll(async () => (await rowOf(payment))["reason"]).toBe("insufficient_funds");
    await chainAhead(300 + 121);
    await attend(payment);
    await chainAhead(0);
    expect(await rowOf(payment)).toMatchObject({ pay: "failed", delivery: "delivered" });
  }

  test("in debt is asked to pay first", async () => {
    const account = newAccount();
    const served = await buy(fresh("/async/ok?settle=rejected:insufficient_funds"), account);
    expect(served.response.status).toBe(200);
    await becomeDebtor(served.payment);
    const { path, payment, response } = await buy(fresh("/after/ok"), account);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ x402Version: 1, error: "payer_in_debt" });
    const { accepts } = decode(response.headers.get("payment-required"));
    expect(accepts).toEqual([
      expect.objectContaining({ amount: "10000", extra: { name: "USDC", version: "2", paymentFlow: "upfront" } }),
    ]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await seen(path)).toEqual([]);
    expect(await calledEndpoints(payment)).not.toContain("/settle");
  });
});
