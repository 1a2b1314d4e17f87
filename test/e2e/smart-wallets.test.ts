// Payers whose wallet is a contract, which alone knows whether its owner signed (EIP-1271), also before it is there
// (EIP-6492): the stock client, the reference facilitator and a real chain. Wallet and factory are test contracts of our own.

import { decodePaymentResponseHeader } from "@x402/fetch";
import { type Address, encodeFunctionData, type Hex, type PrivateKeyAccount, parseAbi, parseEther } from "viem";
import { serializeErc6492Signature } from "viem/utils";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { minter, usdc, walletFactory } from "../../tools/stack/chain.ts";
import { newAccount } from "../support/payment.ts";
import { PERMIT2 } from "../support/permit2-payment.ts";
import { PRICE } from "./movement.ts";
import { reconciled } from "./reconciled.ts";
import { connect, mined, mint, tokenAbi, walletOf } from "./wallets.ts";
import { type Signer, startWorld, type World } from "./world.ts";

const factory = {
  address: walletFactory,
  abi: parseAbi([
    "function deploy(address owner) returns (address wallet)",
    "function addressOf(address owner) view returns (address)",
  ]),
};

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());
afterEach(() => Object.assign(world.lose, { settle: "none" }));

interface Wallet {
  readonly address: Address;
  readonly owner: PrivateKeyAccount;
}

/** Ten times the price, at an address that has no code yet. */
async function newWallet(): Promise<Wallet> {
  const owner = newAccount();
  const address = await connect(world).readContract({ ...factory, functionName: "addressOf", args: [owner.address] });
  await mint(world, address, 10n * PRICE);
  return { address, owner };
}

async function newDeployed(): Promise<Wallet> {
  const wallet = await newWallet();
  const call = { ...factory, functionName: "deploy", args: [wallet.owner.address] } as const;
  await mined(world, await walletOf(world, minter).writeContract(call));
  return wallet;
}

/** Signs as the wallet's owner; a byte before the signature tells it from an account's. */
const signing = (
  { address, owner }: Wallet,
  written = (signature: Hex): Hex => `0x01${signature.slice(2)}`,
): Signer => ({
  address,
  signTypedData: async (message) =>
    written(await owner.signTypedData(message as Parameters<PrivateKeyAccount["signTypedData"]>[0])),
});

/** Signs for a wallet that may not be there: how it is deployed stands around the signature. */
const wrapping = (wallet: Wallet, deployer = walletFactory): Signer =>
  signing(wallet, (signature) =>
    serializeErc6492Signature({
      address: deployer,
      data: encodeFunctionData({ ...factory, functionName: "deploy", args: [wallet.owner.address] }),
      signature: `0x01${signature.slice(2)}`,
    }),
  );

const hasCode = async ({ address }: Wallet): Promise<boolean> =>
  (await connect(world).getCode({ address })) !== undefined;
const money = ({ address }: Wallet): Promise<bigint> => world.balance(address);
const executions = async (path: string): Promise<number> => (await world.seen(path)).length;

/** One call that was paid by this wallet. */
async function expectPaid(wallet: Wallet, signer: Signer, path: string): Promise<{ readonly transaction: string }> {
  const before = await money(wallet);
  const response = await world.fetchPaying(signer)(world.gate + path);
  expect([response.status, await response.json()]).toEqual([200, { goods: true }]);
  const receipt = decodePaymentResponseHeader(response.headers.get("payment-response") ?? "");
  expect(receipt).toMatchObject({ success: true, payer: wallet.address });
  expect([before - (await money(wallet)), await executions(path)]).toEqual([PRICE, 1]);
  return receipt;
}

