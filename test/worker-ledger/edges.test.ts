// Parts that fail at the worst moment: nobody is charged for what was not there, and what was charged is not lost.

import { describe, expect, test } from "vitest";
import { findOut, redemptionText } from "../../src/gateway/index.ts";
import { buildBooks, buildExposure, type Due, type LedgerStub } from "../../src/ledger/index.ts";
import { newAccount, type Payment, signPayment, unixNow } from "../support/payment.ts";
import { ask, calledEndpoints, chunked, fresh, ORIGIN, seen } from "../worker/client.ts";
import { answerOf, chainOf, configOf, gateOf, newHeld, openLedger, requestOf } from "../worker/gate.ts";
import pricing from "../worker/pricing-ledger.ts";
import { inBook, rowOf } from "../worker-chain/chain.ts";
import { idempotent, newKey, payAs, redeemWith, upfront } from "./client.ts";

const config = configOf(pricing);

/** Beyond the end of any payment here. */
const HOUR_MS = 3_600_000;

/** Ledgers that answer as they should, but for these methods. */
const booksWithout = (...methods: readonly string[]) =>
  buildBooks(
    (name) =>
      new Proxy({} as LedgerStub, {
        get: (_, method: keyof LedgerStub) =>
          methods.includes(method)
            ? () => Promise.reject(new Error("the object cannot be reached"))
            : (...args: never[]) => (openLedger(name)[method] as (...args: never[]) => unknown)(...args),
      }),
  );

const idOf = ({ accepted, payload: { authorization } }: Payment): string =>
  `${accepted["network"]}|${accepted["asset"]}|${authorization.from}|${authorization.nonce}`.toLowerCase();
const entryOf = async (payment: Payment) =>
  (await openLedger(`eip155:84532|${payment.payload.authorization.from.toLowerCase()}`).entry(idOf(payment))) as {
    pay: string;
  } | null;

/** What the ledger lends to who finds out. */
const dueOf = (payment: Payment, changes: Partial<Due> = {}): Due => ({
  id: idOf(payment),
  attempt: "x",
  courier: "courier",
  network: "eip155:84532",
  asset: String(payment.accepted["asset"]),
  payer: payment.payload.authorization.from,
  payTo: payment.payload.authorization.to,
  amount: "10000",
  route: "/after",
  charge: "10000",
  facilitator: config.facilitators[0]?.kind === "http" ? config.facilitators[0].url : "",
  settleBody: JSON.stringify({
    paymentPayload: { ...payment, resource: { url: `${ORIGIN}/after/ok` } },
    paymentRequirements: payment.accepted,
  }),
  isOwed: false,
  settleBegan: true,
  transaction: null,
  createdAtMs: Date.now(),
  validBeforeMs: Date.now() + 300_000,
  ...changes,
});

