// Payers who would have the relayer pay for gas and be paid nothing, on a real chain.

import { encodeFunctionData, type Hex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { usdc } from "../../../tools/stack/chain.ts";
import type { Payment } from "../../support/payment.ts";
import { pay, type Relayer, RICH, startWorld, tokenAbi, type World } from "./world.ts";

const GWEI = 10n ** 9n;
const PAYER = "payer_reverted_too_often";
const ALL = "relayer_reverted_too_often";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** A wallet that takes every signature where gas costs nothing, as it does when it is asked, and none in a block. */
async function startBurner() {
  const payer = await world.startPayer(10n ** 12n);
  await world.test.setCode({ address: payer.address, bytecode: "0x3a156008575f5ffd5b631626ba7e60e01b5f5260205ff3" });
  return {
    async pay(): Promise<Payment> {
      const payment = await pay({}, payer);
      return { ...payment, payload: { ...payment.payload, signature: "0x1234" } };
    },
  };
}

describe("a wallet that approves when it is asked and refuses in a block", () => {
  test("burns three transactions, and is not settled for any more", async () => {
    const rpc: { answer: "pass" | "break" } = { answer: "pass" };
    const relayer = await world.startRelayer({ urls: [await world.startProxy({ answer: () => rpc.answer })] });
    const burner = await startBurner();
    for (let i = 0; i < 3; i++) {
      const payment = await burner.pay();
      expect(await relayer.verify(payment)).toEqual({ kind: "valid" });
      expect(await relayer.settle(payment)).toMatchObject({ kind: "unknown", transaction: relayer.signed()[i]?.hash });
    }
    const payment = await burner.pay();
    expect(await relayer.settle(payment)).toEqual({ kind: "rejected", reason: PAYER });
    expect(await relayer.settleAgain(payment)).toEqual({ kind: "unknown", detail: PAYER, transaction: null });
    expect([relayer.signed().length, await relayer.nonces()]).toEqual([3, 3]);
    // Nor is it served: the isolate knows, and asks nobody.
    rpc.answer = "break";
    expect(await relayer.verify(await burner.pay())).toEqual({ kind: "invalid", reason: PAYER });
    rpc.answer = "pass";
    expect(await relayer.settle(await pay())).toMatchObject({ kind: "settled" });
  });

  test("burns no more than eight that it sends at once, by many Workers", async () => {
    const relayer = await world.startRelayer({ settleTimeoutMs: 30_000 });
    const burner = await startBurner();
    const payments = await Promise.all(Array.from({ length: 20 }, () => burner.pay()));
    const settlements = await world.whileBlocksCome(() => Promise.all(payments.map(relayer.settle)));
    expect(relayer.signed().length).toBeLessThanOrEqual(8);
    expect(settlements.filter(({ kind }) => kind === "rejected").length).toBe(20 - relayer.signed().length);
  });

  test("is counted also where its Worker is ended before it sees the block", async () => {
    const relayer = await world.startRelayer();
    const burner = await startBurner();
    for (let nonce = 0; nonce < 3; nonce++) await abandon(relayer, await burner.pay(), nonce);
    expect([relayer.seen(), await relayer.nonces()]).toEqual([[null, null, null], 3]);
    relayer.clock.aheadMs = 30_000;
    expect(await relayer.settle(await pay())).toMatchObject({ kind: "settled" });
    await expect.poll(relayer.seen).toEqual(["reverted", "reverted", "reverted", null]);
    expect(await relayer.settle(await burner.pay())).toEqual({ kind: "rejected", reason: PAYER });
  });
});

test("a wallet that burns whatever gas it is given is not settled for", async () => {
  const relayer = await world.startRelayer();
  const payer = await world.startPayer(10n ** 12n);
  await world.test.setCode({ address: payer.address, bytecode: "0x5b5f56" });
  const payment = await pay({}, payer);
  payment.payload.signature = "0x1234";
  const reason = "invalid_exact_evm_transaction_simulation_failed";
  expect(await relayer.verify(payment)).toEqual({ kind: "invalid", reason });
  expect(await relayer.settle(payment)).toEqual({ kind: "rejected", reason });
});

test("a wallet with the money for one price is sent one transaction, however many it signs at once", async () => {
  // No look falls on both sides of the block.
  let gate: Promise<void> | undefined;
  let looking = 0;
  const answer = async () => {
    await gate;
    looking++;
    return "pass" as const;
  };
  const done = (calls: number): void => {
    looking -= calls;
  };
  const relayer = await world.startRelayer({ urls: [await world.startProxy({ answer, done })] });
  const payer = await world.startPayer(10_000n);
  await world.test.setAutomine(false);
  const settlements = Promise.all(Array.from({ length: 4 }, async () => relayer.settle(await pay({}, payer))));
  await expect.poll(() => relayer.signed().length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(relayer.signed()).toHaveLength(1);
  const { promise, resolve: open } = Promise.withResolvers<void>();
  gate = promise;
  await expect.poll(() => looking).toBe(0);
  await world.test.mine({ blocks: 1 });
  await world.test.setAutomine(true);
  open();
  const kinds = (await settlements).map(({ kind }) => kind);
  expect(kinds.toSorted()).toEqual(["rejected", "rejected", "rejected", "settled"]);
  expect(await relayer.nonces()).toBe(1);
});

test("what strangers have burned together keeps strangers out, and nobody who has paid", async () => {
  const relayer = await world.startRelayer();
  const known = await world.startPayer(10n ** 6n);
  expect(await relayer.settle(await pay({}, known))).toMatchObject({ kind: "settled" });
  for (let i = 0; i < 30; i++) {
    const call = { chainId: 84532, to: usdc.toLowerCase(), data: "0x", gas: 21_000, validBeforeMs: 0, ...RICH };
    const fees = { maxFeePerGas: GWEI, maxPriorityFeePerGas: GWEI };
    const own = { id: `burned-${i}`, payer: `0x${Math.floor(i / 3)}`, usedNonces: 1 + i, pendingNonces: 1 + i };
    await relayer.stub.take(relayer.address, { ...call, fees, ...own });
    await relayer.stub.mark(`burned-${i}`, "reverted");
  }
  await world.test.setNonce({ address: relayer.address, nonce: 31 });
  const stranger = await world.startPayer(10n ** 6n);
  expect(await relayer.settle(await pay({}, stranger))).toEqual({ kind: "rejected", reason: ALL });
  // It is not the stranger's doing: another facilitator may take it, and the next stranger is not served for nothing.
  expect(await relayer.verify(await pay({}, stranger))).toEqual({ kind: "unavailable", detail: ALL });
  const another = await world.startPayer(10n ** 6n);
  expect(await relayer.verify(await pay({}, another))).toEqual({ kind: "unavailable", detail: ALL });
  const payment = await pay({}, known);
  expect(await relayer.verify(payment)).toEqual({ kind: "valid" });
  expect(await relayer.settle(payment)).toMatchObject({ kind: "settled" });
  // An outbox that does not answer refuses nobody before it has to.
  relayer.store.db.close();
  expect(await relayer.verify(await pay({}, known))).toEqual({ kind: "valid" });
});

test("a payment that waits for more blocks counts for its payer as soon as one shows it", async () => {
  const relayer = await world.startRelayer({ confirmations: 3, settleTimeoutMs: 2_000 });
  expect(await relayer.settle(await pay())).toMatchObject({ kind: "unknown", detail: "settlement_pending" });
  expect(relayer.seen()).toEqual(["settled"]);
  const burner = await startBurner();
  expect(await relayer.settle(await burner.pay())).toMatchObject({ kind: "unknown", detail: "settlement_pending" });
  expect(relayer.seen()).toEqual(["settled", "reverted"]);
});

/** A Worker that takes its nonce and broadcasts, and is ended then. */
async function abandon(relayer: Relayer, { payload, accepted }: Payment, nonce: number): Promise<void> {
  const { authorization: a, signature } = payload;
  const args = [
    ...[a.from as Hex, a.to as Hex],
    ...[BigInt(a.value), BigInt(a.validAfter), BigInt(a.validBefore)],
    ...[a.nonce as Hex, signature as Hex],
  ] as unknown as readonly [Hex, Hex, bigint, bigint, bigint, Hex, Hex];
  const data = encodeFunctionData({ abi: tokenAbi, functionName: "transferWithAuthorization", args });
  const id = `${accepted["network"]}|${accepted["asset"]}|${a.from}|${a.nonce}`.toLowerCase();
  const fees = { maxFeePerGas: 50n * GWEI, maxPriorityFeePerGas: GWEI };
  const call = { chainId: 84532, to: usdc.toLowerCase(), data, gas: 200_000, fees, validBeforeMs: 4e12 };
  const money = { ...RICH, payer: a.from.toLowerCase() };
  await relayer.stub.take(relayer.address, { id, ...call, ...money, usedNonces: nonce, pendingNonces: nonce });
  const [{ raw } = { raw: "0x" as Hex }] = relayer.signed().slice(-1);
  await world.test.sendRawTransaction({ serializedTransaction: raw });
}
