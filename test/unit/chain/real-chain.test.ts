import {
  type Address,
  createPublicClient,
  createTestClient,
  createWalletClient,
  encodeFunctionData,
  type Hash,
  type Hex,
  http,
  parseAbi,
} from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Authorization, buildChain, buildHistory, type Fate } from "../../../src/chain/index.ts";
import { buyer, type Chain, localChain, network, relayer, startChain, usdc } from "../../../tools/stack/chain.ts";
import { domain, PAY_TO, type Payment, signPayment } from "../../support/payment.ts";

const MULTICALL: Address = "0xcA11bde05977b3631167028862bE2a173976CA11";
const OTHER: Address = "0x1111111111111111111111111111111111111111";

const tokenAbi = parseAbi([
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)",
  "function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature)",
  "function transfer(address to, uint256 value) returns (bool)",
]);
const multicallAbi = parseAbi([
  "struct Call3 { address target; bool allowFailure; bytes callData; }",
  "function aggregate3(Call3[] calls) payable",
]);

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain?.stop());

const options = () => ({ chain: localChain(chain.rpc), transport: http(chain.rpc), pollingInterval: 20 });

/** Sends it from the relayer's account, and waits until it is mined. */
async function send(to: Address, data: Hex, gas?: bigint): Promise<Hash> {
  const wallet = createWalletClient({ ...options(), account: relayer });
  const hash = await wallet.sendTransaction({ to, data, ...(gas !== undefined && { gas }) });
  await createPublicClient(options()).waitForTransactionReceipt({ hash });
  return hash;
}

function settling({ payload: { authorization: a, signature } }: Payment): Hex {
  const args = [
    a.from as Address,
    a.to as Address,
    BigInt(a.value),
    BigInt(a.validAfter),
    BigInt(a.validBefore),
    a.nonce as Hex,
    signature as Hex,
  ] as const;
  return encodeFunctionData({ abi: tokenAbi, functionName: "transferWithAuthorization", args });
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

const together = (datas: readonly Hex[]): Hex =>
  encodeFunctionData({
    abi: multicallAbi,
    functionName: "aggregate3",
    args: [datas.map((callData) => ({ target: usdc, allowFailure: false, callData }))],
  });

const claimOf = ({ payload: { authorization } }: Payment, changes: Partial<Authorization> = {}): Authorization => ({
  network,
  assetTransferMethod: "eip3009",
  asset: usdc,
  payer: authorization.from,
  payTo: PAY_TO,
  nonce: authorization.nonce,
  amount: authorization.value,
  facilitatorAddress: null,
  validBeforeMs: Number(authorization.validBefore) * 1000,
  sinceMs: Date.now(),
  transaction: null,
  ...changes,
});

const fateOf = (payment: Payment, changes: Partial<Authorization> = {}): Promise<Fate> =>
  buildChain({ urls: [chain.rpc], timeoutMs: 5000 }).fateOf(claimOf(payment, changes));

/** Valid for longer than the chain's clock is moved on. */
const sign = (changes: Parameters<typeof signPayment>[1] = {}): Promise<Payment> =>
  signPayment("10000", { validBefore: "4000000000", ...changes }, buyer);

describe("on a real chain, a payment", () => {
  test("that was mined is paid, by its transaction, whether that was named or not", async () => {
    const payment = await sign();
    const transaction = await send(usdc, settling(payment));
    expect(await fateOf(payment)).toEqual({ kind: "paid", transaction, amount: "10000" });
    expect(await fateOf(payment, { transaction })).toEqual({ kind: "paid", transaction, amount: "10000" });
  });

  test("that was mined is not paid to somebody else, nor in another amount", async () => {
    const payment = await sign();
    const transaction = await send(usdc, settling(payment));
    expect(await fateOf(payment, { payTo: OTHER, transaction })).toEqual({ kind: "canceled" });
    expect(await fateOf(payment, { amount: "10001", transaction })).toEqual({ kind: "canceled" });
  });

  test("that nobody sent is unused, as of the head's own time", async () => {
    const head = await createPublicClient(options()).getBlock();
    expect(await fateOf(await sign())).toEqual({ kind: "unused", chainTimeMs: Number(head.timestamp) * 1000 });
  });

  test("whose transaction was reverted is unused", async () => {
    const payment = await sign({ validBefore: "1" });
    const transaction = await send(usdc, settling(payment), 300_000n);
    expect(await fateOf(payment, { transaction })).toMatchObject({ kind: "unused" });
  });

  test("that its payer canceled is canceled, though its nonce reads as used", async () => {
    const payment = await sign();
    const transaction = await send(usdc, await canceling(payment.payload.authorization.nonce as Hex));
    expect(await fateOf(payment)).toEqual({ kind: "canceled" });
    expect(await fateOf(payment, { transaction })).toEqual({ kind: "canceled" });
  });

  test("whose nonce its payer spent on himself is canceled, also beside an equal payment that is paid", async () => {
    const [payment, equal] = [await sign(), await sign()];
    const { nonce } = payment.payload.authorization;
    const toOther = await sign({ nonce, to: OTHER });
    const transaction = await send(MULTICALL, together([settling(toOther), settling(equal)]));
    expect(await fateOf(payment)).toEqual({ kind: "canceled" });
    expect(await fateOf(equal)).toEqual({ kind: "paid", transaction, amount: "10000" });
  });

  test("that was settled with an equal one in one transaction is paid, as is the other", async () => {
    const payments = [await sign(), await sign()];
    const transaction = await send(MULTICALL, together(payments.map(settling)));
    for (const payment of payments)
      expect(await fateOf(payment)).toEqual({ kind: "paid", transaction, amount: "10000" });
  });

  test("that was mined long before the claim is not looked for, and stays unknown", async () => {
    const payment = await sign();
    await send(usdc, settling(payment));
    await createTestClient({ ...options(), mode: "anvil" }).mine({ blocks: 1100, interval: 2 });
    const { timestamp } = await createPublicClient(options()).getBlock();
    const late = { sinceMs: Number(timestamp) * 1000 + 5 * 60_000 };
    expect(await fateOf(payment, late)).toMatchObject({ kind: "unavailable" });
    expect(await fateOf(payment, { sinceMs: 0 })).toMatchObject({ kind: "paid" });
  });

  test("of a token that is none is unknown", async () => {
    expect(await fateOf(await sign(), { asset: OTHER })).toMatchObject({ kind: "unavailable" });
  });
});

test("on a real chain, every transfer to the payee is in its book, with the block of its time", async () => {
  const history = buildHistory(network, { urls: [chain.rpc], timeoutMs: 5000 });
  const before = await history.latestBlock();
  if (!before.ok) throw new Error(before.error);
  const payment = await sign();
  const transaction = await send(usdc, settling(payment));
  const after = await history.latestBlock();
  if (!after.ok) throw new Error(after.error);
  const range = { fromBlock: before.value.number + 1, toBlock: after.value.number };
  const transfers = await history.readTransfers({ asset: usdc, payTo: PAY_TO, ...range });
  expect(transfers).toMatchObject({
    ok: true,
    value: [{ transaction, from: buyer.address.toLowerCase(), to: PAY_TO.toLowerCase(), value: 10000n }],
  });
  expect(await history.blockAt(after.value.timeMs)).toEqual({ ok: true, value: after.value.number });
});
