// A priced API for buyers on Solana: the official client pays through the production bundle, the reference facilitator
// settles, and what is paid, served and lost is counted on the chain and at the API.

import { decodePaymentResponseHeader } from "@x402/fetch";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { npmRun } from "../support/command.ts";
import { NETWORK, newSigner, USDC } from "./accounts.mjs";
import { challengeOf, newKey, respell, send, sendV1, sign, signV1 } from "./buyer.mjs";
import { startWorld } from "./world.mjs";

let world;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());
afterEach(async () => {
  Object.assign(world.lose, { settle: "none", verify: "none" });
  world.gateRpc.down(false);
  // What fell silent often is asked no more for a while.
  const works = async () => (await world.fetchPaying()(`${world.gate}/paid/ok?works=${crypto.randomUUID()}`)).status;
  await expect.poll(works, { timeout: 10_000 }).toBe(200);
}, 15_000);

const PRICE = 10_000n;
const ONE_PRICE = { payee: PRICE, payer: -PRICE };
const NOTHING = { payee: 0n, payer: 0n };
const goods = { goods: true };

/** What changes on the chain from now on. */
async function watch() {
  const before = await world.chain.balances();
  return async () => {
    const { payee, payer } = await world.chain.balances();
    return { payee: payee - before.payee, payer: payer - before.payer };
  };
}

const executions = async (path) => (await world.seen(path)).length;
const receiptOf = (response) => decodePaymentResponseHeader(response.headers.get("payment-response"));

describe("a price on Solana", () => {
  test("is asked with the account that pays the fees, in both versions of the protocol, and asks nobody itself", async () => {
    const { required, body } = await challengeOf(world, "/paid/ok?price");
    const extra = { feePayer: world.chain.feePayer.address };
    const price = { scheme: "exact", network: NETWORK, amount: "10000", asset: USDC, payTo: world.chain.payee.address };
    expect(required.accepts).toEqual([expect.objectContaining({ ...price, extra: expect.objectContaining(extra) })]);
    const [v1] = body.accepts;
    expect(world.gateRpc.asked).toEqual([]);
    expect(v1).toMatchObject({
      scheme: "exact",
      network: "solana-devnet",
      maxAmountRequired: "10000",
      asset: USDC,
      extra,
    });
  });

  test("is paid by the official client: it moves once, the API works once, and the receipt names the transaction", async () => {
    const moved = await watch();
    const path = "/paid/ok?once";
    const response = await world.fetchPaying()(world.gate + path);
    expect([response.status, await response.json()]).toEqual([200, goods]);
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
    const receipt = receiptOf(response);
    expect(receipt).toMatchObject({ success: true, network: NETWORK, payer: world.chain.payer.address });
    expect(world.chain.validator.landed(receipt.transaction)).toMatchObject({ err: null });
  });

  test("is paid before the API works where its route says so, and afterwards where it says that", async () => {
    for (const route of ["before", "async"]) {
      const moved = await watch();
      const response = await world.fetchPaying()(`${world.gate}/${route}/ok?mode`);
      expect([response.status, await response.json()]).toEqual([200, goods]);
      await expect.poll(moved, { timeout: 5000 }).toEqual(ONE_PRICE);
    }
  });

  test("is looked for on the chain before anything is delivered, where its route says so", async () => {
    const moved = await watch();
    const asked = world.gateRpc.asked.length;
    const response = await world.fetchPaying()(`${world.gate}/dear/ok`);
    expect([response.status, await response.json(), await moved()]).toEqual([200, goods, ONE_PRICE]);
    expect(world.gateRpc.asked.slice(asked)).toEqual(["getGenesisHash", "getTransaction"]);
  });

  test("is paid by a client of the protocol's first version", async () => {
    const moved = await watch();
    const path = "/paid/ok?v1";
    const payment = await signV1(world, path);
    const response = await sendV1(world, path, payment);
    expect([response.status, await response.json()]).toEqual([200, goods]);
    const receipt = JSON.parse(atob(response.headers.get("x-payment-response")));
    expect(receipt).toMatchObject({ success: true, network: "solana-devnet", payer: world.chain.payer.address });
    expect((await sendV1(world, path, payment)).status).toBe(409);
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
  });
});

describe("one payment", () => {
  test("buys once: whoever shows it again is told its transaction", async () => {
    const path = "/paid/ok?again";
    const payment = await sign(world, path);
    const moved = await watch();
    const first = await send(world, path, payment);
    expect(first.status).toBe(200);
    const again = await send(world, path, payment);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ error: "payment_settled", transaction: receiptOf(first).transaction });
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
  });

  test("buys once for many copies at a time, whatever they hold where the fee payer has not signed", async () => {
    const path = "/paid/slow?copies";
    const payment = await sign(world, path);
    const moved = await watch();
    const copies = Array.from({ length: 40 }, (_, i) => respell(payment, i));
    const statuses = await Promise.all(copies.map(async (copy) => (await send(world, path, copy)).status));
    expect(statuses.toSorted()).toEqual([200, ...Array(39).fill(409)]);
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
  });
});

