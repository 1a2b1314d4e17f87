import { describe, expect, test } from "vitest";
import { redemptionText } from "../../../src/gateway/index.ts";
import { encodeId } from "../../../src/gateway/seal.ts";
import { newAccount, signPayment } from "../../support/payment.ts";
import { failing, idOf, ORIGIN, openGate, reasonOf, type Sent, tokenOf, upfront } from "./gate.ts";

const table = { routes: { "/before": { price: "$0.01", settle: "before" } } };
const voucher = (text: string): Pick<Sent, "headers"> => ({ headers: new Headers({ "faregate-redeem": text }) });

/** Paid, and the API failed once. */
async function credit() {
  const account = newAccount();
  const payment = upfront(await signPayment("10000", {}, account));
  const gate = openGate(table, { upstream: failing(1) });
  const failed = await gate.pay("/before", payment);
  expect(reasonOf(failed)).toBe("paid_undelivered");
  const nowSeconds = Math.floor(gate.clock.nowMs / 1000);
  const sign = async (lastsSeconds: number, signer = account, origin = ORIGIN): Promise<string> => {
    const until = String(nowSeconds + lastsSeconds);
    const signature = await signer.signMessage({ message: redemptionText(origin, idOf(payment), until) });
    return `${encodeId(idOf(payment))}.${until}.${signature}`;
  };
  return { ...gate, payment, account, token: tokenOf(failed), sign };
}

describe("what was paid for and not delivered", () => {
  test("is delivered for the token that the failed answer carried, once", async () => {
    const { ask, token, seen, asked, entry, payment } = await credit();
    expect(await ask("/before", voucher(token))).toMatchObject({ kind: "redelivered", receipt: { success: true } });
    expect(entry(payment)).toBe("settled, redeemed");
    expect(reasonOf(await ask("/before", voucher(token)))).toBe("payment_settled");
    expect(seen).toHaveLength(2);
    expect(asked).toEqual(["verify", "settle"]);
  });

  test.each([0, 600, 3600])("is delivered to the payer who signs for it for %i seconds more", async (seconds) => {
    const { ask, sign } = await credit();
    expect(reasonOf(await ask("/before", voucher(await sign(seconds))))).toBe("redelivered");
  });

  type Credit = Awaited<ReturnType<typeof credit>>;
  test.each<[string, (credit: Credit) => Promise<string> | string]>([
    ["a signature whose time is over", ({ sign }) => sign(-1)],
    ["a signature for longer than an hour", ({ sign }) => sign(3601)],
    ["somebody else's signature", ({ sign }) => sign(600, newAccount())],
    ["a signature for another gate", ({ sign, account }) => sign(600, account, "https://other.example")],
    ["a signature for what is no payment", async ({ sign }) => (await sign(600)).replace(/^[^.]+/, "x")],
    ["a signature that is none", async ({ sign }) => (await sign(600)).replace(/[^.]+$/, "0x")],
    ["a token that is spelled with another letter", ({ token }) => `${token.slice(0, -2)}AA`],
    ["nothing", () => "x"],
  ])("is not delivered for %s", async (_, forge) => {
    const gate = await credit();
    expect(reasonOf(await gate.ask("/before", voucher(await forge(gate))))).toBe("invalid_voucher");
    expect(gate.seen).toHaveLength(1);
  });

  test("is not delivered for a payment that was never made", async () => {
    const account = newAccount();
    const payment = upfront(await signPayment("10000", {}, account));
    const { ask, clock, seen } = openGate(table);
    const until = String(Math.floor(clock.nowMs / 1000));
    const signature = await account.signMessage({ message: redemptionText(ORIGIN, idOf(payment), until) });
    const text = `${encodeId(idOf(payment))}.${until}.${signature}`;
    expect(reasonOf(await ask("/before", voucher(text)))).toBe("invalid_voucher");
    expect(seen).toEqual([]);
  });

  test("stays a credit where the body that comes with its token is not whole", async () => {
    const { ask, token, seen, entry, payment } = await credit();
    const { headers } = voucher(token);
    headers.set("content-length", "5");
    const call = { method: "POST", headers, body: new TextEncoder().encode("abc") };
    expect(reasonOf(await ask("/before", call))).toBe("body_incomplete");
    expect(seen).toHaveLength(1);
    expect(entry(payment)).toBe("settled, undelivered");
  });
});
