// The parts themselves, with no gate between them: what the official client signs, the reference facilitator settles on
// the validator, and the gate's own reading of the chain tells what became of it.

import { createHash } from "node:crypto";
import { getTransactionDecoder } from "@solana/kit";
import { x402Client } from "@x402/core/client";
import { ExactSvmScheme } from "@x402/svm/exact/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildHistory, buildSolanaChain } from "../../src/chain/index.ts";
import { NETWORK, USDC } from "./accounts.mjs";
import { startChain } from "./chain.mjs";
import { startFacilitator } from "./facilitator.mjs";

let chain, facilitator;
beforeAll(async () => {
  chain = await startChain();
  facilitator = await startFacilitator(chain.rpc.url, chain.feePayer);
});
afterAll(async () => {
  await facilitator?.stop();
  await chain?.stop();
});

const requirements = () => ({
  scheme: "exact",
  network: NETWORK,
  amount: "10000",
  asset: USDC,
  payTo: chain.payee.address,
  maxTimeoutSeconds: 60,
  extra: { feePayer: chain.feePayer.address },
});

async function sign(paymentRequirements, payer = chain.payer) {
  const client = new x402Client().register("solana:*", new ExactSvmScheme(payer, { rpcUrl: chain.rpc.url }));
  const resource = { url: "https://api.example.com/paid" };
  return client.createPaymentPayload({ x402Version: 2, resource, accepts: [paymentRequirements] });
}

async function ask(path, paymentPayload, paymentRequirements) {
  const body = JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements });
  const response = await fetch(facilitator.url + path, { method: "POST", body });
  return response.json();
}

const messageOf = ({ payload }) =>
  getTransactionDecoder().decode(Buffer.from(payload.transaction, "base64")).messageBytes;

function fateOf(payment, changes = {}) {
  const nowMs = Date.now();
  return buildSolanaChain({ urls: [chain.rpc.url], timeoutMs: 4000 }).fateOf({
    network: NETWORK,
    assetTransferMethod: "transferChecked",
    asset: USDC,
    payer: chain.payer.address,
    payTo: chain.payee.address,
    nonce: createHash("sha256").update(messageOf(payment)).digest("hex"),
    amount: "10000",
    validBeforeMs: nowMs + 60_000,
    sinceMs: nowMs,
    transaction: null,
    ...changes,
  });
}

test("the facilitator offers to pay the fees on this network, in both versions", async () => {
  const { kinds, signers } = await (await fetch(`${facilitator.url}/supported`)).json();
  const extra = { feePayer: chain.feePayer.address };
  expect(kinds).toEqual([
    { x402Version: 2, scheme: "exact", network: NETWORK, extra },
    { x402Version: 1, scheme: "exact", network: "solana-devnet", extra },
  ]);
  expect(signers).toEqual({ "solana:*": [chain.feePayer.address] });
});

describe("a payment of the official client's", () => {
  test("moves exactly its amount, for fees of the facilitator's", async () => {
    const before = await chain.balances();
    const offer = requirements();
    const payment = await sign(offer);
    expect(await ask("/verify", payment, offer)).toEqual({ isValid: true, payer: chain.payer.address });
    expect(await fateOf(payment)).toMatchObject({ kind: "unused" });
    const settled = await ask("/settle", payment, offer);
    expect(settled).toMatchObject({ success: true, payer: chain.payer.address, network: NETWORK });
    const after = await chain.balances();
    expect(after.payee - before.payee).toBe(10_000n);
    expect(after.payer - before.payer).toBe(-10_000n);
    expect(after.lamports - before.lamports).toBe(0n);
    const paid = { kind: "paid", amount: "10000", transaction: settled.transaction };
    expect(await fateOf(payment)).toEqual(paid);
    expect(await fateOf(payment, { transaction: settled.transaction })).toEqual(paid);
  });

  test("stands in the chain's own book of what came to the seller", async () => {
    const history = buildHistory(NETWORK, { urls: [chain.rpc.url], timeoutMs: 4000 });
    const offer = requirements();
    const { transaction } = await ask("/settle", await sign(offer), offer);
    const [fromBlock, head] = [await history.blockAt(Date.now() - 60_000), await history.latestBlock()];
    const query = { asset: USDC, payTo: chain.payee.address, fromBlock: fromBlock.value, toBlock: head.value.number };
    const { value: transfers } = await history.readTransfers(query);
    const came = { from: chain.payer.address, to: chain.payee.address, value: 10_000n };
    expect(transfers.at(-1)).toMatchObject({ transaction, ...came });
    expect(transfers.reduce((sum, { value }) => sum + value, 0n)).toBe((await chain.balances()).payee);
  });

  test("is settled once", async () => {
    const offer = requirements();
    const payment = await sign(offer);
    expect(await ask("/settle", payment, offer)).toMatchObject({ success: true });
    const before = await chain.balances();
    expect(await ask("/settle", payment, offer)).toMatchObject({ success: false, errorReason: "duplicate_settlement" });
    expect(await ask("/verify", payment, offer)).toMatchObject({ isValid: false });
    expect(await chain.balances()).toEqual(before);
  });

  test("is not settled without the money, and its chain says that it was not", async () => {
    const offer = requirements();
    const payment = await sign(offer, chain.poor);
    expect(await ask("/settle", payment, offer)).toMatchObject({
      success: false,
      transaction: "",
      errorReason: "invalid_exact_svm_transaction_simulation_failed",
    });
    expect(await fateOf(payment, { payer: chain.poor.address })).toMatchObject({ kind: "unused" });
  });

  test("can never be settled once its block is old, which the chain's time says", async () => {
    const offer = requirements();
    const payment = await sign(offer);
    const validBeforeMs = Date.now() + 60_000;
    chain.validator.pass(300);
    expect(await ask("/settle", payment, offer)).toMatchObject({ success: false, transaction: "" });
    const fate = await fateOf(payment, { validBeforeMs });
    expect(fate).toMatchObject({ kind: "unused" });
    expect(fate.chainTimeMs).toBeGreaterThan(validBeforeMs + 120_000);
  });

  test("that failed on the chain can never pay, once its block is final", async () => {
    const payment = await sign(requirements(), chain.poor);
    const payer = chain.poor.address;
    const transaction = await chain.sendUnchecked(payment);
    expect(await fateOf(payment, { payer })).toMatchObject({ kind: "unavailable" });
    chain.validator.pass(15);
    expect(await fateOf(payment, { payer })).toEqual({ kind: "canceled" });
    expect(await fateOf(payment, { payer, transaction })).toEqual({ kind: "canceled" });
  });
});
