// What nobody asks about: the alarm of the payer's book finds it out, through the clerk, and tells the seller's books.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Ledger } from "../../src/index.ts";
import { type Payment, signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, fresh, seen } from "../worker/client.ts";
import { payAs } from "./client.ts";

const { LEDGER, BOOKS } = env as unknown as { LEDGER: DurableObjectNamespace<Ledger>; BOOKS: D1Database };

const idOf = ({ accepted, payload }: Payment): string =>
  `${accepted["network"]}|${accepted["asset"]}|${payload.authorization.from}|${payload.authorization.nonce}`.toLowerCase();

const bookOf = ({ payload }: Payment) => LEDGER.getByName(`eip155:84532|${payload.authorization.from.toLowerCase()}`);

/** Rings until what is waited for is so: what the book has to do is due a moment later. */
async function ringUntil(payment: Payment, isSo: () => Promise<boolean>): Promise<void> {
  await expect
    .poll(
      async () => {
        await runDurableObjectAlarm(bookOf(payment));
        return isSo();
      },
      { interval: 200 },
    )
    .toBe(true);
}

const entryOf = async (payment: Payment) => (await bookOf(payment).entry(idOf(payment))) as { pay: string };

const soldTo = async (payment: Payment) =>
  (await BOOKS.prepare("SELECT * FROM payments WHERE id = ?").bind(idOf(payment)).first()) as Record<string, unknown>;

describe("the alarm", () => {
  test("finds out what became of a settlement whose answer was lost, though nobody asks again", async () => {
    const payment = await signPayment("10000");
    const path = fresh("/after/ok?settle=lost");
    expect((await payAs(path, payment)).status).toBe(503);
    await ringUntil(payment, async () => (await entryOf(payment)).pay === "settled");
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle", "/settle"]);
    const again = await payAs(path, payment);
    expect(again.status).toBe(409);
    expect(await seen(path)).toHaveLength(1);
  });

  test("settles what is owed, while the authorization lasts", async () => {
    const payment = await signPayment("10000");
    expect((await payAs(fresh("/async/ok?settle=lost"), payment)).status).toBe(200);
    await ringUntil(payment, async () => (await entryOf(payment)).pay === "settled");
  });

  test("tells the seller's books how every payment ended", async () => {
    const payment = await signPayment("10000");
    expect((await payAs(fresh("/after/ok"), payment)).status).toBe(200);
    await ringUntil(payment, async () => (await soldTo(payment).catch(() => null))?.["delivery"] === "delivered");
    expect(await soldTo(payment)).toMatchObject({ pay: "settled", amount: "10000", route: "/after" });
  });

  test("is over when nothing is left to do", async () => {
    const payment = await signPayment("10000");
    expect((await payAs(fresh("/after/ok"), payment)).status).toBe(200);
    await ringUntil(payment, async () => {
      const at = await runInDurableObject(bookOf(payment), (_, { storage }) => storage.getAlarm());
      return at === null;
    });
  });
});

test("who only asks leaves no book behind", async () => {
  const payment = await signPayment("10000");
  expect(
    (await ask("/after/ok", { headers: { "payment-signature": btoa(JSON.stringify({ ...payment, x402Version: 3 })) } }))
      .status,
  ).toBe(402);
  const tables = await runInDurableObject(bookOf(payment), (_, { storage }) =>
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'payments'").toArray(),
  );
  expect(tables).toEqual([]);
});
