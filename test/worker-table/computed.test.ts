// Prices that follow the request: what was priced is what reaches the API, and nothing else is sold for it.

import { describe, expect, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, decode, fresh, pay, seen } from "../worker/client.ts";

/** The amounts of the challenge; null where there is none. */
async function askedOf(response: Response): Promise<readonly unknown[] | null> {
  const challenge = response.headers.get("payment-required");
  return challenge === null ? null : decode(challenge).accepts.map((entry) => (entry as { amount: string }).amount);
}

describe("a price by query", () => {
  test.each([
    ["small", "10000"],
    ["large", "20000"],
  ])("asks for %s what its entry says", async (model, amount) => {
    const path = fresh(`/models/ok?model=${model}`);
    const response = await ask(path);
    expect(response.status).toBe(402);
    expect(await askedOf(response)).toEqual([amount]);
    expect((await pay(path, await signPayment(amount))).status).toBe(200);
    expect((await seen("/models/ok")).filter(({ url }) => url.endsWith(path.slice(path.indexOf("?"))))).toHaveLength(1);
  });

  test("sells nothing dear for the price of something cheap", async () => {
    const path = fresh("/models/ok?model=large");
    const payment = await signPayment("10000");
    expect((await pay(path, payment)).status).toBe(402);
    expect(await calledEndpoints(payment)).toEqual([]);
  });

  test("passes what is free, unpaid, and refuses what is closed", async () => {
    expect((await ask(fresh("/models/ok?model=tiny"))).status).toBe(200);
    const closed = await ask(fresh("/models/ok?model=secret"));
    expect(closed.status).toBe(403);
    expect(await closed.json()).toMatchObject({ error: "not_sold" });
  });

  test.each([
    ["?model=small&model=large", "price_ambiguous"],
    ["?model[]=large", "price_ambiguous"],
    ["?Model=large", "price_ambiguous"],
    ["?x=1;model=large&model=small", "price_ambiguous"],
    ["?model=Large", "price_ambiguous"],
    ["?model=other", "price_unknown"],
    ["?x=1", "price_unknown"],
  ])("is not guessed of %s: 400 %s, and the API is not asked", async (query, error) => {
    const path = fresh(`/models/ok${query}`);
    const response = await pay(path, await signPayment("10000"));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error });
    expect(await seen(path)).toEqual([]);
  });
});
