// The direct settlement on a real chain whose blocks come by themselves: one for each transaction.

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { relayer as stranger } from "../../../tools/stack/chain.ts";
import { facilitatorBodyOf } from "../../support/direct.ts";
import { PAY_TO, type Payment } from "../../support/payment.ts";
import { expectedOf, pay, type Relayer, RICH, startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const HASH = /^0x[0-9a-f]{64}$/;
const settledBy = ({ signed }: Relayer) => ({ kind: "settled", transaction: signed()[0]?.hash });

/** What an action moves to the payee, in atomic units. */
async function moved(action: () => Promise<unknown>): Promise<bigint> {
  const before = await world.balanceOf(PAY_TO);
  await action();
  return (await world.balanceOf(PAY_TO)) - before;
}

describe("a payment", () => {
  test("is valid, is settled by one transaction of the relayer's, and moves its amount", async () => {
    const relayer = await world.startRelayer();
    const payment = await pay();
    expect(await relayer.verify(payment)).toEqual({ kind: "valid" });
    let settlement: unknown;
    const paid = await moved(async () => {
      settlement = await relayer.settle(payment);
    });
    expect([paid, settlement]).toEqual([10_000n, settledBy(relayer)]);
    expect(await relayer.nonces()).toBe(1);
    const receipt = await world.test.getTransactionReceipt({ hash: relayer.signed()[0]?.hash ?? "0x" });
    expect(receipt).toMatchObject({ from: relayer.address.toLowerCase(), status: "success", type: "eip1559" });
  });

  test("is settled once, whoever asks again, and the same is told", async () => {
    const relayer = await world.startRelayer();
    const payment = await pay();
    const paid = await moved(async () => {
      const first = await relayer.settle(payment);
      expect(await relayer.settle(payment)).toEqual(first);
      expect(await relayer.settleAgain(payment)).toEqual(first);
      relayer.relayers.restart();
      expect(await relayer.settleAgain(payment)).toEqual(first);
    });
    expect([paid, await relayer.nonces()]).toEqual([10_000n, 1]);
  });

  test("is settled once, by many who ask at once", async () => {
    const relayer = await world.startRelayer();
    const payment = await pay();
    const paid = await moved(async () => {
      const asked = [relayer.settle, relayer.settleAgain, relayer.settle, relayer.settleAgain];
      const settlements = await Promise.all(asked.map((ask) => ask(payment)));
      expect(new Set(settlements.map((one) => JSON.stringify(one))).size).toBe(1);
      expect(settlements[0]).toEqual(settledBy(relayer));
    });
    expect([paid, await relayer.nonces(), relayer.signed().length]).toEqual([10_000n, 1, 1]);
  });

  test.each([
    ["is told that it was used", "pass"],
    ["is told nothing", "break"],
  ] as const)("is settled once, by one who looks while another settles it, and %s", async (_, told) => {
    const relayer = await world.startRelayer();
    const payment = await pay();
    const settledFirst = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const answer = async (method: string) => {
      if (method !== "eth_estimateGas") return "pass" as const;
      asked.resolve();
      await settledFirst.promise;
      return told;
    };
    const slow = relayer.beside({ urls: [await world.startProxy({ answer })] });
    const second = slow.settle(facilitatorBodyOf(payment), expectedOf(payment));
    await asked.promise;
    const first = await relayer.settle(payment);
    settledFirst.resolve();
    expect(first).toEqual(settledBy(relayer));
    expect(await second).toEqual(first);
    expect([await relayer.nonces(), relayer.signed().length]).toEqual([1, 1]);
  });

  test("is settled beside forty-nine others at once, each by its own nonce", async () => {
    const relayer = await world.startRelayer({ settleTimeoutMs: 30_000 });
    const payments = await Promise.all(Array.from({ length: 50 }, () => pay()));
    const paid = await moved(async () => {
      const settlements = await world.whileBlocksCome(() => Promise.all(payments.map(relayer.settle)));
      expect(settlements.map(({ kind }) => kind)).toEqual(payments.map(() => "settled"));
    });
    expect(paid).toBe(500_000n);
    expect(relayer.signed().map(({ nonce }) => nonce)).toEqual(payments.map((_, i) => i));
    expect(await relayer.nonces()).toBe(50);
  });

  test("of a contract wallet is judged by the token, and settled", async () => {
    const relayer = await world.startRelayer();
    const payer = await world.startPayer(50_000n);
    const payment = await pay({}, payer);
    payment.payload.signature = "0x1234";
    expect(await relayer.verify(payment)).toMatchObject({ kind: "invalid" });
    // A wallet that takes every signature: EIP-1271's magic value, whatever it is asked.
    await world.test.setCode({ address: payer.address, bytecode: "0x631626ba7e60e01b5f5260205ff3" });
    expect(await relayer.verify(payment)).toEqual({ kind: "valid" });
    expect(await relayer.settle(payment)).toEqual(settledBy(relayer));
    expect(await world.balanceOf(payer.address)).toBe(40_000n);
  });
});

test("one nonce that was signed for two amounts pays one of them, whichever comes first", async () => {
  const relayer = await world.startRelayer();
  const cheap = await pay();
  const dear = await pay({ nonce: cheap.payload.authorization.nonce, value: "20000" });
  dear.accepted = { ...dear.accepted, amount: "20000" };
  expect(await relayer.settle(cheap)).toEqual(settledBy(relayer));
  const refused = { kind: "unknown", detail: "invalid_exact_evm_nonce_already_used", transaction: null };
  expect(await relayer.settle(dear)).toEqual(refused);
  expect(await relayer.settleAgain(dear)).toEqual(refused);
  expect(relayer.signed()).toHaveLength(1);
});

describe("a payment that cannot be settled is told so, and costs nothing:", () => {
  const cases: readonly (readonly [string, () => Promise<Payment>, string])[] = [
    [
      "its payer is too poor",
      async () => pay({}, await world.startPayer(9_999n)),
      "invalid_exact_evm_insufficient_balance",
    ],
    ["it is over", () => pay({ validBefore: "1000000000" }), "invalid_exact_evm_payload_authorization_valid_before"],
    [
      "it has not begun",
      () => pay({ validAfter: "3900000000" }),
      "invalid_exact_evm_payload_authorization_valid_after",
    ],
    [
      "its signature is another payment's",
      async () => {
        const [payment, other] = [await pay(), await pay()];
        return { ...payment, payload: { ...payment.payload, signature: other.payload.signature } };
      },
      "invalid_exact_evm_transaction_simulation_failed",
    ],
    [
      "the offer has another payee",
      async () => {
        const payment = await pay();
        return { ...payment, accepted: { ...payment.accepted, payTo: stranger.address } };
      },
      "invalid_exact_evm_recipient_mismatch",
    ],
    [
      "the token is none",
      async () => {
        const payment = await pay();
        return { ...payment, accepted: { ...payment.accepted, asset: stranger.address } };
      },
      "asset_not_deployed_contract",
    ],
    [
      "the token does not take such payments",
      async () => {
        const payment = await pay();
        const asset = "0xcA11bde05977b3631167028862bE2a173976CA11";
        return { ...payment, accepted: { ...payment.accepted, asset } };
      },
      "invalid_exact_evm_eip3009_not_supported",
    ],
  ];

  test.each(cases)("%s", async (_, payment, reason) => {
    const relayer = await world.startRelayer();
    const presented = await payment();
    expect(await relayer.verify(presented)).toEqual({ kind: "invalid", reason });
    expect(await relayer.settle(presented)).toEqual({ kind: "rejected", reason });
    // After an attempt that nobody heard of, the same is no rejection.
    expect(await relayer.settleAgain(presented)).toEqual({ kind: "unknown", detail: reason, transaction: null });
    expect([relayer.signed(), await relayer.nonces()]).toEqual([[], 0]);
  });

  test("it was used elsewhere, which may have paid, and buys nothing here", async () => {
    const [relayer, other] = [await world.startRelayer(), await world.startRelayer()];
    const payment = await pay();
    await other.settle(payment);
    const reason = "invalid_exact_evm_nonce_already_used";
    expect(await relayer.verify(payment)).toEqual({ kind: "invalid", reason });
    expect(await relayer.settle(payment)).toEqual({ kind: "unknown", detail: reason, transaction: null });
    expect(relayer.signed()).toEqual([]);
  });
});

describe("an RPC", () => {
  test("that is dead is passed over for the next one", async () => {
    const proxy = await world.startProxy({ answer: () => "break" });
    const relayer = await world.startRelayer({ urls: ["http://127.0.0.1:9", proxy, world.rpc] });
    const payment = await pay();
    expect(await relayer.verify(payment)).toEqual({ kind: "valid" });
    expect(await relayer.settle(payment)).toEqual(settledBy(relayer));
  });

  test("that takes no transactions is passed over for the next one", async () => {
    const answer = (method: string) =>
      method === "eth_sendRawTransaction"
        ? { instead: { error: { code: -32601, message: "not here" } } }
        : ("pass" as const);
    const relayer = await world.startRelayer({ urls: [await world.startProxy({ answer }), world.rpc] });
    expect(await relayer.settle(await pay())).toEqual(settledBy(relayer));
  });

  test("of another chain is refused, and nothing is sent to it", async () => {
    const asked: string[] = [];
    const answer = (method: string) => {
      asked.push(method);
      return method === "eth_chainId" ? { instead: { result: "0x1" } } : ("pass" as const);
    };
    const relayer = await world.startRelayer({ urls: [await world.startProxy({ answer })] });
    const payment = await pay();
    expect(await relayer.verify(payment)).toEqual({ kind: "unavailable", detail: "RPC 1 is on another chain" });
    const settlement = await relayer.settle(payment);
    expect(settlement).toEqual({ kind: "unknown", detail: "RPC 1 is on another chain", transaction: null });
    expect(relayer.signed()).toEqual([]);
    expect(asked).not.toContain("eth_sendRawTransaction");
  });

  test("that is down before anything was signed leaves the payment unknown, and no nonce is gone", async () => {
    const state: { answer: () => "pass" | "break" } = { answer: () => "break" };
    const relayer = await world.startRelayer({ urls: [await world.startProxy({ answer: () => state.answer() })] });
    const payment = await pay();
    expect(await relayer.verify(payment)).toEqual({ kind: "unavailable", detail: "RPC 1 did not answer" });
    expect(await relayer.settle(payment)).toMatchObject({ kind: "unknown", transaction: null });
    expect(relayer.signed()).toEqual([]);
    state.answer = () => "pass";
    expect(await relayer.settleAgain(payment)).toEqual(settledBy(relayer));
  });

  test("that goes down once it was signed leaves it unknown with its hash, and it is settled with that later", async () => {
    let isDown = true;
    const answer = (method: string) =>
      isDown && /sendRaw|Receipt/.test(method) ? ("break" as const) : ("pass" as const);
    const relayer = await world.startRelayer({ urls: [await world.startProxy({ answer })], settleTimeoutMs: 1_500 });
    const payment = await pay();
    const settlement = await relayer.settle(payment);
    const [{ hash } = { hash: "" }] = relayer.signed();
    expect(hash).toMatch(HASH);
    expect(settlement).toEqual({ kind: "unknown", detail: "settlement_pending", transaction: hash });
    expect(await relayer.nonces()).toBe(0);
    isDown = false;
    expect(await relayer.settleAgain(payment)).toEqual({ kind: "settled", transaction: hash });
    expect([await relayer.nonces(), relayer.signed().length]).toEqual([1, 1]);
  });

  test("whose answer to the broadcast is lost is asked again, and the payment is settled once", async () => {
    let broadcasts = 0;
    const answer = (method: string) =>
      method === "eth_sendRawTransaction" && broadcasts++ === 0
        ? { after: { error: { code: -32603, message: "lost" } } }
        : ("pass" as const);
    const relayer = await world.startRelayer({ urls: [await world.startProxy({ answer })] });
    const paid = await moved(async () => {
      expect(await relayer.settle(await pay())).toEqual(settledBy(relayer));
    });
    expect([paid, await relayer.nonces()]).toEqual([10_000n, 1]);
  });

  test("that takes a transaction only the second time is given it again at once", async () => {
    let broadcasts = 0;
    const answer = (method: string) =>
      method === "eth_sendRawTransaction" && broadcasts++ === 0
        ? { instead: { error: { code: -32000, message: "nonce too high" } } }
        : ("pass" as const);
    const urls = [await world.startProxy({ answer })];
    const relayer = await world.startRelayer({ urls, resendMs: 60_000 });
    expect(await relayer.settle(await pay())).toEqual(settledBy(relayer));
    expect(broadcasts).toBe(2);
  });

  test("that never answers costs no more than its time", async () => {
    const silent = await world.startProxy({ answer: () => "break" });
    const relayer = await world.startRelayer({ urls: [silent, silent], settleTimeoutMs: 300, verifyTimeoutMs: 300 });
    const startMs = performance.now();
    await relayer.settle(await pay());
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});

describe("who chooses among facilitators", () => {
  test("knows it by its network and its account, and that it settles there alone", async () => {
    const relayer = await world.startRelayer();
    expect(relayer.name).toBe(`direct:eip155:84532:${relayer.address.toLowerCase()}`);
    await relayer.supported.refresh();
    expect(relayer.supported.lists({ scheme: "exact", network: "eip155:84532" })).toBe(true);
    expect(relayer.supported.lists({ scheme: "exact", network: "eip155:8453" })).toBe(false);
  });

  test("lets it rest while no RPC answers, and not for what a payment is", async () => {
    const state: { answer: "pass" | "break" } = { answer: "pass" };
    const relayer = await world.startRelayer({ urls: [await world.startProxy({ answer: () => state.answer })] });
    const bad = await pay({ validBefore: "1000000000" });
    for (let i = 0; i < 5; i++) await relayer.verify(bad);
    expect(relayer.breaker.health()).toEqual({ state: "closed", failures: 0 });
    state.answer = "break";
    for (let i = 0; i < 3; i++) await relayer.verify(await pay());
    expect(relayer.breaker.health()).toEqual({ state: "open", failures: 3, why: "no RPC answered" });
    state.answer = "pass";
    await relayer.settle(await pay());
    expect(relayer.breaker.health()).toEqual({ state: "closed", failures: 0 });
  });
});

describe("who is paid by a contract wallet", () => {
  test("does not rest for what the wallet makes an RPC say of its payment", async () => {
    // The transfer goes through when it is tried, and reverts when it is estimated.
    const reverts = { instead: { error: { code: -32000, message: "execution reverted" } } };
    const answer = (method: string) => (method === "eth_estimateGas" ? reverts : "pass");
    const relayer = await world.startRelayer({ urls: [await world.startProxy({ answer })] });
    for (let i = 0; i < 5; i++) expect(await relayer.verify(await pay())).toMatchObject({ kind: "unavailable" });
    expect(relayer.breaker.health()).toEqual({ state: "closed", failures: 0 });
  });

  test("rests where an RPC answers nothing but that it is overloaded", async () => {
    const answer = () => ({ instead: { error: { code: -32005, message: "limit exceeded" } } });
    const relayer = await world.startRelayer({ urls: [await world.startProxy({ answer })] });
    for (let i = 0; i < 3; i++) await relayer.verify(await pay());
    expect(relayer.breaker.health()).toEqual({ state: "open", failures: 3, why: "no RPC answered" });
  });
});

describe("the relayer's own trouble is not the buyer's:", () => {
  const unavailable = { kind: "unavailable" };
  const unknown = { kind: "unknown", transaction: null };

  test("it has no money for gas", async () => {
    const relayer = await world.startRelayer({}, 1_000n);
    const payment = await pay();
    expect(await relayer.verify(payment)).toMatchObject(unavailable);
    expect(await relayer.settle(payment)).toMatchObject(unknown);
    expect(relayer.signed()).toEqual([]);
  });

  test("gas costs more than the cap", async () => {
    const relayer = await world.startRelayer({ feeMax: 1_000n });
    const payment = await pay();
    expect(await relayer.verify(payment)).toEqual({ kind: "unavailable", detail: "gas costs more than the cap" });
    expect(await relayer.settle(payment)).toMatchObject(unknown);
    expect(relayer.signed()).toEqual([]);
  });

  test("its object does not answer", async () => {
    const relayer = await world.startRelayer();
    relayer.store.db.close();
    const payment = await pay();
    expect(await relayer.verify(payment)).toEqual({ kind: "valid" });
    expect(await relayer.settle(payment)).toMatchObject(unknown);
    expect(await relayer.nonces()).toBe(0);
  });

  test("its object's answers are lost now and then", async () => {
    const relayer = await world.startRelayer();
    for (let skipped = 0; skipped < 3; skipped++) {
      relayer.relayers.loseAnswer(skipped);
      const settlement = await relayer.settle(await pay());
      expect(settlement).toEqual({ kind: "settled", transaction: relayer.signed()[skipped]?.hash });
    }
    expect([await relayer.nonces(), relayer.signed().length]).toEqual([3, 3]);
  });

  describe("as much is under way as nodes hold for one account", () => {
    /** Sixty-four that nobody broadcast, of a payer who has paid for as many. */
    async function fill(relayer: Relayer, price = 1n): Promise<void> {
      const fees = { maxFeePerGas: price, maxPriorityFeePerGas: 1n };
      const call = { chainId: 84532, to: relayer.address, data: "0x", gas: 21_000, fees, validBeforeMs: 0, ...RICH };
      for (let i = 0; i < 128; i++) {
        await relayer.stub.take(relayer.address, { id: `p-${i}`, ...call, usedNonces: 0, pendingNonces: 0 });
        if (i < 64) await relayer.stub.close(`p-${i}`, "0xaa");
      }
      await world.test.setNonce({ address: relayer.address, nonce: 64 });
    }

    test("and stays so: it is unknown, and has no nonce", async () => {
      const relayer = await world.startRelayer({ settleTimeoutMs: 1_000 });
      await fill(relayer);
      expect(await relayer.settle(await pay())).toMatchObject(unknown);
      expect(relayer.signed()).toHaveLength(128);
    });

    test("and their Workers have died: it sends them, and has its turn", async () => {
      const relayer = await world.startRelayer();
      await fill(relayer, 50n * 10n ** 9n);
      const settlement = await relayer.settle(await pay());
      expect(settlement).toEqual({ kind: "settled", transaction: relayer.signed()[128]?.hash });
    });

    test("and then less: it waits for that", async () => {
      const relayer = await world.startRelayer();
      await fill(relayer);
      const settlement = relayer.settle(await pay());
      await new Promise((resolve) => setTimeout(resolve, 200));
      await world.test.setNonce({ address: relayer.address, nonce: 128 });
      expect(await settlement).toEqual({ kind: "settled", transaction: relayer.signed()[128]?.hash });
    });
  });

  test("it runs low, which the operator is told once in a while", async () => {
    const lines: string[] = [];
    const warn = vi.spyOn(console, "warn").mockImplementation((line: string) => void lines.push(line));
    const relayer = await world.startRelayer({}, 10n ** 15n);
    const payment = await pay();
    expect(await relayer.settle(payment)).toEqual(settledBy(relayer));
    await relayer.settle(await pay());
    warn.mockRestore();
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0] ?? "{}");
    expect(line).toMatchObject({ event: "relayer_low", network: "eip155:84532", relayer: relayer.address });
    expect(line.balance).toBe(String(10n ** 15n));
    expect(line.settlements).toBeGreaterThan(0);
    expect(line.settlements).toBeLessThan(100);
    expect(lines.join()).not.toContain(relayer.key.slice(2));
  });
});

test("what was used by somebody else with the same key is skipped", async () => {
  const relayer = await world.startRelayer();
  const { privateKeyToAccount } = await import("viem/accounts");
  const shared = privateKeyToAccount(relayer.key);
  for (let i = 0; i < 3; i++) await world.send(shared, { functionName: "transfer", args: [shared.address, 0n] });
  expect(await relayer.settle(await pay())).toEqual(settledBy(relayer));
  expect(relayer.signed().map(({ nonce }) => nonce)).toEqual([3]);
});
