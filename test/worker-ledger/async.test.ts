import { describe, expect, test } from "vitest";
import { newAccount, signPayment } from "../support/payment.ts";
import { calledEndpoints, fresh, release, seen } from "../worker/client.ts";
import { payAs } from "./client.ts";

describe("a route that answers first", () => {
  test("serves before it settles, and settles behind the answer", async () => {
    const payment = await signPayment("10000");
    const path = fresh("/async/ok?settle=slow");
    const response = await payAs(path, payment);
    expect(response.status).toBe(200);
    expect(response.headers.has("payment-response")).toBe(false);
    await expect.poll(() => calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    await expect
      .poll(async () => (await (await payAs(path, payment)).json()) as object)
      .toMatchObject({ error: "payment_settled" });
    expect(await seen(path)).toHaveLength(1);
  });

  test("charges nothing for an error of the API", async () => {
    const payment = await signPayment("10000");
    expect((await payAs(fresh("/async/status/500"), payment)).status).toBe(500);
    expect(await calledEndpoints(payment)).toEqual(["/verify"]);
  });

  test("lets a payer owe no more than the table says", async () => {
    const account = newAccount();
    for (let i = 0; i < 3; i++) {
      const path = fresh("/async/ok?settle=rejected:insufficient_funds");
      expect((await payAs(path, await signPayment("10000", {}, account))).status).toBe(200);
    }
    const one = await signPayment("10000", {}, account);
    const path = fresh("/async/ok");
    const response = await payAs(path, one);
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ error: "payer_over_cap", cap: "unsettled" });
    expect(response.headers.get("retry-after")).not.toBeNull();
    expect(await seen(path)).toEqual([]);
    expect(await calledEndpoints(one)).not.toContain("/settle");
  });
});

describe("a payer's caps", () => {
  test("stop one whose calls the API keeps refusing", async () => {
    const account = newAccount();
    for (let i = 0; i < 2; i++) {
      const path = fresh("/after/status/500");
      expect((await payAs(path, await signPayment("10000", {}, account))).status).toBe(500);
    }
    const path = fresh("/after/ok");
    await expect
      .poll(async () => (await payAs(path, await signPayment("10000", {}, account))).status, { interval: 20 })
      .toBe(429);
  });

  test("stop one with too many calls under way", async () => {
    const account = newAccount();
    const paths = Array.from({ length: 3 }, () => fresh("/patient/held"));
    const running = paths.map(async (path) => payAs(path, await signPayment("10000", {}, account)));
    for (const path of paths) await expect.poll(() => seen(path), { interval: 20 }).toHaveLength(1);
    const response = await payAs(fresh("/after/ok"), await signPayment("10000", {}, account));
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ cap: "in_flight" });
    for (const path of paths) await release(path);
    for (const { status } of await Promise.all(running)) expect(status).toBe(200);
  });

  test("stop one who wants more than may be unsettled", async () => {
    const account = newAccount();
    const path = fresh("/dear/ok?settle=drop");
    expect((await payAs(path, await signPayment("90000000", {}, account))).status).toBe(503);
    const response = await payAs(fresh("/dear/ok"), await signPayment("90000000", {}, account));
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ cap: "unsettled" });
  });
});
