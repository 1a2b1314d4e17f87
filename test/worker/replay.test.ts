import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { Ledger } from "../../src/index.ts";
import { newAccount, signPayment, transactionOf, withLowV } from "../support/payment.ts";
import { calledEndpoints, eventually, fresh, pay, seen } from "./client.ts";
import { answerOf, configOf, gateOf, newHeld, requestOf } from "./gate.ts";
import { idOf, inLedger, rowOf } from "./in-ledger.ts";
import pricing from "./pricing.ts";

const bindings = env as unknown as { SPENT: KVNamespace; LEDGER: DurableObjectNamespace<Ledger> };
const TRANSACTION = `0x${"cd".repeat(32)}`;
/** Beyond the end of any payment here. */
const HOUR_MS = 3_600_000;

describe("one payment buys one execution", () => {
  test("of twenty copies at once one is served, and the others are told to wait or that it is spent", async () => {
    const path = fresh("/paid/slow?verify=slow");
    const payment = await signPayment("10000");
    const respelled = { ...payment, payload: { ...payment.payload, signature: withLowV(payment.payload.signature) } };
    const copies = Array.from({ length: 20 }, (_, i) => pay(path, i % 2 ? payment : respelled));
    const responses = await Promise.all(copies);
    expect(responses.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(409)]);
    expect(await seen(path)).toHaveLength(1);
    expect((await calledEndpoints(payment)).filter((endpoint) => endpoint === "/settle")).toHaveLength(1);
    for (const { status, headers } of responses) {
      if (status === 409) expect(headers.has("payment-required") || headers.has("payment-response")).toBe(false);
    }
  });

  test("a copy of a settled payment is told its transaction, and is not asked to pay again", async () => {
    const path = fresh("/paid/ok");
    const payment = await signPayment("10000");
    await pay(path, payment);
    const again = await pay(path, payment);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({
      error: "payment_settled",
      transaction: transactionOf(payment.payload.authorization.nonce),
    });
    expect(again.headers.has("payment-required")).toBe(false);
    expect(again.headers.has("payment-response")).toBe(false);
    expect(await seen(path)).toHaveLength(1);
    // This isolate knows of it: nobody is asked again.
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
  });

  test("the ledger knows it where this isolate does not", async () => {
    const path = fresh("/paid/ok");
    const payment = await signPayment("10000");
    await pay(path.replace("/ok", "/drop"), payment);
    await eventually(() => pay(path.replace("/ok", "/drop"), payment), 402);
    await inLedger(payment, "UPDATE payments SET pay = 'settled', tx = ? WHERE id = ?", TRANSACTION, idOf(payment));
    const again = await pay(path.replace("/ok", "/drop"), payment);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ error: "payment_settled", transaction: TRANSACTION });
  });

  test("KV knows it where the ledger does not, and the claim is given back", async () => {
    const path = fresh("/paid/ok?verify=slow");
    const payment = await signPayment("10000");
    await bindings.SPENT.put(idOf(payment), TRANSACTION);
    const response = await pay(path, payment);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: "payment_settled", transaction: TRANSACTION });
    await expect.poll(async () => (await rowOf(payment))?.["pay"]).toBe("released");
    expect(await seen(path)).toEqual([]);
  });

  test("KV and the ledger may both know it", async () => {
    const path = fresh("/paid/drop?verify=slow");
    const payment = await signPayment("10000");
    await pay(path, payment);
    await expect.poll(async () => (await rowOf(payment))?.["pay"]).toBe("uncharged");
    await bindings.SPENT.put(idOf(payment), TRANSACTION);
    expect((await pay(path, payment)).status).toBeOneOf([402, 409]);
    expect(await seen(path)).toHaveLength(1);
  });

  test("KV that answers late changes nothing: what was begun is brought to its end", async () => {
    const path = fresh("/paid/slow");
    const payment = await signPayment("10000");
    const get = vi.spyOn(bindings.SPENT, "get").mockImplementation(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return TRANSACTION as never;
    });
    const response = await pay(path, payment);
    expect(get).toHaveBeenCalledOnce();
    get.mockRestore();
    expect(response.status).toBe(200);
    await expect.poll(async () => (await rowOf(payment))?.["pay"]).toBe("settled");
  });

  test("KV that fails grants nothing and hinders nothing", async () => {
    const payment = await signPayment("10000");
    const get = vi.spyOn(bindings.SPENT, "get").mockRejectedValue(new Error("KV is down") as never);
    const put = vi.spyOn(bindings.SPENT, "put").mockRejectedValue(new Error("KV is down") as never);
    expect((await pay(fresh("/paid/ok"), payment)).status).toBe(200);
    // Behind the answer, once nobody else has its transaction.
    await expect.poll(() => put.mock.calls.length).toBe(1);
    get.mockRestore();
    put.mockRestore();
  });

  test("KV is told what is spent", async () => {
    const payment = await signPayment("10000");
    await pay(fresh("/paid/ok"), payment);
    await expect.poll(() => bindings.SPENT.get(idOf(payment))).toBe(transactionOf(payment.payload.authorization.nonce));
  });
});

