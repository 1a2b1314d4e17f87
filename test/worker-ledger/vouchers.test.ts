import { afterEach, describe, expect, test } from "vitest";
import readme from "../../README.md?raw";
import { redemptionText } from "../../src/gateway/index.ts";
import { newAccount, signPayment, unixNow } from "../support/payment.ts";
import { ask, fresh, ORIGIN, seen, untilFacilitatorIsAsked } from "../worker/client.ts";
import { payAs, redeemWith } from "./client.ts";

afterEach(untilFacilitatorIsAsked);

/** A payment that settled without being delivered, and the token that came with the failure. */
async function credit(account = newAccount()) {
  const payment = await signPayment("10000", {}, account);
  const path = fresh("/after/ok?settle=lost");
  const failed = await payAs(path, payment);
  const body = (await failed.json()) as { redeem: string; payment: string };
  const { from, nonce } = payment.payload.authorization;
  const id = `eip155:84532|0x036cbd53842c5426634e7929541ec2318f3dcf7e|${from}|${nonce}`.toLowerCase();
  return { ...body, path, id, account };
}

const base64url = (text: string): string => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function signed(id: string, account = newAccount(), until = unixNow() + 600, origin = ORIGIN): Promise<string> {
  const signature = await account.signMessage({ message: redemptionText(origin, id, String(until)) });
  return `${base64url(id)}.${until}.${signature}`;
}

describe("what was paid for and not delivered", () => {
  test("is delivered to the payer who signs for it", async () => {
    const { path, id, account } = await credit();
    const served = await redeemWith(path, await signed(id, account));
    expect(served.status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
  });

  test.each<[string, (id: string, account: ReturnType<typeof newAccount>, token: string) => Promise<string> | string]>([
    ["somebody else's signature", (id) => signed(id)],
    ["a signature whose time is over", (id, account) => signed(id, account, unixNow() - 1)],
    ["a signature for longer than an hour", (id, account) => signed(id, account, unixNow() + 4000)],
    ["a signature for another gate", (id, account) => signed(id, account, undefined, "https://other.example")],
    ["a token with another MAC", (_, __, token) => `${token.slice(0, -2)}AA`],
    ["the token of another payment", (id, _, token) => `${base64url(`${id}0`)}.${token.split(".")[1]}`],
    ["the MAC of the payment's address", async (_, __, token) => token.replace(".", "..")],
    ["nothing", () => "x"],
  ])("is not delivered for %s", async (_, forge) => {
    const { path, id, account, redeem } = await credit();
    const response = await redeemWith(path, await forge(id, account, redeem));
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: "invalid_voucher" });
  });

  test("is not delivered for the MAC that only names it", async () => {
    const { path, payment } = await credit();
    const response = await redeemWith(path, payment.split("/").at(-1) ?? "");
    expect(response.status).toBe(403);
  });

  test("is not delivered at another place", async () => {
    const { redeem } = await credit();
    const response = await redeemWith(fresh("/after/ok"), redeem);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: "payment_bound_elsewhere" });
  });
});

describe("a payment's address", () => {
  test("tells its state to who has it", async () => {
    const { payment } = await credit();
    const response = await ask(new URL(payment).pathname);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toMatchObject({ amount: "10000", pay: "unknown" });
  });

  test("tells nothing to who guesses it", async () => {
    const { payment } = await credit();
    const path = new URL(payment).pathname;
    for (const guess of [`${path.slice(0, -2)}AA`, path.split(".")[0] ?? "", "/.faregate/payments/", "/.faregate/x"]) {
      expect((await ask(guess)).status).toBe(404);
    }
  });

  test("is only to be read", async () => {
    const { payment } = await credit();
    expect((await ask(new URL(payment).pathname, { method: "DELETE" })).status).toBe(405);
  });
});

test("the README shows the text that a payer signs", () => {
  const [, shown = ""] = /((?: {6}.+\n)+)\n {2}sent as `Faregate-Redeem: PAYMENT\.UNTIL\.SIGNATURE`/.exec(readme) ?? [];
  const text = shown.trimEnd().replace(/^ {6}/gm, "");
  const [, origin = "", id = "", until = ""] = /at (\S+)\nPayment: (\S+)\nUntil: (\d+)$/.exec(text) ?? [];
  expect(text).toBe(redemptionText(origin, id, until));
  expect(id).toMatch(/^eip155:\d+\|0x[0-9a-f]{40}\|0x[0-9a-f]{40}\|0x[0-9a-f]{64}$/);
});
