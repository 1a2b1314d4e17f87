// What became of a settlement that nobody confirmed, where the table names an RPC: the chain's word counts.

import { afterEach, describe, expect, test } from "vitest";
import { newAccount, signPayment } from "../support/payment.ts";
import { calledEndpoints, decode, fresh, pay, seen, untilFacilitatorIsAsked } from "../worker/client.ts";
import { answerOf, chainOf, configOf, gateOf, newHeld, requestOf } from "../worker/gate.ts";
import pricing from "../worker/pricing-chain.ts";
import { idempotent, newKey, redeemWith, upfront } from "../worker-ledger/client.ts";
import { attend, cancels, chainAhead, chainDown, idOf, inBook, pays, rowOf, transactionOf } from "./chain.ts";

const settles = async (payment: Parameters<typeof calledEndpoints>[0]): Promise<number> =>
  (await calledEndpoints(payment)).filter((endpoint) => endpoint === "/settle").length;

afterEach(async () => {
  await chainAhead(0);
  await chainDown(false);
  await untilFacilitatorIsAsked();
});

/** A payment whose settlement was not answered. */
async function unanswered(path = fresh("/after/ok?settle=drop"), payment = signPayment("10000"), headers = {}) {
  const signed = await payment;
  const response = await pay(path, signed, { headers });
  expect(response.status).toBe(503);
  expect(await rowOf(signed)).toMatchObject({ pay: "unknown", delivery: "none" });
  return { path, payment: signed, body: (await response.json()) as { redeem: string; payment: string } };
}

describe("a settlement that nobody confirmed, and that the chain has,", () => {
  test("is told to who presents the payment again, with the chain's own transaction", async () => {
    const { path, payment } = await unanswered();
    await pays(payment);
    const again = await pay(path, payment);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ error: "payment_settled", transaction: transactionOf(payment) });
    expect(await settles(payment)).toBe(1);
  });

  test("is found by the alarm, and its goods are the buyer's", async () => {
    const { path, payment, body } = await unanswered();
    await pays(payment);
    await attend(payment);
    expect(await rowOf(payment)).toMatchObject({ pay: "settled", delivery: "undelivered", tx: transactionOf(payment) });
    const served = await redeemWith(path, body.redeem);
    expect(served.status).toBe(200);
    expect(decode(served.headers.get("payment-response"))).toMatchObject({ transaction: transactionOf(payment) });
    expect(await seen(path)).toHaveLength(1);
    expect(await settles(payment)).toBe(1);
  });

  test("is served to who presents it with its key", async () => {
    const key = idempotent(newKey());
    const { path, payment } = await unanswered(undefined, undefined, key);
    await pays(payment);
    const served = await pay(path, payment, { headers: key });
    expect(served.status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
  });

  test("is served first, then, where it was to be settled first", async () => {
    const path = fresh("/before/ok?settle=drop");
    const { payment, body } = await unanswered(path, signPayment("10000").then(upfront));
    expect(await seen(path)).toEqual([]);
    await pays(payment);
    await attend(payment);
    expect((await redeemWith(path, body.redeem)).status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
  });
});

describe("an authorization that was canceled", () => {
  test("ends without a charge: its payer is asked to sign another one", async () => {
    const { path, payment } = await unanswered();
    await cancels(payment);
    const again = await pay(path, payment);
    expect(again.status).toBe(402);
    expect(await again.json()).toMatchObject({ error: "authorization_canceled" });
    expect(again.headers.has("payment-required")).toBe(true);
    expect(await settles(payment)).toBe(1);
  });
});