describe("a wallet that is deployed", () => {
  test.each(["/paid/ok", "/before/ok"])("pays by what its contract calls a signature (%s)", async (path) => {
    const wallet = await newDeployed();
    await expectPaid(wallet, signing(wallet), `${path}?wallet`);
  });

  test("pays by one that is wrapped for a wallet which may not be there, too", async () => {
    const wallet = await newDeployed();
    await expectPaid(wallet, wrapping(wallet), "/paid/ok?wrapped");
  });

  test("pays by a signature that looks like an account's where the route says that such a one may, and nowhere else", async () => {
    const wallet = await newDeployed();
    const plain = signing(wallet, (signature) => signature);
    const refused = await world.fetchPaying(plain)(`${world.gate}/paid/ok?plain`);
    expect([refused.status, await refused.json()]).toMatchObject([
      402,
      { error: "invalid_exact_evm_payload_signature" },
    ]);
    expect(await money(wallet)).toBe(10n * PRICE);
    await expectPaid(wallet, plain, "/wallet/ok?plain");
  });

  test("pays by Permit2, once it has approved it", async () => {
    const wallet = await newDeployed();
    const chain = connect(world);
    await chain.impersonateAccount({ address: wallet.address });
    await chain.setBalance({ address: wallet.address, value: parseEther("1") });
    const data = encodeFunctionData({ abi: tokenAbi, functionName: "approve", args: [PERMIT2, PRICE] });
    const transaction = { from: wallet.address, to: usdc, data, gas: "0x186a0" };
    const hash = await chain.request({ method: "eth_sendTransaction", params: [transaction] } as never);
    await mined(world, hash as Hex);
    await expectPaid(wallet, signing(wallet), "/permitted/ok?wallet");
  });

  test("does not pay for who is not its owner, and nobody is charged", async () => {
    const wallet = await newDeployed();
    const refused = await world.fetchPaying(signing({ ...wallet, owner: newAccount() }))(`${world.gate}/paid/ok?thief`);
    expect([refused.status, await refused.json()]).toMatchObject([402, { error: "invalid_exact_evm_signature" }]);
    expect([await money(wallet), await executions("/paid/ok?thief")]).toEqual([10n * PRICE, 0]);
  });
});

describe("where the gate settles itself, a wallet that is deployed", () => {
  let others: World;
  beforeAll(async () => {
    others = world;
    world = await startWorld("the gate itself");
  });
  afterAll(async () => {
    await world.stop();
    world = others;
  });

  test.each(["/paid/ok", "/before/ok"])("pays by what its contract calls a signature (%s)", async (path) => {
    const wallet = await newDeployed();
    const { transaction } = await expectPaid(wallet, signing(wallet), `${path}?own`);
    const { from } = await connect(world).getTransaction({ hash: transaction as Hex });
    expect(from).toBe(minter.address.toLowerCase());
  });
});

describe("a wallet that is not there yet", () => {
  test.each(["/paid/ok", "/before/ok"])(
    "is deployed by the facilitator, and pays; then it pays as it is (%s)",
    async (path) => {
      const wallet = await newWallet();
      expect(await hasCode(wallet)).toBe(false);
      await expectPaid(wallet, wrapping(wallet), `${path}?first`);
      expect(await hasCode(wallet)).toBe(true);
      await expectPaid(wallet, signing(wallet), `${path}?second`);
    },
  );

  test("does not pay without saying how it is deployed", async () => {
    const wallet = await newWallet();
    const refused = await world.fetchPaying(signing(wallet))(`${world.gate}/paid/ok?unsaid`);
    expect([refused.status, await executions("/paid/ok?unsaid")]).toEqual([402, 0]);
    expect(await money(wallet)).toBe(10n * PRICE);
  });

  test("does not pay by a factory that the facilitator does not know, and the gate says why", async () => {
    const wallet = await newWallet();
    const refused = await world.fetchPaying(wrapping(wallet, PERMIT2))(`${world.gate}/paid/ok?factory`);
    expect([refused.status, await refused.json()]).toMatchObject([402, { error: "eip6492_factory_not_allowed" }]);
    expect([await money(wallet), await hasCode(wallet)]).toEqual([10n * PRICE, false]);
  });

  test("is charged once where the settlement's answer was lost: the chain tells that it was paid", async () => {
    const wallet = await newWallet();
    const path = "/before/ok?wallet-lost";
    world.lose.settle = "answer";
    expect((await world.fetchPaying(wrapping(wallet))(world.gate + path)).status).toBe(503);
    world.lose.settle = "none";
    expect((await world.fetchPaying(wrapping(wallet))(world.gate + path)).status).toBe(200);
    expect([await money(wallet), await executions(path)]).toEqual([9n * PRICE, 1]);
  });
});

test("the books are right with the chain's", async () => {
  expect(await reconciled(world)).toMatchObject({ code: 0 });
});