describe("a payment belongs to what it bought", () => {
  test.each<[string, string, RequestInit, string, RequestInit]>([
    ["path", "/paid/ok", {}, "/paid/other", {}],
    ["query", "/paid/ok?a=1", {}, "/paid/ok?a=2", {}],
    ["method", "/paid/ok", {}, "/paid/ok", { method: "DELETE" }],
    ["body", "/paid/ok", { method: "POST", body: "a" }, "/paid/ok", { method: "POST", body: "b" }],
    [
      "content type",
      "/paid/ok",
      { method: "POST", body: "a" },
      "/paid/ok",
      { method: "POST", body: "a", headers: { "content-type": "text/csv" } },
    ],
  ])("another %s is 409 and is not served", async (_, path, init, other, otherInit) => {
    const payment = await signPayment("10000");
    // The upstream drops the connection, so that the isolate does not know the payment as spent.
    const dropped = path.replace("/ok", "/drop");
    await pay(dropped, payment, init);
    const response = await pay(other.replace("/ok", "/drop"), payment, otherInit);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: "payment_bound_elsewhere" });
  });
});

describe("a payment that the ledger knows gets its own truth", () => {
  test("also when its time is over", async () => {
    const path = fresh("/paid/drop");
    const payment = await signPayment("10000");
    expect((await pay(path, payment)).status).toBe(502);
    await expect.poll(async () => (await rowOf(payment))?.["pay"]).toBe("uncharged");
    await inLedger(payment, "UPDATE payments SET pay = 'settled', tx = ? WHERE id = ?", TRANSACTION, idOf(payment));
    const gate = gateOf(configOf(pricing), newHeld(), { nowMs: () => Date.now() + HOUR_MS });
    const response = await answerOf(gate, requestOf(path, payment));
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: "payment_settled", transaction: TRANSACTION });
  });

  test("also when its time is over and this isolate knows it as spent", async () => {
    const path = fresh("/paid/ok");
    const payment = await signPayment("10000");
    const held = newHeld();
    const clock = { aheadMs: 0 };
    const gate = gateOf(configOf(pricing), held, { nowMs: () => Date.now() + clock.aheadMs });
    expect((await answerOf(gate, requestOf(path, payment))).status).toBe(200);
    await held.over();
    clock.aheadMs = HOUR_MS;
    expect((await answerOf(gate, requestOf(path, payment))).status).toBe(409);
  });

  test("a claim past its lease is unknown: nothing is sent again, and nobody is asked to pay", async () => {
    const path = fresh("/paid/drop");
    const payment = await signPayment("10000");
    await pay(path, payment);
    await expect.poll(async () => (await rowOf(payment))?.["pay"]).toBe("uncharged");
    await inLedger(payment, "UPDATE payments SET pay = 'claimed', lease_until = 0 WHERE id = ?", idOf(payment));
    const response = await pay(path, payment);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: "settlement_unknown" });
    expect(response.headers.has("payment-required")).toBe(false);
    expect(await calledEndpoints(payment)).not.toContain("/settle");
  });

  test("a claim within its lease is in flight", async () => {
    const path = fresh("/paid/drop");
    const payment = await signPayment("10000");
    await pay(path, payment);
    await expect.poll(async () => (await rowOf(payment))?.["pay"]).toBe("uncharged");
    await inLedger(payment, "UPDATE payments SET pay = 'claimed' WHERE id = ?", idOf(payment));
    const response = await pay(path, payment);
    expect(response.status).toBe(409);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await response.json()).toMatchObject({ error: "payment_in_flight" });
  });

  test("what one facilitator may have settled is not settled by another", async () => {
    const path = fresh("/paid/ok?settle=lost");
    const payment = await signPayment("10000");
    await pay(path, payment);
    await expect.poll(async () => (await rowOf(payment))?.["pay"]).toBe("unknown");
    await inLedger(payment, "UPDATE payments SET facilitator = 'https://other.example' WHERE id = ?", idOf(payment));
    expect((await pay(path, payment)).status).toBe(503);
    expect((await calledEndpoints(payment)).filter((endpoint) => endpoint === "/settle")).toHaveLength(1);
  });
});

