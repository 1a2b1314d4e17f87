// What the ledger holds when money and goods do not go together: paid first, served first, never settled, taken back.

import { decodePaymentRequiredHeader } from "@x402/core/http";
import { decodePaymentResponseHeader } from "@x402/fetch";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readKept } from "../../tools/seller-books.ts";
import { buyer } from "../../tools/stack/chain.ts";
import { newAccount, signPayment, unixNow } from "../support/payment.ts";
import { cancel, giveAway, headOf, mineAt } from "./chain-time.ts";
import { type Credit, idOf, redeemWith, send, signRedemption, stateOf, upfront } from "./ledger-client.ts";
import { NOTHING, ONE_PRICE, watchChain } from "./movement.ts";
import { reconcile, reconciled } from "./reconciled.ts";
import { startWorld, type World } from "./world.ts";

/** The gate calls an authorization over so long after its end, by the chain's own clock. */
const MARGIN_SECONDS = 120;
/** Alarms come later and later: the first ones within seconds. */
const ALARMS_MS = 20_000;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());
afterEach(() => Object.assign(world.lose, { settle: "none", verify: "none" }));

const pay = () => signPayment("10000", {}, buyer);
const executions = async (path: string): Promise<number> => (await world.seen(path)).length;

describe("a route that settles before it serves", () => {
  test("takes a paid call of the stock client: one price moves before the one execution", async () => {
    const moved = await watchChain(world);
    const response = await world.fetchPaying()(`${world.gate}/before/ok?stock`);
    expect(await response.json()).toEqual({ goods: true });
    const receipt = decodePaymentResponseHeader(response.headers.get("payment-response") ?? "");
    expect(receipt).toMatchObject({ success: true, payer: buyer.address });
    expect([await moved(), await executions("/before/ok?stock")]).toEqual([ONE_PRICE, 1]);
  });

  test("owes what the API failed to do, and delivers it for the token without another charge", async () => {
    const path = "/before/once/500?token";
    const moved = await watchChain(world);
    const failed = await send(world, path, upfront(await pay()));
    expect(failed.status).toBe(500);
    const credit = (await failed.json()) as Credit;
    expect(await stateOf(credit)).toMatchObject({ pay: "settled", delivery: "undelivered" });
    const served = await redeemWith(world, path, credit.redeem);
    expect([served.status, await served.json()]).toEqual([200, { goods: true }]);
    await expect.poll(() => stateOf(credit)).toMatchObject({ pay: "settled", delivery: "redeemed" });
    expect((await redeemWith(world, path, credit.redeem)).status).toBe(409);
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 2]);
  });

  test("delivers it for the payer's signature too", async () => {
    const path = "/before/once/500?signed";
    const moved = await watchChain(world);
    const payment = upfront(await pay());
    expect((await send(world, path, payment)).status).toBe(500);
    const served = await redeemWith(world, path, await signRedemption(world.gate, idOf(payment), buyer));
    expect([served.status, await moved(), await executions(path)]).toEqual([200, ONE_PRICE, 2]);
  });

  test("delivers it when the stock client's application retries, and signs a new payment", async () => {
    const path = "/before/once/503?retried";
    const moved = await watchChain(world);
    expect((await world.fetchPaying()(world.gate + path)).status).toBe(503);
    expect((await world.fetchPaying()(world.gate + path)).status).toBe(200);
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 2]);
  });

  test("is one charge and one execution where the settlement's answer was lost", async () => {
    const path = "/before/ok?lost";
    const moved = await watchChain(world);
    world.lose.settle = "answer";
    expect((await world.fetchPaying()(world.gate + path)).status).toBe(503);
    expect(await executions(path)).toBe(0);
    world.lose.settle = "none";
    expect((await world.fetchPaying()(world.gate + path)).status).toBe(200);
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
  });
});

describe("a route that serves before it settles", () => {
  test("moves one price behind the answer", async () => {
    const moved = await watchChain(world);
    const response = await world.fetchPaying()(`${world.gate}/async/ok?stock`);
    expect(await response.json()).toEqual({ goods: true });
    expect(response.headers.has("payment-response")).toBe(false);
    await expect.poll(moved).toEqual(ONE_PRICE);
    expect(await executions("/async/ok?stock")).toBe(1);
  });

  test("settles later what did not reach the facilitator, though nobody asks", async () => {
    const moved = await watchChain(world);
    world.lose.settle = "request";
    expect((await send(world, "/async/ok?later", await pay())).status).toBe(200);
    expect(await moved()).toEqual(NOTHING);
    world.lose.settle = "none";
    await expect.poll(moved, { timeout: ALARMS_MS }).toEqual(ONE_PRICE);
    expect(await executions("/async/ok?later")).toBe(1);
  });

  test("charges nothing for an error of the API", async () => {
    const moved = await watchChain(world);
    expect((await send(world, "/async/status/500", await pay())).status).toBe(500);
    expect(await moved()).toEqual(NOTHING);
  });
});