describe("nobody pays", () => {
  test.each([
    ["for an API that fails", "/paid/status/500", 500],
    ["for an API that breaks off", "/paid/short", 502],
  ])("%s", async (_, path, status) => {
    const moved = await watch();
    expect((await world.fetchPaying()(world.gate + path)).status).toBe(status);
    expect(await moved()).toEqual(NOTHING);
  });

  test("without the money, and is told so", async () => {
    const path = "/paid/ok?poor";
    const response = await world.fetchPaying(world.chain.poor)(world.gate + path);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ error: "invalid_exact_svm_transaction_simulation_failed" });
    expect(await executions(path)).toBe(0);
  });

  test("with a message whose block is too old, and is asked for a new one", async () => {
    const path = "/paid/ok?old";
    const payment = await sign(world, path);
    world.chain.validator.pass(1);
    const moved = await watch();
    const response = await send(world, path, payment);
    expect([response.status, response.headers.has("payment-required")]).toEqual([402, true]);
    expect([await moved(), await executions(path)]).toEqual([NOTHING, 0]);
  });

  test.each([
    ["amount", () => ({ amount: "1" })],
    ["payee", async () => ({ payTo: (await newSigner("thief")).address })],
    ["token", () => ({ asset: world.chain.worthless })],
    ["fee payer", async () => ({ extra: { feePayer: (await newSigner("thief")).address } })],
  ])("another %s than was offered: that is refused, and nobody is asked about it", async (_, change) => {
    const path = "/paid/ok?tampered";
    const payment = await sign(world, path, await change());
    const asked = world.asked.length;
    const response = await send(world, path, payment);
    expect([response.status, response.headers.has("payment-required")]).toEqual([402, true]);
    expect([world.asked.slice(asked), await executions(path)]).toEqual([[], 0]);
  });
});

describe("a settlement whose answer was lost", () => {
  /** It is on the chain, and nobody but the chain knows. */
  async function lose(path, headers = {}) {
    const moved = await watch();
    const payment = await sign(world, path);
    world.lose.settle = "answer";
    const response = await send(world, path, payment, headers);
    world.lose.settle = "none";
    expect([response.status, response.headers.has("payment-required")]).toEqual([503, false]);
    expect(await moved()).toEqual(ONE_PRICE);
    return { payment, moved };
  }

  test("is found on the chain, and the buyer gets the goods once, for one price", async () => {
    const path = "/paid/ok?found";
    const key = newKey();
    const { payment, moved } = await lose(path, key);
    const settles = world.asked.filter((route) => route === "/settle").length;
    const response = await send(world, path, payment, key);
    expect([response.status, await response.json()]).toEqual([200, goods]);
    const { transaction } = receiptOf(response);
    expect(world.chain.validator.landed(transaction)).toMatchObject({ err: null });
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
    expect(world.asked.filter((route) => route === "/settle")).toHaveLength(settles);
  });

  test("is found for a buyer who signs anew, and is not charged again", async () => {
    const path = "/paid/ok?anew";
    const { moved } = await lose(path);
    const response = await world.fetchPaying()(world.gate + path);
    expect([response.status, await response.json()]).toEqual([200, goods]);
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
  });

  test("stays unknown while the chain cannot be asked: nobody is charged again, and nobody is asked to pay", async () => {
    const path = "/paid/ok?down";
    const key = newKey();
    const { payment, moved } = await lose(path, key);
    world.gateRpc.down(true);
    const waiting = await send(world, path, payment, key);
    expect([waiting.status, waiting.headers.has("payment-required")]).toEqual([503, false]);
    world.gateRpc.down(false);
    // It is not asked again at once.
    const again = async () => (await send(world, path, payment, key)).json();
    await expect.poll(again, { timeout: 20_000, interval: 500 }).toEqual(goods);
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
  });

  test("gives nothing to who shows the payment alone, which everybody can read by now", async () => {
    const path = "/paid/ok?bare";
    const { payment } = await lose(path);
    const response = await send(world, path, payment);
    expect(response.status).toBe(409);
    expect(await response.text()).not.toContain("goods");
  });
});

test("a settlement that never reached the facilitator is made while the buyer waits, once", async () => {
  const path = "/paid/ok?late";
  const moved = await watch();
  const payment = await sign(world, path);
  const key = newKey();
  world.lose.settle = "request";
  expect((await send(world, path, payment, key)).status).toBe(503);
  world.lose.settle = "none";
  const response = await send(world, path, payment, key);
  expect([response.status, await response.json()]).toEqual([200, goods]);
  expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
});

test("a settlement that never reached the facilitator ends when the chain can take it no more", async () => {
  const path = "/paid/ok?never";
  const moved = await watch();
  const payment = await sign(world, path);
  world.lose.settle = "request";
  expect((await send(world, path, payment)).status).toBe(503);
  world.chain.validator.pass(600);
  const response = await send(world, path, payment);
  expect([response.status, response.headers.has("payment-required")]).toEqual([402, true]);
  world.lose.settle = "none";
  expect((await world.fetchPaying()(world.gate + path)).status).toBe(200);
  expect(await moved()).toEqual(ONE_PRICE);
});

test("a wallet that is emptied between verify and settle gets no goods, and nobody asks it for more before that is known", async () => {
  const path = "/paid/ok?emptied";
  const moved = await watch();
  world.lose.verify = "believe";
  const response = await send(world, path, await sign(world, path, { payer: world.chain.poor }));
  expect([response.status, response.headers.has("payment-required")]).toEqual([503, false]);
  expect([await response.text(), await moved()]).toEqual([expect.not.stringContaining("goods"), NOTHING]);
});

test("afterwards the seller's books and the chain say the same", async () => {
  const { rpc, payee } = world.chain;
  const args = ["--rpc", rpc.url, "--books", world.stateDir, "--pay-to", payee.address];
  const reconciled = async () => (await npmRun("reconcile", args).ended).stdout;
  await expect.poll(reconciled, { timeout: 20_000 }).toContain("Books and chain say the same.");
  const { payee: earned } = await world.chain.balances();
  expect(await reconciled()).toMatch(new RegExp(` ${earned / PRICE} +${earned} +${earned / PRICE} +${earned} +0\\n`));
});