describe("without a ledger nothing is served and nobody is charged", () => {
  /** An account whose ledger breaks after its first payment. */
  async function brokenAccount() {
    const account = newAccount();
    const first = await signPayment("10000", {}, account);
    expect((await pay(fresh("/paid/ok"), first)).status).toBe(200);
    await expect.poll(async () => (await rowOf(first))?.["pay"]).toBe("settled");
    await inLedger(first, "DROP TABLE payments");
    return account;
  }

  test("a payment is 503", async () => {
    const path = fresh("/paid/ok");
    const payment = await signPayment("10000", {}, await brokenAccount());
    const response = await pay(path, payment);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: "ledger_unavailable" });
    expect(await seen(path)).toEqual([]);
    expect(await calledEndpoints(payment)).not.toContain("/settle");
  });

  test("a late payment, which may be an earlier one, is 503 too", async () => {
    const payment = await signPayment("10000", { validBefore: "1" }, await brokenAccount());
    const response = await pay(fresh("/paid/ok"), payment);
    expect(response.status).toBe(503);
    expect(response.headers.has("payment-required")).toBe(false);
  });

  test("an answer that was sold is delivered all the same, and the log holds what the book does not", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const payment = await signPayment("10000");
    const response = pay(fresh("/paid/slow"), payment);
    await expect.poll(async () => (await rowOf(payment).catch(() => undefined))?.["pay"]).toBe("claimed");
    await inLedger(payment, "DROP TABLE payments");
    expect((await response).status).toBe(200);
    const line = () => log.mock.calls.map(([text]) => String(text)).find((text) => text.includes(idOf(payment)));
    await expect.poll(line).toContain("not_recorded");
    expect(line()).toContain(transactionOf(payment.payload.authorization.nonce));
    log.mockRestore();
  });
});

describe("the books", () => {
  test("hold what was bought, from whom, for how much, and how it ended", async () => {
    const payment = await signPayment("10000");
    await pay(fresh("/paid/ok"), payment);
    await expect.poll(async () => (await rowOf(payment))?.["pay"]).toBe("settled");
    expect(await rowOf(payment)).toMatchObject({
      network: "eip155:84532",
      payer: payment.payload.authorization.from,
      pay_to: payment.payload.authorization.to,
      amount: "10000",
      route: "/paid",
      delivery: "delivered",
      tx: transactionOf(payment.payload.authorization.nonce),
      settle_body: null,
    });
  });

  test.each([
    ["stream/ok", "delivered"],
    ["stream/broken", "truncated"],
  ])("tell how the stream %s ended", async (name, delivery) => {
    const payment = await signPayment("10000");
    const response = await pay(fresh(`/paid/${name}`), payment);
    await response.text().catch(() => undefined);
    await expect.poll(async () => (await rowOf(payment))?.["delivery"]).toBe(delivery);
    expect((await rowOf(payment))?.["pay"]).toBe("settled");
  });
});