describe("a settlement that never was", () => {
  test("ends as failed when its authorization has surely run out, and nothing moved", async () => {
    const path = "/brief/ok?never";
    const moved = await watchChain(world);
    const validBefore = unixNow() + 30;
    world.lose.settle = "request";
    const failed = await send(world, path, await signPayment("10000", { validBefore: String(validBefore) }, buyer));
    world.lose.settle = "none";
    expect(failed.status).toBe(503);
    const credit = (await failed.json()) as Credit;
    expect(await stateOf(credit)).toMatchObject({ pay: "unknown" });
    await mineAt(world.rpc, validBefore + MARGIN_SECONDS - 1);
    expect((await redeemWith(world, path, credit.redeem)).status).toBe(503);
    await mineAt(world.rpc, validBefore + MARGIN_SECONDS);
    await expect.poll(() => stateOf(credit), { timeout: ALARMS_MS }).toMatchObject({ pay: "failed", delivery: "none" });
    expect([await moved(), await executions(path)]).toEqual([NOTHING, 1]);
    expect((await redeemWith(world, path, credit.redeem)).status).toBe(402);
  });
});

describe("a payer who takes the authorization back after being served", () => {
  test("is in debt, and is offered nothing but to pay first", async () => {
    const moved = await watchChain(world);
    const payment = await pay();
    world.lose.settle = "request";
    expect((await send(world, "/async/ok?canceled", payment)).status).toBe(200);
    await cancel(world.rpc, payment, buyer);
    world.lose.settle = "none";
    const inBooks = () => readKept(world.stateDir).find(({ id }) => id === idOf(payment))?.pay;
    await expect.poll(inBooks, { timeout: ALARMS_MS, interval: 200 }).toBe("failed");
    const refused = await send(world, "/async/ok?debt", await pay());
    expect([refused.status, await refused.json()]).toEqual([402, expect.objectContaining({ error: "payer_in_debt" })]);
    const { accepts } = decodePaymentRequiredHeader(refused.headers.get("payment-required") ?? "");
    expect(accepts).toEqual([expect.objectContaining({ extra: expect.objectContaining({ paymentFlow: "upfront" }) })]);
    expect((await send(world, "/paid/ok?debt", await pay())).status).toBe(402);
    expect([await moved(), await executions("/async/ok?debt")]).toEqual([NOTHING, 0]);
    expect((await send(world, "/async/ok?paid-first", upfront(await pay()))).status).toBe(200);
    expect(await moved()).toEqual(ONE_PRICE);
  });
});

describe("afterwards npm run reconcile", () => {
  test("finds that the seller's books and the chain say the same", async () => {
    const { code, words } = await reconciled(world);
    expect(words).toContain("Books and chain say the same.");
    expect(code).toBe(0);
  });

  test("finds money that came without a call, to the unit, and where it came from", async () => {
    await giveAway(world.rpc, 1n);
    const { code, words } = await reconcile(world.rpc, world.stateDir);
    expect(words).toContain(`1 from ${buyer.address.toLowerCase()} in 0x`);
    expect(words).toContain("the books do not know it");
    expect(words).toMatch(/ 1\n/);
    expect(code).toBe(1);
  });

  test("does not look at what was mined before a block that is named", async () => {
    await mineAt(world.rpc, unixNow() + 1000);
    const { code, words } = await reconcile(world.rpc, world.stateDir, "--from", String(await headOf(world.rpc)));
    expect(words).toContain("Perhaps settled before these blocks");
    expect(code).toBe(0);
  });

  test("says what an option should be, and what cannot be read", async () => {
    const cases = [
      [["--from", "first"], 2, "--from is the number of a block"],
      [["--pay-to", "me"], 2, "--pay-to is an address"],
      [["--pay-to", newAccount().address], 0, "say the same"],
      [["--books", "/nowhere"], 1, "no books at"],
    ] as const;
    for (const [args, code, words] of cases) {
      const result = await reconcile(world.rpc, world.stateDir, ...args);
      expect([result.code, result.words]).toEqual([code, expect.stringContaining(words)]);
    }
    const nobody = await reconcile("http://127.0.0.1:1/secret-of-the-rpc", world.stateDir);
    expect([nobody.code, nobody.words]).toEqual([1, expect.not.stringContaining("secret")]);
  });
});
