// Payers who have a token and nothing that pays for gas, and an allowance of nothing: the stock client signs what somebody
// else sends, the reference facilitator sends it, and a real chain moves the money.

import { decodePaymentResponseHeader } from "@x402/fetch";
import { type Address, type Hex, hexToSignature, type PrivateKeyAccount, toFunctionSelector } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import contracts from "../../tools/contracts/contracts.json" with { type: "json" };
import { minter, usdc } from "../../tools/stack/chain.ts";
import { signAllowance } from "../support/gas-sponsoring.ts";
import { encodePayment, newAccount } from "../support/payment.ts";
import { PERMIT2, PROXY, signPermit2Payment } from "../support/permit2-payment.ts";
import { PRICE } from "./movement.ts";
import { reconciled } from "./reconciled.ts";
import { connect, mined, mint, tokenAbi, walletOf } from "./wallets.ts";
import { PLAIN_DOLLAR, startWorld, type World } from "./world.ts";

const PERMITS = "eip2612GasSponsoring";
const APPROVALS = "erc20ApprovalGasSponsoring";
const SETTLE = "settle(((address,uint256),uint256,uint256),address,(address,uint256),bytes)";
const SETTLE_WITH_PERMIT =
  "settleWithPermit((uint256,uint256,bytes32,bytes32,uint8),((address,uint256),uint256,uint256),address,(address,uint256),bytes)";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await placeToken();
  // What the facilitator does is looked up behind the first answer.
  await vi.waitFor(async () => expect(await advertised("/permitted")).toContain(PERMITS), { timeout: 10_000 });
});
afterAll(() => world?.stop());
afterEach(() => Object.assign(world.lose, { settle: "none" }));

async function placeToken(): Promise<void> {
  const bytecode = contracts.TestUSDC.deployedBytecode as Hex;
  await connect(world).setCode({ address: PLAIN_DOLLAR, bytecode });
  const call = { address: PLAIN_DOLLAR, abi: tokenAbi, functionName: "initialize" } as const;
  await mined(
    world,
    await walletOf(world, minter).writeContract({ ...call, args: ["Plain Dollar", "PLAIN", minter.address] }),
  );
}

async function advertised(path: string): Promise<readonly string[]> {
  const { headers } = await fetch(`${world.gate}${path}/ok`);
  const { extensions = {} } = JSON.parse(atob(headers.get("payment-required") ?? ""));
  return Object.keys(extensions).filter((name) => name.endsWith("GasSponsoring"));
}

/** Ten times the price, and nothing else. */
async function newBuyer(asset: Address = usdc): Promise<PrivateKeyAccount> {
  const account = newAccount();
  await mint(world, account.address, 10n * PRICE, asset);
  return account;
}

/** How a wallet stands: its money, its gas, and what Permit2 may move of it. */
async function standing({ address }: PrivateKeyAccount, asset: Address = usdc) {
  const call = { address: asset, abi: tokenAbi } as const;
  const allowance = { functionName: "allowance", args: [address, PERMIT2] } as const;
  return {
    money: await connect(world).readContract({ ...call, functionName: "balanceOf", args: [address] }),
    gas: await connect(world).getBalance({ address }),
    allowance: await connect(world).readContract({ ...call, ...allowance }),
  };
}

const UNTOUCHED = { money: 10n * PRICE, gas: 0n, allowance: 0n };
const PAID_ONCE = { money: 9n * PRICE, gas: 0n, allowance: 0n };

/** It looks for its allowance, and signs what it takes where that is short. */
const fetchReading = (account: PrivateKeyAccount): typeof fetch => world.fetchPaying(account, { rpcUrl: world.rpc });

const executions = async (path: string): Promise<number> => (await world.seen(path)).length;

/** Whom the transaction of a receipt called, and with which of its functions. */
async function calledBy({ headers }: Response): Promise<readonly string[]> {
  const { transaction } = decodePaymentResponseHeader(headers.get("payment-response") ?? "");
  const { to, input } = await connect(world).getTransaction({ hash: transaction as Hex });
  return [to?.toLowerCase() ?? "", input.slice(0, 10)];
}

