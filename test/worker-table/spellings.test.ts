// Spellings that a route takes and others refuse, up to the payment.

import { describe, expect, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { ask, decode, pay, seen } from "../worker/client.ts";

const amountOf = async (path: string): Promise<unknown> => {
  const [first] = decode((await ask(path)).headers.get("payment-required")).accepts;
  return (first as { readonly amount: string }).amount;
};

describe("a route that takes an encoded slash", () => {
  test("is sold by the URL that was asked", async () => {
    const answer = await ask("/packages/@scope%2fname?v=1");
    expect(answer.status).toBe(402);
    expect(decode(answer.headers.get("payment-required"))["resource"]).toMatchObject({
      url: "https://api.example.com/packages/@scope%2Fname?v=1",
    });
  });

  test("is paid and served as it was asked, and its payment buys no other spelling", async () => {
    const payment = await signPayment("10000");
    const path = `/packages/${payment.payload.authorization.nonce}%2Fname`;
    expect((await pay(path, payment)).status).toBe(200);
    expect((await seen(path)).map(({ url }) => url)).toEqual([`/base${path}`]);
    expect((await pay(path.replace("%2F", "/"), payment)).status).toBe(409);
  });

  test("takes it nowhere else", async () => {
    for (const path of [
      "/packages%2Fa",
      "/quotes/a%2Fb",
      "/unmatched/a%2Fb",
      "/packages/..%2Fquotes",
      "/packages/a%2F",
    ]) {
      expect([path, (await ask(path)).status]).toEqual([path, 400]);
    }
  });

  test("names the spelling that is refused", async () => {
    expect(await (await ask("/quotes/a%2Fb")).json()).toMatchObject({
      error: "invalid_path",
      flaw: "encoded_delimiter",
    });
  });

  test.each([
    ["/packages/a%2Fb", 204],
    ["/quotes/a%2Fb", 400],
  ])("has a preflight answered as the call would be: %s is %i", async (path, status) => {
    const headers = { origin: "https://app.example", "access-control-request-method": "GET" };
    expect((await ask(path, { method: "OPTIONS", headers })).status).toBe(status);
  });
});

describe("keys that differ in letter case alone", () => {
  test("have each its own price", async () => {
    expect(await amountOf("/Cased")).toBe("10000");
    expect(await amountOf("/cased")).toBe("20000");
  });

  test("have none in a third letter case, also below them, and pass nothing on", async () => {
    for (const path of ["/CASED", "/CASED/x"]) {
      const answer = await ask(path);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: "invalid_path", flaw: "letter_case" });
      expect(await seen(path)).toEqual([]);
    }
  });
});
