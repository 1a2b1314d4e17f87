// The direct settlement on a real chain whose blocks come when a test wants one: what waits, is stuck, replaced, undone,
// overtaken, forgotten.

import { createWalletClient, encodeFunctionData, type Hash, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buyer, localChain, relayer as stranger, usdc } from "../../../tools/stack/chain.ts";
import { facilitatorBodyOf } from "../../support/direct.ts";
import { domain, PAY_TO, type Payment } from "../../support/payment.ts";
import { expectedOf, pay, type Relayer, RICH, startWorld, tokenAbi, type World } from "./world.ts";

const GWEI = 10n ** 9n;
const FAILED = "invalid_exact_evm_transaction_failed";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.test.setAutomine(false);
});
afterAll(() => world?.stop());

/** No test meets another's transactions or prices. */
afterEach(async () => {
  await world.test.mine({ blocks: 2 });
});

const mine = (blocks = 1): Promise<void> => world.test.mine({ blocks });
const receiptOf = (hash: string) => world.test.getTransactionReceipt({ hash: hash as Hash }).catch(() => null);
const isWaiting = async (hash: string | undefined): Promise<boolean> =>
  hash !== undefined && (await world.test.getTransaction({ hash: hash as Hash }).catch(() => null)) !== null;
const sawAll = async (relayer: Relayer, count: number): Promise<void> =>
  expect
    .poll(async () => (await Promise.all(relayer.signed().map(({ hash }) => isWaiting(hash)))).filter(Boolean), {
      timeout: 8_000,
    })
    .toHaveLength(count);

/** The next block takes nothing that offers less. */
const raiseBaseFee = (gwei: bigint) => world.test.setNextBlockBaseFeePerGas({ baseFeePerGas: gwei * GWEI });

describe("a transaction that waits", () => {
  test("is pending with its hash when the time is up, and settled when its block has come", async () => {
    const relayer = await world.startRelayer({ settleTimeoutMs: 1_500 });
    const payment = await pay();
    const first = await relayer.settle(payment);
    const [{ hash } = { hash: "" }] = relayer.signed();
    expect(first).toEqual({ kind: "unknown", detail: "settlement_pending", transaction: hash });
    await mine();
    expect(await relayer.settleAgain(payment)).toEqual({ kind: "settled", transaction: hash });
    expect(await relayer.nonces()).toBe(1);
  });

  test("is watched to its end, though nothing new could be sent any more", async () => {
    const relayer = await world.startRelayer({ settleTimeoutMs: 1_500 });
    const payment = await pay();
    await relayer.settle(payment);
    const poor = relayer.beside({ feeMax: 1n, settleTimeoutMs: 10_000 });
    const settlement = poor.settleAgain(facilitatorBodyOf(payment), expectedOf(payment));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await mine();
    expect(await settlement).toEqual({ kind: "settled", transaction: relayer.signed()[0]?.hash });
  });

  test("is settled only when its block is as deep as was asked for", async () => {
    const relayer = await world.startRelayer({ confirmations: 3 });
    const settlement = relayer.settle(await pay());
    let isSettled = false;
    void settlement.then(() => {
      isSettled = true;
    });
    await sawAll(relayer, 1);
    for (let depth = 1; depth < 3; depth++) {
      await mine();
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect([depth, isSettled]).toEqual([depth, false]);
    }
    await mine();
    expect(await settlement).toEqual({ kind: "settled", transaction: relayer.signed()[0]?.hash });
  });

  test("and is forgotten by the node is sent to it again", async () => {
    const relayer = await world.startRelayer();
    const settlement = relayer.settle(await pay());
    await sawAll(relayer, 1);
    const [{ hash } = { hash: "0x" as Hash }] = relayer.signed();
    await world.test.dropTransaction({ hash });
    expect(await isWaiting(hash)).toBe(false);
    await sawAll(relayer, 1);
    await mine();
    expect(await settlement).toEqual({ kind: "settled", transaction: hash });
  });
});

