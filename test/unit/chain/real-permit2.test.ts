// What becomes of payments by Permit2 on a real chain, where Permit2 and x402's proxy are contracts of our own with
// their interfaces.

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
import { type Authorization, buildChain } from "../../../src/chain/index.ts";
import { buyer, type Chain, localChain, network, relayer, startChain, usdc } from "../../../tools/stack/chain.ts";
import { PAY_TO } from "../../support/payment.ts";
import { proxyAbi } from "../../support/permit2-logs.ts";
import { PERMIT2, type Permit2Payment, PROXY, signPermit2Payment } from "../../support/permit2-payment.ts";

const MULTICALL: Address = "0xcA11bde05977b3631167028862bE2a173976CA11";
const OTHER: Address = "0x1111111111111111111111111111111111111111";

const nonces = parseAbi(["function invalidateUnorderedNonces(uint256 wordPos, uint256 mask)"]);
const multicallAbi = parseAbi([
  "struct Call3 { address target; bool allowFailure; bytes callData; }",
  "function aggregate3(Call3[] calls) payable",
]);

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
  // What is looked for lies after the contracts came, as it does on every network.
  await createTestClient({ ...options(), mode: "anvil" }).mine({ blocks: 1100 });
});
afterAll(() => chain?.stop());

const options = () => ({ chain: localChain(chain.rpc), transport: http(chain.rpc), pollingInterval: 20 });

/** Sends it, and waits until it is mined. */
async function send(to: Address, data: Hex, gas?: bigint, account = relayer): Promise<Hash> {
  const wallet = createWalletClient({ ...options(), account });
  const hash = await wallet.sendTransaction({ to, data, ...(gas !== undefined && { gas }) });
  await createPublicClient(options()).waitForTransactionReceipt({ hash });
  return hash;
}

const permit = (changes: Parameters<typeof signPermit2Payment>[1] = {}) =>
  signPermit2Payment("10000", { deadline: "4000000000", ...changes }, buyer);

function settlingBy({ payload: { permit2Authorization: a, signature } }: Permit2Payment): Hex {
  const permitted = { token: a.permitted.token as Address, amount: BigInt(a.permitted.amount) };
  const args = [
    { permitted, nonce: BigInt(a.nonce), deadline: BigInt(a.deadline) },
    a.from as Address,
    { to: a.witness.to as Address, validAfter: BigInt(a.witness.validAfter) },
    signature as Hex,
  ] as const;
  return encodeFunctionData({ abi: proxyAbi, functionName: "settle", args });
}

const fateBy = ({ payload: { permit2Authorization: a } }: Permit2Payment, changes: Partial<Authorization> = {}) =>
  buildChain({ urls: [chain.rpc], timeoutMs: 5000 }).fateOf({
    network,
    assetTransferMethod: "permit2",
    asset: usdc,
    payer: a.from,
    payTo: PAY_TO,
    nonce: a.nonce,
    amount: a.permitted.amount,
    facilitatorAddress: null,
    validBeforeMs: Number(a.deadline) * 1000,
    sinceMs: Date.now(),
    transaction: null,
    ...changes,
  });

describe("on a real chain, a payment by Permit2", () => {
  test("that was mined is paid, by its transaction, whether that was named or not, beside equal ones", async () => {
    const [payment, equal] = [await permit(), await permit()];
    const before = await send(PROXY, settlingBy(equal));
    const transaction = await send(PROXY, settlingBy(payment));
    for (const hint of [null, transaction, before]) {
      expect(await fateBy(payment, { transaction: hint })).toEqual({ kind: "paid", transaction, amount: "10000" });
    }
    expect(await fateBy(equal)).toEqual({ kind: "paid", transaction: before, amount: "10000" });
  });

  test("that was mined is not paid to somebody else, nor in another amount", async () => {
    const payment = await permit();
    const transaction = await send(PROXY, settlingBy(payment));
    expect(await fateBy(payment, { payTo: OTHER, transaction })).toEqual({ kind: "canceled" });
    expect(await fateBy(payment, { amount: "10001", transaction })).toEqual({ kind: "canceled" });
  });

  test("that nobody sent is unused, as of the head's own time, and so is one whose transaction was reverted", async () => {
    const late = await permit({ deadline: "1" });
    const transaction = await send(PROXY, settlingBy(late), 300_000n);
    const head = await createPublicClient(options()).getBlock();
    const unused = { kind: "unused", chainTimeMs: Number(head.timestamp) * 1000 };
    expect(await fateBy(await permit())).toEqual(unused);
    expect(await fateBy(late, { transaction })).toEqual(unused);
  });

  test("whose nonce its owner gave up is canceled, also beside equal payments that are paid", async () => {
    const payment = await permit();
    const nonce = BigInt(payment.payload.permit2Authorization.nonce);
    const args = [nonce >> 8n, 1n << (nonce & 255n)] as const;
    const data = encodeFunctionData({ abi: nonces, functionName: "invalidateUnorderedNonces", args });
    const transaction = await send(PERMIT2, data, undefined, buyer);
    expect(await fateBy(payment)).toEqual({ kind: "canceled" });
    await send(PROXY, settlingBy(await permit()));
    expect(await fateBy(payment, { transaction })).toEqual({ kind: "canceled" });
  });

  test("whose nonce its owner spent on another payment is canceled", async () => {
    const payment = await permit();
    const { nonce } = payment.payload.permit2Authorization;
    await send(PROXY, settlingBy(await permit({ nonce, to: OTHER })));
    expect(await fateBy(payment)).toEqual({ kind: "canceled" });
  });

  test("that another contract had settled is unknown: what it was told is no proof", async () => {
    const payment = await permit();
    const transaction = await send(
      MULTICALL,
      encodeFunctionData({
        abi: multicallAbi,
        functionName: "aggregate3",
        args: [[{ target: PROXY, allowFailure: false, callData: settlingBy(payment) }]],
      }),
    );
    expect(await fateBy(payment)).toMatchObject({ kind: "unavailable" });
    expect(await fateBy(payment, { transaction })).toMatchObject({ kind: "unavailable" });
  });
});
