import { describe, expect, test } from "vitest";
import { present, v1, v2 } from "../conformance/envelopes.ts";
import { newAccount, signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, decode, fresh, seen } from "../worker/client.ts";
import { idempotent, newKey, payAs } from "./client.ts";

const identified = (id: unknown) => ({ extensions: { "payment-identifier": { info: { required: false, id } } } });

describe("a call that is repeated with its key", () => {
  test("gets the same answer and is charged once, also for another signature of the payer", async () => {
    const account = newAccount();
    const key = idempotent(newKey());
    const path = fresh("/after/ok");
    expect((await payAs(path, await signPayment("10000", {}, account), key)).status).toBe(200);
    const second = await signPayment("10000", {}, account);
    await expect.poll(async () => (await payAs(path, second, key)).status).toBe(200);
    const repeat = await payAs(path, second, key);
    expect(await repeat.json()).toEqual({ goods: true });
    expect(decode(repeat.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(await seen(path)).toHaveLength(1);
    expect(await calledEndpoints(second)).not.toContain("/settle");
  });

  test("is a conflict for another request, and nothing is charged", async () => {
    const account = newAccount();
    const key = idempotent(newKey());
    expect((await payAs(fresh("/after/ok"), await signPayment("10000", {}, account), key)).status).toBe(200);
    const second = await signPayment("10000", {}, account);
    const other = await payAs(fresh("/after/ok"), second, key);
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ error: "key_reused" });
    expect(await calledEndpoints(second)).not.toContain("/settle");
  });

  test("waits for the first where that is under way", async () => {
    const account = newAccount();
    const key = idempotent(newKey());
    const path = fresh("/after/slow");
    const first = payAs(path, await signPayment("10000", {}, account), key);
    await expect.poll(() => seen(path)).toHaveLength(1);
    const second = await payAs(path, await signPayment("10000", {}, account), key);
    expect(second.status).toBe(409);
    expect(await second.json()).toMatchObject({ error: "payment_in_flight" });
    expect((await first).status).toBe(200);
  });

  test("may be tried again with another payment where it ended without a charge", async () => {
    const account = newAccount();
    const key = idempotent(newKey());
    const path = fresh("/after/once/500");
    expect((await payAs(path, await signPayment("10000", {}, account), key)).status).toBe(500);
    await expect.poll(async () => (await payAs(path, await signPayment("10000", {}, account), key)).status).toBe(200);
  });

  test("of another payer is another call", async () => {
    const key = idempotent(newKey());
    const path = fresh("/after/ok");
    expect((await payAs(path, await signPayment("10000"), key)).status).toBe(200);
    expect((await payAs(path, await signPayment("10000"), key)).status).toBe(200);
    expect(await seen(path)).toHaveLength(2);
  });

  test("is known by its payment identifier too", async () => {
    const account = newAccount();
    const id = identified(newKey());
    const path = fresh("/after/ok");
    expect((await payAs(path, { ...(await signPayment("10000", {}, account)), ...id })).status).toBe(200);
    const again = { ...(await signPayment("10000", {}, account)), ...id };
    await expect.poll(async () => (await payAs(path, again)).status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
  });

  test("is a conflict for another request, by its payment identifier too", async () => {
    const account = newAccount();
    const id = identified(newKey());
    expect((await payAs(fresh("/after/ok"), { ...(await signPayment("10000", {}, account)), ...id })).status).toBe(200);
    const second = { ...(await signPayment("10000", {}, account)), ...id };
    const other = await payAs(fresh("/after/ok"), second);
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ error: "key_reused" });
    expect(await calledEndpoints(second)).not.toContain("/settle");
  });

  test.each([["short"], ["with a space in it"], [17]])("is not understood by the identifier %j", async (id) => {
    const response = await payAs(fresh("/after/ok"), { ...(await signPayment("10000")), ...identified(id) });
    expect(response.status).toBe(400);
  });
});

describe("a route that requires a payment identifier", () => {
  const required = (id?: string) => ({ "payment-identifier": { info: { required: true, ...(id && { id }) } } });

  test("says so, and is bought with one", async () => {
    const { extensions } = decode((await ask("/named/ok")).headers.get("payment-required"));
    expect(extensions).toMatchObject(required());
    const payment = { ...(await signPayment("10000")), extensions: required(newKey()) };
    expect((await payAs(fresh("/named/ok"), payment)).status).toBe(200);
  });

  test.each([v2, v1])("is 400 without one, and nobody is asked (v$version)", async (envelope) => {
    const payment = await signPayment("10000");
    const path = fresh("/named/ok");
    const response = await present(envelope, path, envelope.wrap(payment), { headers: idempotent(newKey()) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_payload" });
    expect(await calledEndpoints(payment)).toEqual([]);
    expect(await seen(path)).toEqual([]);
  });
});