describe("a transaction that is stuck below the price", () => {
  test("is replaced under its nonce until it is mined, and paid once", async () => {
    const relayer = await world.startRelayer({ replaceAfterMs: 300 });
    const before = await world.balanceOf(PAY_TO);
    const settlement = relayer.settle(await pay());
    await sawAll(relayer, 1);
    const [first] = relayer.signed();
    await raiseBaseFee(30n);
    await mine();
    expect(await receiptOf(first?.hash ?? "0x")).toBeNull();
    await expect.poll(() => relayer.signed().length).toBeGreaterThan(1);
    let mined: unknown = null;
    void settlement.then((one) => {
      mined = one;
    });
    await expect
      .poll(
        async () => {
          await mine();
          return mined;
        },
        { interval: 100 },
      )
      .not.toBeNull();
    const signed = relayer.signed();
    const hashes = signed.map(({ hash }) => hash);
    expect(new Set(signed.map(({ nonce }) => nonce))).toEqual(new Set([0]));
    expect(await settlement).toMatchObject({ kind: "settled" });
    expect(hashes.slice(1)).toContain(((await settlement) as { transaction: Hash }).transaction);
    expect([(await world.balanceOf(PAY_TO)) - before, await relayer.nonces()]).toEqual([10_000n, 1]);
  });

  test("is not replaced above the cap, and is pending", async () => {
    const relayer = await world.startRelayer({
      replaceAfterMs: 50,
      resendMs: 50,
      settleTimeoutMs: 3_000,
      feeMax: 3n * GWEI,
    });
    await raiseBaseFee(1n);
    await mine();
    const settlement = relayer.settle(await pay());
    await sawAll(relayer, 1);
    await raiseBaseFee(30n);
    await mine();
    expect(await settlement).toMatchObject({ kind: "unknown", detail: "settlement_pending" });
    for (const { raw } of relayer.signed()) {
      const { maxFeePerGas } = (await import("viem")).parseTransaction(raw);
      expect(maxFeePerGas).toBeLessThanOrEqual(3n * GWEI);
    }
  });
});

test("of two transactions of one payment the older may be mined, and is what settled it", async () => {
  const relayer = await world.startRelayer({ settleTimeoutMs: 1_500 });
  const payment = await pay();
  await relayer.settle(payment);
  const [older] = relayer.signed();
  // Another worker has replaced it, and died before its broadcast.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { id } = relayer.store.sql.exec<{ id: string }>("SELECT id FROM sent").toArray()[0] ?? { id: "" };
  const tending = { id, chainId: 84532, relayer: relayer.address, usedNonces: 0, feeMax: 100n * GWEI };
  await relayer.stub.tend({ ...tending, today: null, resendMs: 0, replaceAfterMs: 0 });
  expect(relayer.signed()).toHaveLength(2);
  await mine();
  expect(await receiptOf(older?.hash ?? "0x")).toMatchObject({ status: "success" });
  expect(await relayer.settleAgain(payment)).toEqual({ kind: "settled", transaction: older?.hash });
});

describe("who died after taking a nonce, and before the broadcast,", () => {
  /** A worker that did no more than take its nonce. */
  async function abandon(relayer: Relayer, payment: Payment): Promise<void> {
    const { encoded, id } = callOf(payment);
    const fees = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: GWEI };
    const call = { chainId: 84532, to: usdc.toLowerCase(), data: encoded, gas: 200_000, fees, validBeforeMs: 4e12 };
    const taken = await relayer.stub.take(relayer.address, { id, ...call, ...RICH, usedNonces: 0, pendingNonces: 0 });
    expect(taken).toMatchObject({ kind: "taken" });
  }

  test("keeps nobody behind waiting: what was signed is sent by whoever comes next", async () => {
    const relayer = await world.startRelayer();
    const [abandoned, payment] = [await pay(), await pay()];
    await abandon(relayer, abandoned);
    const settlement = relayer.settle(payment);
    await sawAll(relayer, 2);
    await mine();
    const [first, second] = relayer.signed();
    expect([first?.nonce, second?.nonce]).toEqual([0, 1]);
    expect(await settlement).toEqual({ kind: "settled", transaction: second?.hash });
    expect(await relayer.settleAgain(abandoned)).toEqual({ kind: "settled", transaction: first?.hash });
    expect(await relayer.nonces()).toBe(2);
  });

  test("has its payment settled by that transaction, when somebody asks for it again", async () => {
    const relayer = await world.startRelayer();
    const payment = await pay();
    await abandon(relayer, payment);
    relayer.relayers.restart();
    const settlement = relayer.settleAgain(payment);
    await sawAll(relayer, 1);
    await mine();
    expect(await settlement).toEqual({ kind: "settled", transaction: relayer.signed()[0]?.hash });
  });
});

