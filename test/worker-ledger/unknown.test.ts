import { describe, expect, test } from "vitest";
import { newAccount, signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, decode, fresh, seen } from "../worker/client.ts";
import { idempotent, newKey, payAs, redeemWith } from "./client.ts";

/** What is paid in a settlement whose answer gets lost; asked again, the facilitator knows of it. */
const LOST = "settle=lost";

describe("a settlement whose answer was lost", () => {
  test("is told to who presents the payment again, without the goods", async () => {
    const payment = await signPayment("10000");
    const path = fresh(`/after/ok?${LOST}`);
    expect((await payAs(path, payment)).status).toBe(503);
    const again = await payAs(path, payment);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ error: "payment_settled" });
    expect(again.headers.has("payment-response")).toBe(false);
    expect(again.headers.has("payment-required")).toBe(false);
    expect(await seen(path)).toHaveLength(1);
  });

  test("is served to who presents it with the key that came with it first, from the answer that was kept", async () => {
    const payment = await signPayment("10000");
    const key = idempotent(newKey());
    const path = fresh(`/after/ok?${LOST}`);
    expect((await payAs(path, payment, key)).status).toBe(503);
    const served = await payAs(path, payment, key);
    expect(served.status).toBe(200);
    expect(await served.json()).toEqual({ goods: true });
    expect(decode(served.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(await seen(path)).toHaveLength(1);
  });

  test("is not served for a key that could be guessed", async () => {
    const payment = await signPayment("10000");
    const key = idempotent("order-17");
    const path = fresh(`/after/ok?${LOST}`);
    expect((await payAs(path, payment, key)).status).toBe(503);
    expect((await payAs(path, payment, key)).status).toBe(409);
  });

  test("is not served for a key that came later", async () => {
    const payment = await signPayment("10000");
    const path = fresh(`/after/ok?${LOST}`);
    expect((await payAs(path, payment)).status).toBe(503);
    expect((await payAs(path, payment, idempotent(newKey()))).status).toBe(409);
  });

  test("is served for the token that the failed answer carried", async () => {
    const payment = await signPayment("10000");
    const path = fresh(`/after/ok?${LOST}`);
    const failed = await payAs(path, payment);
    const { redeem = "" } = (await failed.json()) as { redeem?: string };
    const served = await redeemWith(path, redeem);
    expect(served.status).toBe(200);
    expect(await served.json()).toEqual({ goods: true });
    expect(await seen(path)).toHaveLength(1);
  });

  test("is served to the payer who signs another payment for the same call, which is not touched", async () => {
    const account = newAccount();
    const [first, second] = [await signPayment("10000", {}, account), await signPayment("10000", {}, account)];
    const path = fresh(`/after/ok?${LOST}`);
    expect((await payAs(path, first)).status).toBe(503);
    const served = await payAs(path, second);
    expect(served.status).toBe(200);
    expect(decode(served.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(await seen(path)).toHaveLength(1);
    expect(await calledEndpoints(second)).not.toContain("/settle");
    // Its own authorization was never claimed, so it buys something of its own.
    expect((await payAs(fresh("/after/ok"), second)).status).toBe(200);
  });

  test("does not pay for another call of the same payer", async () => {
    const account = newAccount();
    const path = fresh(`/after/ok?${LOST}`);
    expect((await payAs(path, await signPayment("10000", {}, account))).status).toBe(503);
    const other = await signPayment("10000", {}, account);
    expect((await payAs(fresh("/after/ok"), other)).status).toBe(200);
    expect(await calledEndpoints(other)).toContain("/settle");
  });
});

describe("a settlement that stays unknown", () => {
  test("makes the payer of another signature for the same call wait, and charges nothing", async () => {
    const account = newAccount();
    const path = fresh("/after/ok?settle=drop");
    expect((await payAs(path, await signPayment("10000", {}, account))).status).toBe(503);
    const second = await signPayment("10000", {}, account);
    const waiting = await payAs(path, second);
    expect(waiting.status).toBe(503);
    expect(waiting.headers.get("retry-after")).not.toBeNull();
    expect(waiting.headers.has("payment-required")).toBe(false);
    expect(await calledEndpoints(second)).not.toContain("/settle");
    expect(await seen(path)).toHaveLength(1);
  });

  test("is not delivered for its token either", async () => {
    const path = fresh("/after/ok?settle=drop");
    const failed = await payAs(path, await signPayment("10000"));
    const { redeem = "", payment = "" } = (await failed.json()) as { redeem?: string; payment?: string };
    expect((await redeemWith(path, redeem)).status).toBe(503);
    const state = await ask(new URL(payment).pathname);
    expect(await state.json()).toMatchObject({ pay: "unknown", delivery: "none" });
  });
});
