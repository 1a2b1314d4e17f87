// What KV knows of spent payments: it only ever refuses, and nothing hangs on it.

import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { buildSpentPayments } from "../../src/ledger/index.ts";
import { newAccount, type Payment, signPayment, transactionOf } from "../support/payment.ts";
import { calledEndpoints, fresh, seen } from "../worker/client.ts";
import { answerOf, configOf, gateOf, hangingBooks, newHeld, requestOf } from "../worker/gate.ts";
import pricing from "../worker/pricing-ledger.ts";
import { idempotent, newKey, upfront } from "./client.ts";

const { SPENT } = env as unknown as { SPENT: KVNamespace };
const config = configOf(pricing);
const TRANSACTION = `0x${"cd".repeat(32)}`;

const idOf = ({ accepted, payload: { authorization } }: Payment): string =>
  `${accepted["network"]}|${accepted["asset"]}|${authorization.from}|${authorization.nonce}`.toLowerCase();

/** A KV whose reads are of the test's own making. */
const spentIn = (get: () => Promise<string | null>, put: () => Promise<void> = async () => undefined) =>
  buildSpentPayments({ get, put } as unknown as KVNamespace, new Map());

const never = () => new Promise<never>(() => undefined);
const late = (value: string | null) => async () => {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return value;
};

describe("while the ledger hangs", () => {
  test("a payment that KV knows as spent is told so", async () => {
    const payment = await signPayment("10000");
    await SPENT.put(idOf(payment), TRANSACTION);
    const gate = gateOf(config, newHeld(), { books: hangingBooks });
    const response = await answerOf(gate, requestOf(fresh("/after/ok"), payment));
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: "payment_settled", transaction: TRANSACTION });
    expect(response.headers.has("payment-required") || response.headers.has("payment-response")).toBe(false);
  });

  test("a payment that this isolate knows as spent is told so without asking anybody", async () => {
    const payment = await signPayment("10000");
    const spent = buildSpentPayments(
      { get: never, put: never } as unknown as KVNamespace,
      new Map([[idOf(payment), TRANSACTION]]),
    );
    const gate = gateOf(config, newHeld(), { books: hangingBooks, spent });
    const response = await answerOf(gate, requestOf(fresh("/after/ok"), payment));
    expect(response.status).toBe(409);
    expect(await calledEndpoints(payment)).toEqual([]);
  });
});

describe("one payment buys one execution and is charged once", () => {
  const parts = [
    ["empty", spentIn(async () => null)],
    ["slow", spentIn(late(null))],
    ["silent", spentIn(never, never)],
    [
      "failing",
      spentIn(
        () => Promise.reject(new Error("KV is down")),
        () => Promise.reject(new Error("KV is down")),
      ),
    ],
  ] as const;
  const modes = [
    ["after", (payment: Payment) => payment],
    ["before", upfront],
    ["async", (payment: Payment) => payment],
  ] as const;

  test.each(parts.flatMap(([name]) => modes.map(([mode]) => [name, mode] as const)))(
    "with a KV that is %s, on a route that settles %s",
    async (name, mode) => {
      // A new isolate for the second call, which remembers nothing.
      const [, spent] = parts.find(([one]) => one === name) ?? expect.fail();
      const [, flow] = modes.find(([one]) => one === mode) ?? expect.fail();
      const payment = flow(await signPayment("10000"));
      const path = fresh(`/${mode}/ok`);
      const held = newHeld();
      const gate = gateOf(config, held, { spent });
      expect((await answerOf(gate, requestOf(path, payment))).status).toBe(200);
      await Promise.race([held.over(), new Promise((resolve) => setTimeout(resolve, 500))]);
      const again = await answerOf(
        gateOf(config, held, { spent: name === "silent" ? spentIn(never, never) : spentIn(async () => null) }),
        requestOf(path, payment),
      );
      expect(again.status).toBe(409);
      expect(await again.json()).toMatchObject({ error: "payment_settled" });
      expect(await seen(path)).toHaveLength(1);
      expect((await calledEndpoints(payment)).filter((endpoint) => endpoint === "/settle")).toHaveLength(1);
    },
  );

  test("with a KV that is stale about a payment that was given back: its buyer is refused, and not charged", async () => {
    const payment = await signPayment("10000");
    const gate = gateOf(config, newHeld(), { spent: spentIn(async () => TRANSACTION) });
    const path = fresh("/before/ok");
    const response = await answerOf(gate, requestOf(path, upfront(payment)));
    expect(response.status).toBe(409);
    expect(await calledEndpoints(payment)).toEqual(["/verify"]);
    expect(await seen(path)).toEqual([]);
  });
});

test("who has proof of the purchase is asked of the ledger, whatever KV knows", async () => {
  const account = newAccount();
  const payment = await signPayment("10000", {}, account);
  const key = idempotent(newKey());
  const path = fresh("/after/ok");
  const held = newHeld();
  const gate = gateOf(config, held);
  expect((await answerOf(gate, requestOf(path, payment, key))).status).toBe(200);
  await held.over();
  expect(await SPENT.get(idOf(payment))).toBe(transactionOf(payment.payload.authorization.nonce));
  const again = await answerOf(gate, requestOf(path, payment, key));
  expect(again.status).toBe(200);
  expect(await again.json()).toEqual({ goods: true });
  expect(await seen(path)).toHaveLength(1);
});