test("what waits beyond the end of its authorization gives its nonce to nothing, and stays unpaid", async () => {
  const relayer = await world.startRelayer({ settleTimeoutMs: 1_500 });
  const before = await world.balanceOf(PAY_TO);
  const { timestamp } = await world.test.getBlock();
  const payment = await pay({ validBefore: String(timestamp + 3_600n) });
  await relayer.settle(payment);
  const [first] = relayer.signed();
  relayer.clock.aheadMs = (3_600 + 300) * 1_000;
  const settlement = relayer.settleAgain(payment);
  await expect.poll(() => relayer.signed().length).toBe(2);
  const [, nothing] = relayer.signed();
  await expect.poll(() => isWaiting(nothing?.hash)).toBe(true);
  await mine();
  const unpaid = { kind: "unknown", detail: "invalid_exact_evm_transfer_event_mismatch", transaction: nothing?.hash };
  expect(await settlement).toEqual(unpaid);
  expect(await receiptOf(first?.hash ?? "")).toBeNull();
  expect([await relayer.settleAgain(payment), relayer.seen()]).toEqual([unpaid, ["strange"]]);
  expect([(await world.balanceOf(PAY_TO)) - before, await relayer.nonces()]).toEqual([0n, 1]);
});

describe("somebody else with the relayer's key", () => {
  const sendShared = (relayer: Relayer, nonce: number): Promise<Hash> => {
    const chain = localChain(world.rpc);
    const wallet = createWalletClient({ chain, transport: http(world.rpc), account: privateKeyToAccount(relayer.key) });
    return wallet.sendTransaction({ to: stranger.address, value: 0n, nonce, gas: 21_000n, maxFeePerGas: 100n * GWEI });
  };

  test("keeps his nonces while they wait, and where he loses one, the gap is filled", async () => {
    const relayer = await world.startRelayer({ replaceAfterMs: 400 });
    const [kept, lost] = [await sendShared(relayer, 0), await sendShared(relayer, 1)];
    const settlement = relayer.settle(await pay());
    await sawAll(relayer, 1);
    expect(relayer.signed()).toMatchObject([{ nonce: 2 }]);
    await world.test.dropTransaction({ hash: lost });
    await mine();
    expect(await receiptOf(kept)).toMatchObject({ status: "success" });
    await expect.poll(() => relayer.signed().map(({ nonce }) => nonce)).toEqual([1, 2]);
    await sawAll(relayer, 2);
    await mine();
    expect(await settlement).toEqual({ kind: "settled", transaction: relayer.signed()[1]?.hash });
  });

  test("who takes the nonce of a payment leaves it pending for ever, and it never gets another", async () => {
    const relayer = await world.startRelayer({ settleTimeoutMs: 2_000 });
    const payment = await pay();
    const settlement = relayer.settle(payment);
    await sawAll(relayer, 1);
    await world.test.dropTransaction({ hash: relayer.signed()[0]?.hash ?? "0x" });
    await sendShared(relayer, 0);
    await mine();
    const pending = { kind: "unknown", detail: "settlement_pending", transaction: relayer.signed()[0]?.hash };
    expect(await settlement).toEqual(pending);
    expect(await relayer.settleAgain(payment, 1_000)).toEqual(pending);
    expect(relayer.signed()).toHaveLength(1);
  });
});

