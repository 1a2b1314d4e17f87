// A settlement that was mined and whose answer was lost: the facilitator settles on a real chain, and the connection to
// the gate breaks before its answer comes through. A gate that settles itself hears nothing of its RPC from then on.

import { decodePaymentResponseHeader } from "@x402/fetch";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buyer, relayer } from "../../tools/stack/chain.ts";
import { signPayment } from "../support/payment.ts";
import { type Credit, idOf, newKey, redeemWith, send, signRedemption } from "./ledger-client.ts";
import { ONE_PRICE, watchChain } from "./movement.ts";
import { reconciled } from "./reconciled.ts";
import { startWorld, type Way, type World } from "./world.ts";

let world: World;

const pay = () => signPayment("10000", {}, buyer);

/** A payment whose settlement is mined without an answer; the chain's movement counts from before. */
async function lose(path: string, headers: Record<string, string> = {}) {
  const moved = await watchChain(world);
  const payment = await pay();
  world.lose.settle = "answer";
  const failed = await send(world, path, payment, headers);
  world.lose.settle = "none";
  expect(failed.status).toBe(503);
  expect(failed.headers.has("payment-required")).toBe(false);
  expect(await moved()).toEqual(ONE_PRICE);
  return { payment, moved, credit: (await failed.json()) as Credit };
}

const executions = async (path: string): Promise<number> => (await world.seen(path)).length;

const WAYS: readonly Way[] = ["a facilitator", "a facilitator that asks for a key", "the gate itself"];

/** Long enough for one that is not lost. */
const SETTLE_SECONDS = 3;

describe.each(WAYS)("verified and settled by %s:", (way) => {
  beforeAll(async () => {
    world = await startWorld(way, SETTLE_SECONDS);
  });
  afterAll(() => world?.stop());
  afterEach(async () => {
    Object.assign(world.lose, { settle: "none", verify: "none" });
    // Another call is paid for, because who falls silent often is asked no more for a while.
    expect((await world.fetchPaying()(`${world.gate}/paid/ok?between=${crypto.randomUUID()}`)).status).toBe(200);
  });

  describe("a settlement whose answer was lost is one charge and one delivery", () => {
    test("when the same payment comes again with its Idempotency-Key", async () => {
      const path = "/paid/ok?same";
      const key = newKey();
      const { payment, moved } = await lose(path, key);
      const served = await send(world, path, payment, key);
      expect(served.status).toBe(200);
      expect(await served.json()).toEqual({ goods: true });
      const [transfer] = (await world.transfers()).slice(-1);
      const receipt = decodePaymentResponseHeader(served.headers.get("payment-response") ?? "");
      expect(receipt).toMatchObject({ success: true, transaction: transfer?.transactionHash });
      expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
    });

    test("when the stock client's application retries, and signs a new payment", async () => {
      const path = "/paid/ok?retried";
      const moved = await watchChain(world);
      world.lose.settle = "answer";
      expect((await world.fetchPaying()(world.gate + path)).status).toBe(503);
      world.lose.settle = "none";
      const served = await world.fetchPaying()(world.gate + path);
      expect(served.status).toBe(200);
      expect(await served.json()).toEqual({ goods: true });
      expect(decodePaymentResponseHeader(served.headers.get("payment-response") ?? "")).toMatchObject({
        success: true,
      });
      expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
    });

    test("when the application retries with its Idempotency-Key, however often", async () => {
      const path = "/paid/ok?key";
      const headers = newKey();
      const moved = await watchChain(world);
      world.lose.settle = "answer";
      expect((await world.fetchPaying()(world.gate + path, { headers })).status).toBe(503);
      world.lose.settle = "none";
      for (let again = 0; again < 3; again++) {
        expect((await world.fetchPaying()(world.gate + path, { headers })).status).toBe(200);
      }
      expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
    });

    test("when its token is sent instead of a payment, and then no more", async () => {
      const path = "/paid/ok?token";
      const { credit, moved } = await lose(path);
      const served = await redeemWith(world, path, credit.redeem);
      expect(await served.json()).toEqual({ goods: true });
      expect([served.status, await moved(), await executions(path)]).toEqual([200, ONE_PRICE, 1]);
    });

    test("when the payer signs for it, and nobody else", async () => {
      const path = "/paid/ok?signed";
      const { payment, moved } = await lose(path);
      const stranger = await redeemWith(world, path, await signRedemption(world.gate, idOf(payment), relayer));
      expect(stranger.status).toBe(403);
      const served = await redeemWith(world, path, await signRedemption(world.gate, idOf(payment), buyer));
      expect(await served.json()).toEqual({ goods: true });
      expect([served.status, await moved(), await executions(path)]).toEqual([200, ONE_PRICE, 1]);
    });
  });

  describe("the bare payment, which everybody can read on the chain by now,", () => {
    test("is told the truth with its transaction, and gets no goods", async () => {
      const path = "/paid/ok?bare";
      const { payment, moved } = await lose(path);
      const told = await send(world, path, payment);
      const [transfer] = (await world.transfers()).slice(-1);
      expect(told.status).toBe(409);
      expect(await told.json()).toMatchObject({ error: "payment_settled", transaction: transfer?.transactionHash });
      expect([told.headers.has("payment-required"), told.headers.has("payment-response")]).toEqual([false, false]);
      expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
    });

    test("gets none with a key that came later either", async () => {
      const path = "/paid/ok?later";
      const { payment } = await lose(path);
      const told = await send(world, path, payment, newKey());
      expect(told.status).toBe(409);
      expect(await told.text()).not.toContain("goods");
    });
  });

  test("afterwards the seller's books and the chain say the same", async () => {
    const { code, words } = await reconciled(world);
    expect(words).toContain("Books and chain say the same.");
    expect(words).toMatch(/ 14 +140000 +14 +140000 +0\n/);
    expect(code).toBe(0);
  });
});
