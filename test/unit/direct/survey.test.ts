import { numberToHex, pad } from "viem";
import { afterEach, describe, expect, test } from "vitest";
import { buildEndpoints, failOver } from "../../../src/chain/index.ts";
import { type Order, readOrder } from "../../../src/direct/order.ts";
import { type Survey, survey } from "../../../src/direct/survey.ts";
import { type FakeRpc, HEAD, RpcRefusal, rawBlock, secondsOf, startFakeRpc } from "../../support/fake-rpc.ts";
import { ASSET, NETWORK } from "../../support/payment.ts";
import type { TestServer } from "../../support/server.ts";
import { bodyOf, GWEI } from "./fixtures.ts";

const RELAYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const word = (value: number | bigint): string => pad(numberToHex(value), { size: 32 });
function refuse(code: number): () => unknown {
  return () => {
    throw new RpcRefusal("no", code);
  };
}

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

interface Answers {
  readonly state: () => unknown;
  readonly funds: () => unknown;
  readonly transfer: () => unknown;
  readonly estimate: () => unknown;
  /** Instead of the chain's own, by method. */
  readonly methods: { readonly [method: string]: (...params: never[]) => unknown };
}

const GOOD: Answers = {
  state: () => word(0),
  funds: () => word(10_000),
  transfer: () => "0x",
  estimate: () => numberToHex(80_000),
  methods: {},
};
const block = (changes: object) => ({ ...rawBlock(HEAD), baseFeePerGas: numberToHex(7n * GWEI), ...changes });

/** An RPC of a chain on which the payment is good, but for what a test has it say. */
async function start({ state, funds, transfer, estimate, methods }: Answers): Promise<FakeRpc> {
  const rpc: FakeRpc = await startFakeRpc({
    answers: {
      eth_getBlockByNumber: () => block({}),
      eth_gasPrice: () => numberToHex(8n * GWEI),
      eth_getBalance: () => numberToHex(GWEI ** 2n),
      eth_getTransactionCount: (_: string, tag: string) => (tag === "latest" ? "0x5" : "0x6"),
      eth_estimateGas: () => estimate(),
      eth_call: ({ data }: { data: string }) => {
        if (data.startsWith("0xe94a0102")) return state();
        return data.startsWith("0x70a08231") ? funds() : transfer();
      },
      ...methods,
    },
  });
  servers.push(rpc);
  return rpc;
}

const orderOf = async (changes: Parameters<typeof bodyOf>[0] = {}): Promise<Order> => {
  const validBefore = String(secondsOf(HEAD) + 300);
  const order = readOrder((await bodyOf({ validBefore, ...changes })).body);
  if (!order.ok) throw new Error(order.error);
  return order.value;
};

async function ask(answers: Partial<Answers> = {}, changes: Parameters<typeof bodyOf>[0] = {}) {
  const { url } = await start({ ...GOOD, ...answers });
  const order = await orderOf(changes);
  const endpoints = buildEndpoints({ urls: [url], timeoutMs: 4000 }, globalThis);
  return failOver(endpoints, NETWORK, (_, askEach) => survey(askEach, order, RELAYER));
}

const objection = async (answers: Partial<Answers>, changes: Parameters<typeof bodyOf>[0] = {}) => {
  const surveyed = await ask(answers, changes);
  return surveyed.ok ? (surveyed.value as Survey).objection : surveyed;
};

test("a payment that would go through is told with what sending it costs, from one batch of ten", async () => {
  const rpc = await start(GOOD);
  const endpoints = buildEndpoints({ urls: [rpc.url], timeoutMs: 4000 }, globalThis);
  const order = await orderOf();
  expect(await failOver(endpoints, NETWORK, (_, askEach) => survey(askEach, order, RELAYER))).toEqual({
    ok: true,
    value: {
      objection: null,
      market: { baseFee: 7n * GWEI, gasPrice: 8n * GWEI },
      balance: GWEI ** 2n,
      funds: 10_000n,
      usedNonces: 5,
      pendingNonces: 6,
      gas: 100_000,
    },
  });
  expect(rpc.seen.map((calls) => calls.length)).toEqual([10]);
  const [transfer, block] = rpc.seen[0]?.find(({ method }) => method === "eth_estimateGas")?.params ?? [];
  expect(transfer).toMatchObject({ from: RELAYER, to: ASSET });
  expect(block).toBe("latest");
});