describe("a transaction that is mined and reverted", () => {
  test("is unknown while its authorization lasts, rejected when that is over, and never sent again", async () => {
    const relayer = await world.startRelayer({ settleTimeoutMs: 4_000 });
    const payer = await world.startPayer(10_000n);
    await mine();
    const { timestamp } = await world.test.getBlock();
    const payment = await pay({ validBefore: String(timestamp + 3_600n) }, payer);
    const settlement = relayer.settle(payment);
    await sawAll(relayer, 1);
    // The payer's own transfer comes first in the block.
    const fees = { maxFeePerGas: 90n * GWEI, maxPriorityFeePerGas: 50n * GWEI };
    await world.send(payer, { functionName: "transfer", args: [stranger.address, 10_000n] }, fees);
    await mine();
    const [{ hash } = { hash: "" }] = relayer.signed();
    expect(await receiptOf(hash)).toMatchObject({ status: "reverted" });
    const failed = { kind: "unknown", detail: FAILED, transaction: hash };
    expect(await settlement).toEqual(failed);
    expect(await relayer.settle(payment)).toEqual(failed);
    await world.test.increaseTime({ seconds: 3_600 + 60 });
    await mine();
    expect(await relayer.settle(payment)).toEqual(failed);
    await world.test.increaseTime({ seconds: 120 });
    await mine();
    const reason = "invalid_exact_evm_payload_authorization_valid_before";
    expect(await relayer.settle(payment)).toEqual({ kind: "rejected", reason });
    expect(await relayer.settleAgain(payment)).toEqual({ kind: "unknown", detail: reason, transaction: null });
    expect([await relayer.nonces(), relayer.signed().length]).toEqual([1, 1]);
  });

  test("is settled where somebody else was faster with the same authorization", async () => {
    const relayer = await world.startRelayer();
    const before = await world.balanceOf(PAY_TO);
    const payment = await pay();
    const settlement = relayer.settle(payment);
    await sawAll(relayer, 1);
    const theirs = await overtake(callOf(payment).encoded);
    await mine();
    expect(await receiptOf(relayer.signed()[0]?.hash ?? "")).toMatchObject({ status: "reverted" });
    expect(await settlement).toEqual({ kind: "settled", transaction: theirs });
    expect(await relayer.settleAgain(payment)).toEqual({ kind: "settled", transaction: theirs });
    expect((await world.balanceOf(PAY_TO)) - before).toBe(10_000n);
  });

  test("is rejected where its payer canceled it: it can never pay", async () => {
    const relayer = await world.startRelayer();
    const payment = await pay();
    const settlement = relayer.settle(payment);
    await sawAll(relayer, 1);
    await overtake(await canceling(payment.payload.authorization.nonce as Hex));
    await mine();
    expect(await settlement).toEqual({ kind: "rejected", reason: "invalid_exact_evm_nonce_already_used" });
  });
});

/** Into the next block, before anybody else. */
function overtake(data: Hex): Promise<Hash> {
  const chain = localChain(world.rpc);
  const wallet = createWalletClient({ chain, transport: http(world.rpc), account: stranger });
  const fees = { maxFeePerGas: 90n * GWEI, maxPriorityFeePerGas: 50n * GWEI };
  return wallet.sendTransaction({ to: usdc, data, gas: 300_000n, ...fees });
}

function callOf({ payload: { authorization: a, signature }, accepted }: Payment): { encoded: Hex; id: string } {
  const args = [
    ...[a.from as Hex, a.to as Hex],
    ...[BigInt(a.value), BigInt(a.validAfter), BigInt(a.validBefore)],
    ...[a.nonce as Hex, signature as Hex],
  ] as unknown as readonly [Hex, Hex, bigint, bigint, bigint, Hex, Hex];
  return {
    encoded: encodeFunctionData({ abi: tokenAbi, functionName: "transferWithAuthorization", args }),
    id: `${accepted["network"]}|${accepted["asset"]}|${a.from}|${a.nonce}`.toLowerCase(),
  };
}

async function canceling(nonce: Hex): Promise<Hex> {
  const signature = await buyer.signTypedData({
    domain,
    types: {
      CancelAuthorization: [
        { name: "authorizer", type: "address" },
        { name: "nonce", type: "bytes32" },
      ],
    },
    primaryType: "CancelAuthorization",
    message: { authorizer: buyer.address, nonce },
  });
  const args = [buyer.address, nonce, signature] as const;
  return encodeFunctionData({ abi: tokenAbi, functionName: "cancelAuthorization", args });
}
