// Payments that Permit2 moves: the stock client, the reference facilitator and a real chain, where Permit2 and x402's
// proxy are contracts of our own with their interfaces.

import { createPermit2ApprovalTx } from "@x402/evm";
import { decodePaymentResponseHeader } from "@x402/fetch";
import { type PrivateKeyAccount, parseEther } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buyer, usdc } from "../../tools/stack/chain.ts";
import { encodePayment, newAccount } from "../support/payment.ts";
import { PERMIT2, signPermit2Payment } from "../support/permit2-payment.ts";
import { NOTHING, ONE_PRICE, PRICE, watchChain } from "./movement.ts";
import { reconciled } from "./reconciled.ts";
import { connect, mined, mint, walletOf } from "./wallets.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());
afterEach(() => Object.assign(world.lose, { settle: "none", verify: "none" }));

/** A wallet with money and gas, which Permit2 may not move. */
async function newBuyer(): Promise<PrivateKeyAccount> {
  const account = newAccount();
  await mint(world, account.address, 10n * PRICE);
  await connect(world).setBalance({ address: account.address, value: parseEther("1") });
  return account;
}

const executions = async (path: string): Promise<number> => (await world.seen(path)).length;

describe("a call that is paid by Permit2", () => {
  test("moves exactly the price, reaches the upstream once and brings its receipt", async () => {
    const path = "/permitted/ok?once";
    const moved = await watchChain(world);
    const response = await world.fetchPaying()(world.gate + path);
    expect([response.status, await response.json()]).toEqual([200, { goods: true }]);
    const receipt = decodePaymentResponseHeader(response.headers.get("payment-response") ?? "");
    expect(receipt).toMatchObject({ success: true, network: "eip155:84532", payer: buyer.address });
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
    const [last] = (await world.transfers()).slice(-1);
    expect(last).toEqual({ from: buyer.address, value: PRICE, transactionHash: receipt.transaction });
    // Not by the token's own hand: its transaction asked x402's proxy.
    const { to } = await connect(world).getTransaction({ hash: receipt.transaction as `0x${string}` });
    expect(to?.toLowerCase()).toBe("0x402085c248eea27d92e8b30b2c58ed07f9e20001");
  });

  test("is settled before it is served where the route says so", async () => {
    const moved = await watchChain(world);
    const response = await world.fetchPaying()(`${world.gate}/permitted/before/ok`);
    expect([response.status, await moved()]).toEqual([200, ONE_PRICE]);
  });

  test("buys one answer, however often it is shown", async () => {
    const path = "/permitted/ok?again";
    const moved = await watchChain(world);
    const headers = { "payment-signature": encodePayment(await signPermit2Payment("10000", {}, buyer)) };
    expect((await fetch(world.gate + path, { headers })).status).toBe(200);
    const again = await fetch(world.gate + path, { headers });
    expect([again.status, await again.json()]).toMatchObject([409, { error: "payment_settled" }]);
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
  });

  test("is one charge where the settlement's answer was lost: the chain tells that it was paid", async () => {
    const path = "/permitted/before/ok?lost";
    const moved = await watchChain(world);
    world.lose.settle = "answer";
    expect((await world.fetchPaying()(world.gate + path)).status).toBe(503);
    expect(await executions(path)).toBe(0);
    world.lose.settle = "none";
    expect((await world.fetchPaying()(world.gate + path)).status).toBe(200);
    expect([await moved(), await executions(path)]).toEqual([ONE_PRICE, 1]);
  });
});

describe("a payer whose allowance does not reach", () => {
  test("is told so before anything is settled, where a route settles first", async () => {
    const moved = await watchChain(world);
    const refused = await world.fetchPaying(await newBuyer())(`${world.gate}/permitted/before/ok?allowance`);
    expect([refused.status, await moved()]).toEqual([412, NOTHING]);
    expect(await refused.json()).toMatchObject({ error: "permit2_allowance_required" });
  });

  test("is told with 412 whom to approve, and is not charged; then the same client pays", async () => {
    const path = "/permitted/ok?allowance";
    const account = await newBuyer();
    const moved = await watchChain(world);
    const refused = await world.fetchPaying(account)(world.gate + path);
    expect(refused.status).toBe(412);
    expect(refused.headers.get("cache-control")).toBe("no-store");
    expect(await refused.json()).toMatchObject({ error: "permit2_allowance_required", spender: PERMIT2 });
    const challenge = JSON.parse(atob(refused.headers.get("payment-required") ?? ""));
    expect(challenge).toMatchObject({
      error: "permit2_allowance_required",
      accepts: [{ asset: usdc, extra: { assetTransferMethod: "permit2" } }, { asset: usdc }],
    });
    expect([await moved(), await executions(path)]).toEqual([NOTHING, 0]);
    await mined(world, await walletOf(world, account).sendTransaction(createPermit2ApprovalTx(usdc)));
    expect((await world.fetchPaying(account)(world.gate + path)).status).toBe(200);
    expect(await moved()).toEqual({ payee: PRICE, buyer: 0n, transfers: 1 });
  });
});

test("where both ways are offered, a payment is taken in the way that it names alone, and the books are right with the chain's", async () => {
  const moved = await watchChain(world);
  const { headers } = await fetch(`${world.gate}/permitted/ok`);
  const { accepts } = JSON.parse(atob(headers.get("payment-required") ?? ""));
  expect(accepts.map(({ extra }: { extra: object }) => extra)).toEqual([
    { assetTransferMethod: "permit2", name: "USDC", version: "2" },
    { name: "USDC", version: "2" },
  ]);
  const { payload, ...envelope } = await signPermit2Payment("10000", {}, buyer);
  const misnamed = { ...envelope, accepted: accepts[1], payload };
  const response = await fetch(`${world.gate}/permitted/ok`, {
    headers: { "payment-signature": encodePayment(misnamed) },
  });
  expect([response.status, await moved()]).toEqual([400, NOTHING]);
  expect(await reconciled(world)).toMatchObject({ code: 0 });
});