describe("a token that takes permits", () => {
  let account: PrivateKeyAccount;
  beforeEach(async () => {
    account = await newBuyer();
    expect(await standing(account)).toEqual(UNTOUCHED);
  });

  test("is offered with who sends one", async () => {
    expect(await advertised("/permitted")).toEqual([PERMITS, APPROVALS]);
    expect(await advertised("/paid")).toEqual([]);
  });

  test.each(["/permitted/ok", "/permitted/before/ok"])(
    "is paid with, and nothing else of the wallet's moves (%s)",
    async (route) => {
      const path = `${route}?sponsored`;
      const payee = await world.payee();
      const response = await fetchReading(account)(world.gate + path);
      expect([response.status, await response.json()]).toEqual([200, { goods: true }]);
      expect([await standing(account), (await world.payee()) - payee]).toEqual([PAID_ONCE, PRICE]);
      expect(await calledBy(response)).toEqual([PROXY.toLowerCase(), toFunctionSelector(SETTLE_WITH_PERMIT)]);
      expect(await executions(path)).toBe(1);
    },
  );

  test("is paid with a second time, by a permit with the next nonce", async () => {
    for (const money of [9n, 8n]) {
      expect((await fetchReading(account)(`${world.gate}/permitted/ok?twice`)).status).toBe(200);
      expect(await standing(account)).toEqual({ ...PAID_ONCE, money: money * PRICE });
    }
  });

  /** A payment and its permit, by hand. */
  async function signed(nonce = "0") {
    const permit = await signAllowance(String(PRICE), { nonce }, account);
    const payment = await signPermit2Payment(String(PRICE), {}, account);
    return { permit, payment: { ...payment, extensions: { [PERMITS]: { info: permit } } } };
  }
  const pay = (path: string, payment: object): Promise<Response> =>
    fetch(world.gate + path, { headers: { "payment-signature": encodePayment(payment) } });

  test("is paid with also when a stranger has sent the permit before, who gains nothing by it", async () => {
    const { permit, payment } = await signed();
    const { r, s, v } = hexToSignature(permit.signature);
    const args = [account.address, PERMIT2, PRICE, BigInt(permit.deadline), Number(v), r, s] as const;
    const stranger = walletOf(world, minter);
    await mined(world, await stranger.writeContract({ address: usdc, abi: tokenAbi, functionName: "permit", args }));
    expect(await standing(account)).toEqual({ ...UNTOUCHED, allowance: PRICE });
    // Who shows it with a payment of his own has another payer's permit.
    const own = await signPermit2Payment(String(PRICE), {}, await newBuyer());
    const stolen = await pay("/permitted/ok?stolen", { ...own, extensions: payment.extensions });
    expect([stolen.status, await stolen.json()]).toMatchObject([402, { error: "eip2612_from_mismatch" }]);
    expect((await pay("/permitted/ok?early", payment)).status).toBe(200);
    expect(await standing(account)).toEqual(PAID_ONCE);
  });

  test("is not paid with by a permit whose nonce the chain does not have: the payer hears so and is not charged", async () => {
    const path = "/permitted/ok?nonce";
    const refused = await pay(path, (await signed("7")).payment);
    expect([refused.status, await refused.json()]).toMatchObject([412, { error: "permit2_allowance_required" }]);
    expect([await standing(account), await executions(path)]).toEqual([UNTOUCHED, 0]);
    expect((await pay(path, (await signed()).payment)).status).toBe(200);
    expect(await standing(account)).toEqual(PAID_ONCE);
  });

  test("is one charge where the settlement's answer was lost: the chain tells that it was paid", async () => {
    const path = "/permitted/before/ok?lost-permit";
    world.lose.settle = "answer";
    expect((await fetchReading(account)(world.gate + path)).status).toBe(503);
    expect([await standing(account), await executions(path)]).toEqual([PAID_ONCE, 0]);
    world.lose.settle = "none";
    expect((await fetchReading(account)(world.gate + path)).status).toBe(200);
    expect([await standing(account), await executions(path)]).toEqual([PAID_ONCE, 1]);
  });
});

test("a token that takes none is paid with by an approval, which the facilitator gives gas and sends", async () => {
  await vi.waitFor(async () => expect(await advertised("/plain")).toEqual([APPROVALS]), { timeout: 10_000 });
  const account = await newBuyer(PLAIN_DOLLAR);
  expect(await standing(account, PLAIN_DOLLAR)).toEqual(UNTOUCHED);
  const response = await fetchReading(account)(`${world.gate}/plain/ok?approved`);
  expect([response.status, await response.json()]).toEqual([200, { goods: true }]);
  const after = await standing(account, PLAIN_DOLLAR);
  // The client lets Permit2 move all of it, so that it is asked once; what it did not burn of the gas stays its own.
  expect([after.money, after.allowance]).toEqual([9n * PRICE, 2n ** 256n - 1n]);
  expect(await calledBy(response)).toEqual([PROXY.toLowerCase(), toFunctionSelector(SETTLE)]);
  expect((await fetchReading(account)(`${world.gate}/plain/ok?again`)).status).toBe(200);
  expect(await standing(account, PLAIN_DOLLAR)).toEqual({ ...after, money: 8n * PRICE });
});

test("the books are right with the chain's", async () => {
  expect(await reconciled(world)).toMatchObject({ code: 0 });
});