describe("a payment would not go through", () => {
  test.each<readonly [string, Partial<Answers>, string]>([
    ["whose nonce was used", { state: () => word(1) }, "invalid_exact_evm_nonce_already_used"],
    [
      "whose nonce was used, though the token would take it again",
      { state: () => word(1), transfer: () => "0x" },
      "invalid_exact_evm_nonce_already_used",
    ],
    ["whose payer is too poor", { funds: () => word(9_999) }, "invalid_exact_evm_insufficient_balance"],
    ["of a token that is none", { state: () => "0x" }, "asset_not_deployed_contract"],
    ["of a token without EIP-3009", { state: refuse(3) }, "invalid_exact_evm_eip3009_not_supported"],
    [
      "that reverts with a reason",
      { transfer: refuse(3), estimate: refuse(3) },
      "invalid_exact_evm_transaction_simulation_failed",
    ],
    [
      "that reverts without one",
      { transfer: refuse(-32000), estimate: refuse(-32000) },
      "invalid_exact_evm_transaction_simulation_failed",
    ],
    [
      "that takes more gas than a transaction may",
      { transfer: refuse(3), estimate: () => numberToHex(1_000_001) },
      "invalid_exact_evm_transaction_simulation_failed",
    ],
    [
      "that reverts in old words",
      { transfer: refuse(-32015), estimate: refuse(-32015) },
      "invalid_exact_evm_transaction_simulation_failed",
    ],
  ])("%s", async (_, answers, reason) => {
    expect(await objection(answers)).toBe(reason);
  });

  test("whose end has come, as the chain's last block has it", async () => {
    const reason = "invalid_exact_evm_payload_authorization_valid_before";
    expect(await objection({}, { validBefore: String(secondsOf(HEAD)) })).toBe(reason);
    expect(await objection({}, { validBefore: String(secondsOf(HEAD) + 1) })).toBeNull();
  });

  test("whose time has not come", async () => {
    const early = { validAfter: String(secondsOf(HEAD)) };
    const reason = "invalid_exact_evm_payload_authorization_valid_after";
    expect(await objection({ transfer: refuse(3), estimate: refuse(3) }, early)).toBe(reason);
    expect(await objection({}, early)).toBeNull();
  });
});

describe("an RPC says nothing of a payment", () => {
  const unavailable = { ok: false };
  test.each<readonly [string, Partial<Answers>]>([
    ["when it is overloaded with the transfer", { transfer: refuse(-32005) }],
    ["when it is overloaded with the state", { state: refuse(-32005) }],
    ["when the state reverts, or it has not the block", { state: refuse(-32000) }],
    [
      "when it has not the block of any call",
      { state: refuse(-32000), funds: refuse(-32000), transfer: refuse(-32000) },
    ],
    ["when it has no state", { state: () => word(2) }],
    ["when it has no balance", { funds: () => "0x" }],
    ["when it cannot estimate", { estimate: refuse(-32000) }],
    ["when the transfer reverts, and would not", { transfer: refuse(-32000) }],
    ["when it does not know its prices", { methods: { eth_gasPrice: refuse(-32601) } }],
    ["when it does not know the relayer's balance", { methods: { eth_getBalance: () => null } }],
    ["when it does not know the relayer's nonces", { methods: { eth_getTransactionCount: refuse(-32000) } }],
    ["when it has no latest block", { methods: { eth_getBlockByNumber: () => null } }],
    ["when its clock is absurd", { methods: { eth_getBlockByNumber: () => block({ timestamp: "0xa026aacb84aa0" }) } }],
    ["of a chain without a base fee", { methods: { eth_getBlockByNumber: () => rawBlock(HEAD) } }],
  ])("%s", async (_, answers) => {
    expect(await objection(answers)).toMatchObject(unavailable);
  });
});

test("a node that does not count what waits is taken to have nothing waiting", async () => {
  const eth_getTransactionCount = (_: string, tag: string) => (tag === "latest" ? "0x5" : refuse(-32000)());
  expect(await ask({ methods: { eth_getTransactionCount } })).toMatchObject({
    value: { usedNonces: 5, pendingNonces: 5 },
  });
});

test("no call of a token or a wallet may take the RPC more gas than a transaction", async () => {
  const rpc = await start(GOOD);
  const endpoints = buildEndpoints({ urls: [rpc.url], timeoutMs: 4000 }, globalThis);
  const order = await orderOf();
  await failOver(endpoints, NETWORK, (_, askEach) => survey(askEach, order, RELAYER));
  const calls = rpc.seen.flat().filter(({ method }) => ["eth_call", "eth_estimateGas"].includes(method));
  expect(calls.map(({ params: [call] }) => (call as { gas?: string }).gas)).toEqual(
    Array(4).fill(numberToHex(1_000_000)),
  );
});

test("gas is never so little, or so much, that no node would hold the transaction", async () => {
  expect(await ask({ estimate: () => "0x1" })).toMatchObject({ value: { gas: 21_000 + 40 * (4 + 9 * 32) } });
  const small = { eth_getBlockByNumber: () => block({ gasLimit: numberToHex(95_000) }) };
  expect(await ask({ methods: small })).toMatchObject({ value: { gas: 95_000 } });
});

test("gas has a limit, which a contract wallet cannot raise", async () => {
  expect(await ask({ estimate: () => numberToHex(30_000_000) })).toMatchObject({ value: { gas: 1_000_000 } });
});