describe("while the gate's own key cannot be had", () => {
  const keyless = { seal: { sign: async () => null } };

  test("who paid and got nothing is told so without a token, and redeems with the payer's signature", async () => {
    const held = newHeld();
    const gate = gateOf(config, held, keyless);
    const account = newAccount();
    const payment = upfront(await signPayment("10000", {}, account));
    const path = fresh("/before/once/500");
    const failed = await answerOf(gate, requestOf(path, payment));
    expect(failed.status).toBe(500);
    expect(await failed.json()).not.toHaveProperty("redeem");
    const until = String(unixNow() + 600);
    const signature = await account.signMessage({ message: redemptionText(ORIGIN, idOf(payment), until) });
    const name = btoa(idOf(payment)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const served = await answerOf(gate, requestOf(path, null, { "faregate-redeem": `${name}.${until}.${signature}` }));
    expect(served.status).toBe(200);
    await held.over();
  });

  test("no token and no address of a payment opens anything", async () => {
    const gate = gateOf(config, newHeld(), keyless);
    const voucher = `${btoa("eip155:84532|a|b|c").replaceAll("=", "")}.mac`;
    expect((await answerOf(gate, requestOf("/after/ok", null, { "faregate-redeem": voucher }))).status).toBe(403);
    expect((await answerOf(gate, requestOf(`/.faregate/payments/${voucher}`, null))).status).toBe(404);
  });
});

describe("while the ledger cannot be reached", () => {
  test("a payment's address says so, and not that there is none", async () => {
    const failed = await payAs(fresh("/after/ok?settle=drop"), await signPayment("10000"));
    const { payment = "" } = (await failed.json()) as { payment?: string };
    const seal = { sign: async () => new URL(payment).pathname.split(".").at(-1) ?? "" };
    const gate = gateOf(config, newHeld(), { books: booksWithout("entry"), seal });
    const response = await answerOf(gate, requestOf(new URL(payment).pathname, null));
    expect(response.status).toBe(503);
  });

  test("a token is 503, and stays good", async () => {
    const path = fresh("/before/once/500");
    const failed = await payAs(path, upfront(await signPayment("10000")));
    const { redeem = "" } = (await failed.json()) as { redeem?: string };
    const seal = { sign: async () => redeem.split(".").at(-1) ?? "" };
    const gate = gateOf(config, newHeld(), { books: booksWithout("present"), seal });
    expect((await answerOf(gate, requestOf(path, null, { "faregate-redeem": redeem }))).status).toBe(503);
    expect((await redeemWith(path, redeem)).status).toBe(200);
  });

  test("nothing is served that would be owed and stand in no book, and nobody is charged for it", async () => {
    const held = newHeld();
    const payment = await signPayment("10000");
    const path = fresh("/async/ok");
    const response = await answerOf(gateOf(config, held, { books: booksWithout("record") }), requestOf(path, payment));
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain("goods");
    await held.over();
    expect(await calledEndpoints(payment)).toEqual(["/verify"]);
  });
});

test("an error of the API on a route that answers first is charged to nobody, now or later", async () => {
  const held = newHeld();
  const payment = await signPayment("10000");
  const path = fresh("/async/status/500");
  expect((await answerOf(gateOf(config, held), requestOf(path, payment))).status).toBe(500);
  await held.over();
  expect(await entryOf(payment)).toMatchObject({ pay: "uncharged" });
  expect(await calledEndpoints(payment)).toEqual(["/verify"]);
});

describe("finding out", () => {
  test.each<[string, Partial<Due>]>([
    ["whose facilitator the table does not name any more", { facilitator: "https://gone.example" }],
    ["whose words were not kept", { settleBody: "" }],
    [
      "that may not have begun to settle, at a facilitator that is gone",
      { settleBegan: false, facilitator: "https://gone.example" },
    ],
  ])("asks nobody about a payment %s", async (_, changes) => {
    const payment = await signPayment("10000");
    await findOut(gateOf(config, newHeld()), dueOf(payment, changes), true);
    expect(await calledEndpoints(payment)).toEqual([]);
  });

  test.each(["", "?verify=invalid:nonce_already_used", "?verify=html"])(
    "asks for no more than a word where it is not known whether a settlement was begun (%s)",
    async (query) => {
      const payment = await signPayment("10000");
      const body = {
        paymentPayload: { ...payment, resource: { url: `${ORIGIN}/after/ok${query}` } },
        paymentRequirements: payment.accepted,
      };
      await findOut(
        gateOf(config, newHeld()),
        dueOf(payment, { settleBegan: false, settleBody: JSON.stringify(body) }),
        true,
      );
      expect(await calledEndpoints(payment)).toEqual(["/verify"]);
    },
  );

  test("asks nobody when the time is up and there is no chain to look at", async () => {
    const payment = await signPayment("10000");
    await findOut(gateOf(config, newHeld()), dueOf(payment, { validBeforeMs: Date.now() - 121_000 }), true);
    expect(await calledEndpoints(payment)).toEqual([]);
  });

  test("settles nothing that only the alarm asks about where the chain has it unused", async () => {
    const payment = await signPayment("10000");
    const gate = gateOf(config, newHeld(), {
      chain: chainOf(async () => ({ kind: "unused", chainTimeMs: Date.now() })),
    });
    await findOut(gate, dueOf(payment), false);
    expect(await calledEndpoints(payment)).toEqual([]);
    await findOut(gate, dueOf(payment, { isOwed: true }), false);
    expect(await calledEndpoints(payment)).toEqual(["/settle"]);
  });
});

test("a payment that KV calls spent is given back whole, also where it was to be owed", async () => {
  const held = newHeld();
  const payment = await signPayment("10000");
  const exposure = buildExposure(() => openLedger("edges"));
  const spent = {
    recall: () => null,
    isFirst: () => true,
    note: () => undefined,
    forget: () => undefined,
    read: async () => `0x${"cd".repeat(32)}`,
    write: async () => undefined,
  };
  const gate = gateOf({ ...config, unsettledTotalMicros: 10_000n }, held, { spent, exposure });
  expect((await answerOf(gate, requestOf(fresh("/async/ok"), payment))).status).toBe(409);
  await held.over();
  const next = gateOf({ ...config, unsettledTotalMicros: 10_000n }, held, { exposure });
  expect((await answerOf(next, requestOf(fresh("/async/ok"), await signPayment("10000")))).status).toBe(200);
  await held.over();
});

test("a redemption whose body breaks off redeems nothing, and may be tried again", async () => {
  const path = fresh("/before/once/500");
  const body = "x".repeat(5);
  const post = { method: "POST", body };
  const failed = await ask(path, {
    ...post,
    headers: { "payment-signature": btoa(JSON.stringify(upfront(await signPayment("10000")))) },
  });
  const { redeem = "" } = (await failed.json()) as { redeem?: string };
  const gate = gateOf(config, newHeld(), { seal: { sign: async () => redeem.split(".").at(-1) ?? "" } });
  const headers = { "faregate-redeem": redeem, "content-length": "5" };
  const broken = await answerOf(gate, new Request(ORIGIN + path, { method: "POST", headers, body: chunked("xx") }));
  expect(broken.status).toBe(400);
  expect(await seen(path)).toHaveLength(1);
  expect((await ask(path, { ...post, headers: { "faregate-redeem": redeem } })).status).toBe(200);
});

test("a token of a payment that the ledger does not know redeems nothing", async () => {
  const gate = gateOf(config, newHeld());
  const id = `eip155:84532|0x${"03".repeat(20)}|0x${"85".repeat(20)}|0x${"a1".repeat(32)}`;
  const token = `${btoa(id).replaceAll("=", "")}.mac-of-${btoa(`redeem:${id}`).replaceAll("=", "")}`;
  expect((await answerOf(gate, requestOf("/after/ok", null, { "faregate-redeem": token }))).status).toBe(403);
  const address = `${btoa(id).replaceAll("=", "")}.mac-of-${btoa(`payment:${id}`).replaceAll("=", "")}`;
  expect((await answerOf(gate, requestOf(`/.faregate/payments/${address}`, null))).status).toBe(404);
});

test("a late payment with its key is asked of the ledger, whatever this isolate knows of it", async () => {
  const held = newHeld();
  const clock = { aheadMs: 0 };
  const gate = gateOf(config, held, { nowMs: () => Date.now() + clock.aheadMs });
  const key = idempotent(newKey());
  const payment = await signPayment("10000");
  const path = fresh("/after/ok");
  expect((await answerOf(gate, requestOf(path, payment, key))).status).toBe(200);
  await held.over();
  clock.aheadMs = HOUR_MS;
  expect((await answerOf(gate, requestOf(path, payment))).status).toBe(409);
  expect((await answerOf(gate, requestOf(path, payment, key))).status).toBe(200);
  expect(await seen(path)).toHaveLength(1);
});

describe("a credit is not opened by a signature that", () => {
  test.each([
    ["was used elsewhere", "invalid:invalid_exact_evm_nonce_already_used", 409],
    ["nobody can vouch for at the moment", "drop", 503],
  ])("%s", async (_, verify, status) => {
    const account = newAccount();
    const path = fresh(`/before/once/500?verify=valid,${verify}`);
    const failed = await payAs(path, upfront(await signPayment("10000", {}, account)));
    expect(failed.status).toBe(500);
    const { redeem = "" } = (await failed.json()) as { redeem?: string };
    const other = upfront(await signPayment("10000", {}, account));
    const response = await payAs(path, other);
    expect(response.status).toBe(status);
    expect(response.headers.has("payment-required")).toBe(false);
    expect(await seen(path)).toHaveLength(1);
    expect((await redeemWith(path, redeem)).status).toBe(200);
  });

  test("is too poor is opened all the same: the first payment may have taken what was in it", async () => {
    const account = newAccount();
    const path = fresh("/before/once/500?verify=valid,invalid:insufficient_funds");
    expect((await payAs(path, upfront(await signPayment("10000", {}, account)))).status).toBe(500);
    expect((await payAs(path, upfront(await signPayment("10000", {}, account)))).status).toBe(200);
  });
});

test("a signed sentence about what is no payment redeems nothing", async () => {
  const account = newAccount();
  const until = String(unixNow() + 600);
  const signature = await account.signMessage({ message: redemptionText(ORIGIN, "nothing", until) });
  const voucher = `${btoa("nothing").replaceAll("=", "")}.${until}.${signature}`;
  expect((await redeemWith(fresh("/after/ok"), voucher)).status).toBe(403);
});

test("a payer in debt to a table that lets nobody owe any more is told so, with the offer that there is", async () => {
  const account = newAccount();
  const debt = await signPayment("10000", {}, account);
  expect((await payAs(fresh("/async/ok"), debt)).status).toBe(200);
  await expect.poll(async () => (await rowOf(debt))["pay"]).toBe("settled");
  await inBook(debt, "UPDATE payments SET pay = 'failed', ends_at = 9e15, live = 1 WHERE id = ?", idOf(debt));
  const strict = configOf({ ...pricing, routes: { "/after": "$0.01" } });
  const payment = await signPayment("10000", {}, account);
  const response = await answerOf(gateOf(strict, newHeld()), requestOf(fresh("/after/ok"), payment));
  expect(response.status).toBe(402);
  expect(await response.json()).toMatchObject({ error: "payer_in_debt" });
  expect(await calledEndpoints(payment)).not.toContain("/settle");
});

test("a ledger that is lost while a settlement is looked into leaves it unknown: nobody is asked to pay again", async () => {
  const payment = await signPayment("10000");
  const path = fresh("/after/ok?settle=drop");
  expect((await payAs(path, payment)).status).toBe(503);
  let asked = 0;
  const books = buildBooks(
    (name) =>
      new Proxy({} as LedgerStub, {
        get:
          (_, method: keyof LedgerStub) =>
          (...args: never[]) =>
            method === "claim" && asked++ > 0
              ? Promise.reject(new Error("the object cannot be reached"))
              : (openLedger(name)[method] as (...args: never[]) => unknown)(...args),
      }),
  );
  const again = await answerOf(gateOf(config, newHeld(), { books }), requestOf(path, payment));
  expect(again.status).toBe(503);
  expect(await again.json()).toMatchObject({ error: "settlement_unknown" });
  expect(again.headers.has("payment-required")).toBe(false);
});

test("an answer that is kept is not handed out for a signature that was used elsewhere, whatever key comes with it", async () => {
  const account = newAccount();
  const key = idempotent(newKey());
  const path = fresh("/before/ok?verify=valid,invalid:invalid_exact_evm_nonce_already_used");
  expect((await payAs(path, upfront(await signPayment("10000", {}, account)), key)).status).toBe(200);
  const other = upfront(await signPayment("10000", {}, account));
  await expect
    .poll(async () => (await payAs(path, other, key)).json())
    .toMatchObject({ error: "payment_bound_elsewhere" });
  expect(await seen(path)).toHaveLength(1);
});