describe("an authorization that is not used yet", () => {
  test("is settled when its buyer comes and waits, at the facilitator that had it, in the same words", async () => {
    const { path, payment } = await unanswered(fresh("/after/ok?settle=lost"));
    const again = await pay(path, payment);
    expect(again.status).toBe(409);
    expect(await settles(payment)).toBe(2);
    expect(await seen(path)).toHaveLength(1);
  });

  test("is not settled by the alarm alone", async () => {
    const { payment } = await unanswered(fresh("/after/ok?settle=lost"));
    await attend(payment);
    await attend(payment);
    expect(await rowOf(payment)).toMatchObject({ pay: "unknown", reason: "unused" });
    expect(await settles(payment)).toBe(1);
  });

  test("is not settled when nobody knows whether a settlement was begun, whoever waits", async () => {
    const path = fresh("/after/drop");
    const payment = await signPayment("10000");
    expect((await pay(path, payment)).status).toBe(502);
    await expect.poll(async () => (await rowOf(payment))["pay"]).toBe("uncharged");
    // As a crash between the claim and the settlement would have left it.
    const claimed =
      "UPDATE payments SET pay = 'claimed', lease_until = 0, ends_at = NULL, settle_body = '{}' WHERE id = ?";
    await inBook(payment, claimed, idOf(payment));
    expect((await pay(path, payment)).status).toBe(503);
    expect(await settles(payment)).toBe(0);
  });

  test("has failed when it has surely run out, by the chain's clock, and is charged no more", async () => {
    const { path, payment } = await unanswered();
    await chainAhead(300 + 121);
    await attend(payment);
    expect(await rowOf(payment)).toMatchObject({ pay: "failed", reason: "authorization_expired" });
    const again = await pay(path, payment);
    expect(again.status).toBe(402);
    expect(again.headers.has("payment-required")).toBe(true);
    expect(await settles(payment)).toBe(1);
  });

  test("has not failed while it may still be mined late", async () => {
    const { payment } = await unanswered();
    await chainAhead(300 + 100);
    await attend(payment);
    expect(await rowOf(payment)).toMatchObject({ pay: "unknown" });
  });
});

test("a chain that cannot be asked leaves it unknown: nobody is charged, and nobody is asked to pay again", async () => {
  const { path, payment } = await unanswered();
  await pays(payment);
  await chainDown(true);
  await attend(payment);
  expect(await rowOf(payment)).toMatchObject({ pay: "unknown" });
  const again = await pay(path, payment);
  expect(again.status).toBe(503);
  expect(again.headers.has("payment-required")).toBe(false);
  await chainDown(false);
  await attend(payment);
  expect(await rowOf(payment)).toMatchObject({ pay: "settled" });
});

describe("what is owed", () => {
  test("is settled again by the alarm, while the authorization lasts", async () => {
    const payment = await signPayment("10000");
    expect((await pay(fresh("/async/ok?settle=lost"), payment)).status).toBe(200);
    await expect.poll(async () => (await rowOf(payment))["pay"]).toBe("unknown");
    await attend(payment);
    expect(await rowOf(payment)).toMatchObject({ pay: "settled", delivery: "delivered" });
    expect(await settles(payment)).toBe(2);
  });

  test("is not settled again where the chain has it already", async () => {
    const payment = await signPayment("10000");
    expect((await pay(fresh("/async/ok?settle=drop"), payment)).status).toBe(200);
    await expect.poll(async () => (await rowOf(payment))["pay"]).toBe("unknown");
    await pays(payment);
    await attend(payment);
    expect(await rowOf(payment)).toMatchObject({ pay: "settled", tx: transactionOf(payment) });
    expect(await settles(payment)).toBe(1);
  });
});

test("a payment whose time is over by the gate's clock is asked of the chain before its payer is told to sign again", async () => {
  const { path, payment } = await unanswered();
  const transaction = transactionOf(payment);
  const gate = gateOf(configOf(pricing), newHeld(), {
    nowMs: () => Date.now() + 3_600_000,
    chain: chainOf(async () => ({ kind: "paid", transaction, amount: "10000" })),
  });
  const again = await answerOf(gate, requestOf(path, payment));
  expect(again.status).toBe(409);
  expect(await again.json()).toMatchObject({ error: "payment_settled" });
});

describe("a credit beside a new payment of an empty wallet", () => {
  async function creditAndNext() {
    const account = newAccount();
    const path = fresh("/before/once/500?verify=valid,invalid:insufficient_funds");
    expect((await pay(path, upfront(await signPayment("10000", {}, account)))).status).toBe(500);
    return { path, next: upfront(await signPayment("10000", {}, account)) };
  }

  test("is delivered where the chain has that one unused", async () => {
    const { path, next } = await creditAndNext();
    expect((await pay(path, next)).status).toBe(200);
    expect(await settles(next)).toBe(0);
  });

  test("is not delivered where the chain has it used: then everybody can read it", async () => {
    const { path, next } = await creditAndNext();
    await pays(next);
    expect((await pay(path, next)).status).toBe(409);
    expect(await seen(path)).toHaveLength(1);
  });
});
