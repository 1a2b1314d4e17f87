// A maximum that is settled in part (scheme upto): the stock client signs it, the reference facilitator settles it on a real
// chain, where Permit2 and x402's proxy are contracts of our own with their interfaces. Between them stand our requirements,
// our check, our word with the facilitator, and what we read from the chain.

import { UptoEvmScheme } from "@x402/evm/upto/client";
import { decodePaymentResponseHeader } from "@x402/fetch";
import {
  type Address,
  createTestClient,
  createWalletClient,
  encodeFunctionData,
  type Hex,
  http,
  publicActions,
} from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildChain, type Fate } from "../../src/chain/index.ts";
import { buildFacilitator, type Facilitator, facilitatorBody } from "../../src/facilitator/index.ts";
import { buildTerms, type CheckedPayment, checkPayment, requirementsFor, type Terms } from "../../src/schemes/index.ts";
import {
  encodeReceipt,
  facilitatorAddressOf,
  findNetwork,
  type PaymentRequirements,
  type PresentedPayment,
  partsOf,
  readPayment,
} from "../../src/x402/index.ts";
import { balanceOf, buyer, type Chain, localChain, network, relayer, startChain } from "../../tools/stack/chain.ts";
import { startFacilitator } from "../../tools/stack/facilitator.ts";
import type { Listener } from "../../tools/stack/listen.ts";
import { encodePayment, PAY_TO, unixNow } from "../support/payment.ts";
import { uptoProxyAbi } from "../support/permit2-logs.ts";
import { type Permit2Payment, signUptoPayment, UPTO_PROXY } from "../support/permit2-payment.ts";

const MAXIMUM = 10_000n;
const USED = 1_858n;

const terms = ((): Terms => {
  const { token } = findNetwork(network) ?? expect.fail();
  const price = { scheme: "upto", network, token, assetTransferMethod: "permit2" } as const;
  const money = { amount: MAXIMUM, payTo: PAY_TO, maxTimeoutSeconds: 300 };
  return buildTerms({ ...price, ...money }, false, "authorization") ?? expect.fail();
})();

let chain: Chain;
let reference: Listener;
let facilitator: Facilitator;
let offered: PaymentRequirements;
beforeAll(async () => {
  chain = await startChain();
  reference = await startFacilitator({ rpc: chain.rpc });
  // What is looked for lies after the contracts came, as it does on every network.
  await connect().mine({ blocks: 1100 });
  const notes = { read: async () => null, write: async () => undefined };
  const parts = { authorize: null, notes, nowMs: Date.now, random: Math.random };
  facilitator = buildFacilitator({ url: reference.url, verifyTimeoutMs: 5_000, settleTimeoutMs: 10_000 }, parts);
  await facilitator.supported.refresh();
  offered = requirementsFor(terms, facilitator.supported.settler({ scheme: "upto", network }));
});
afterAll(async () => {
  await reference?.stop();
  await chain?.stop();
});

const connect = () =>
  createTestClient({ mode: "anvil", chain: localChain(chain.rpc), transport: http(chain.rpc) }).extend(publicActions);

/** What the stock client makes of our entry, as it comes out of its header. */
async function presented(): Promise<PresentedPayment> {
  const client = new UptoEvmScheme(buyer);
  const signed = await client.createPaymentPayload(2, { ...offered, network } as never);
  const header = encodePayment({ ...signed, resource: { url: "https://api.example.com/" }, accepted: offered });
  const read = readPayment(new Headers({ "payment-signature": header }));
  return (read.ok && read.value) || expect.fail("it is no payment");
}

function checked(payment: PresentedPayment): CheckedPayment {
  const resource = { url: "https://api.example.com/", advertised: {}, sponsoring: [] };
  const check = checkPayment([terms], payment, resource);
  const judged = check.kind === "authentic" && check.judge({ unixSeconds: unixNow(), roomSeconds: 30 });
  return (judged && judged.kind === "valid" && judged.payment) || expect.fail(JSON.stringify(judged || check));
}

/** As `/settle` is asked about a part of it. */
const partOf = ({ paymentPayload, requirements }: CheckedPayment, amount: bigint): string =>
  JSON.stringify({
    x402Version: 2,
    paymentPayload,
    paymentRequirements: { ...requirements, amount: amount.toString() },
  });

function fateOf(payment: CheckedPayment, charge: bigint, transaction: string | null = null): Promise<Fate> {
  const { id, asset, payer, payTo, validBeforeMs, paymentPayload } = payment;
  const { nonce } = partsOf(id);
  const facilitatorAddress = facilitatorAddressOf(paymentPayload.payload);
  const signed = { network, assetTransferMethod: "permit2", asset, payer, payTo, nonce, facilitatorAddress } as const;
  const asked = { ...signed, amount: charge.toString(), validBeforeMs, sinceMs: Date.now(), transaction };
  return buildChain({ urls: [chain.rpc], timeoutMs: 5_000 }).fateOf(asked, 1);
}

async function moving(work: () => Promise<void>) {
  const balances = () => Promise.all([PAY_TO, buyer.address].map((one) => balanceOf(chain.rpc, one as Address)));
  const before = await balances();
  await work();
  const after = await balances();
  return { payee: (after[0] ?? 0n) - (before[0] ?? 0n), buyer: (after[1] ?? 0n) - (before[1] ?? 0n) };
}
const NOTHING = { payee: 0n, buyer: 0n };

describe("a maximum that the stock client signed for our entry", () => {
  test("is verified whole, settled in part, seen on the chain with what it moved, and told in its receipt", async () => {
    const payment = checked(await presented());
    expect(payment).toMatchObject({ isProven: true, payer: buyer.address, amount: "10000", settler: relayer.address });
    const moved = await moving(async () => {
      expect(await facilitator.verify(facilitatorBody(payment), payment)).toEqual({ kind: "valid" });
      expect(await fateOf(payment, USED)).toMatchObject({ kind: "unused" });
      const settlement = await facilitator.settle(partOf(payment, USED), payment);
      const { transaction } = settlement.kind === "settled" ? settlement : expect.fail(JSON.stringify(settlement));
      const paid = { kind: "paid", transaction, amount: USED.toString() };
      // Whether what was to be settled is known or not, and whether anybody named the transaction.
      for (const [charge, hint] of [
        [USED, transaction],
        [USED, null],
        [MAXIMUM, null],
        [1n, null],
      ] as const) {
        expect(await fateOf(payment, charge, hint)).toEqual(paid);
      }
      const receipt = { success: true, transaction, network, payer: payment.payer, amount: USED.toString() };
      const [name, value] = encodeReceipt({ x402Version: 2, ...receipt });
      expect([name, decodePaymentResponseHeader(value)]).toEqual(["payment-response", receipt]);
    });
    expect(moved).toEqual({ payee: USED, buyer: -USED });
  });

  test("is settled once: what is asked for again is no rejection, and moves nothing", async () => {
    const payment = checked(await presented());
    expect((await facilitator.settle(partOf(payment, 1n), payment)).kind).toBe("settled");
    const moved = await moving(async () => {
      expect(await facilitator.settle(partOf(payment, 5n), payment)).toMatchObject({ kind: "unknown" });
      expect(await facilitator.verify(facilitatorBody(payment), payment)).toMatchObject({ kind: "invalid" });
    });
    expect([moved, await fateOf(payment, 5n)]).toMatchObject([NOTHING, { kind: "paid", amount: "1" }]);
  });

  test("is told apart from its neighbours of the same payer and payee, and of any amount", async () => {
    const payments = [checked(await presented()), checked(await presented()), checked(await presented())];
    for (const [i, payment] of payments.entries()) {
      expect((await facilitator.settle(partOf(payment, BigInt(i + 1)), payment)).kind).toBe("settled");
    }
    for (const [i, payment] of payments.entries()) {
      expect(await fateOf(payment, MAXIMUM)).toMatchObject({ kind: "paid", amount: String(i + 1) });
    }
  });

  test("is not settled for more than was signed: that is a rejection, and moves nothing", async () => {
    const payment = checked(await presented());
    const moved = await moving(async () => {
      expect(await facilitator.settle(partOf(payment, MAXIMUM + 1n), payment)).toEqual({
        kind: "rejected",
        reason: "invalid_upto_evm_payload_settlement_exceeds_amount",
      });
    });
    expect([moved, await fateOf(payment, USED)]).toMatchObject([NOTHING, { kind: "unused" }]);
  });

  test("that is asked for nothing has no transaction, and is not taken for settled", async () => {
    const payment = checked(await presented());
    const settlement = await facilitator.settle(partOf(payment, 0n), payment);
    expect(settlement).toMatchObject({ kind: "unknown", transaction: null });
    expect(await fateOf(payment, USED)).toMatchObject({ kind: "unused" });
  });

  test("is refused by a facilitator of another account, before anything is sent", async () => {
    const payment = await signUptoPayment(MAXIMUM.toString(), { facilitator: PAY_TO }, buyer);
    const strange = checked({ ...payment, x402Version: 2 } as unknown as PresentedPayment);
    const reason = "upto_facilitator_mismatch";
    expect(await facilitator.verify(facilitatorBody(strange), strange)).toEqual({ kind: "invalid", reason });
    expect(await facilitator.settle(partOf(strange, 1n), strange)).toEqual({ kind: "rejected", reason });
  });
});

/** Calls the proxy himself. */
async function call({ payload: { permit2Authorization: a, signature } }: Permit2Payment, amount: bigint, by = buyer) {
  const { to, facilitator: settler, validAfter } = a.witness as { to: string; facilitator: string; validAfter: string };
  const permitted = { token: a.permitted.token as Address, amount: BigInt(a.permitted.amount) };
  const args = [
    { permitted, nonce: BigInt(a.nonce), deadline: BigInt(a.deadline) },
    amount,
    a.from as Address,
    { to: to as Address, facilitator: settler as Address, validAfter: BigInt(validAfter) },
    signature as Hex,
  ] as const;
  const data = encodeFunctionData({ abi: uptoProxyAbi, functionName: "settle", args });
  const wallet = createWalletClient({ account: by, chain: localChain(chain.rpc), transport: http(chain.rpc) });
  const hash = await wallet.sendTransaction({ to: UPTO_PROXY, data, gas: 300_000n });
  return connect().waitForTransactionReceipt({ hash, pollingInterval: 20 });
}

describe("a payer who signed a maximum", () => {
  const sign = (changes: Parameters<typeof signUptoPayment>[1]) =>
    signUptoPayment(MAXIMUM.toString(), { facilitator: relayer.address, ...changes }, buyer);
  const asChecked = (payment: Permit2Payment) => checked(payment as unknown as PresentedPayment);

  test("cannot have it settled by anybody but the facilitator that was signed", async () => {
    const payment = await sign({});
    const moved = await moving(async () => {
      const { status, transactionHash } = await call(payment, 1n);
      expect(status).toBe("reverted");
      expect(await fateOf(asChecked(payment), USED, transactionHash)).toMatchObject({ kind: "unused" });
    });
    expect(moved).toEqual(NOTHING);
  });

  test("has not paid by signing its nonce again for himself, and settling a little of that", async () => {
    const payment = await sign({});
    const { nonce } = payment.payload.permit2Authorization;
    const { status, transactionHash } = await call(await sign({ nonce, facilitator: buyer.address }), 1n);
    expect(status).toBe("success");
    for (const hint of [null, transactionHash]) {
      expect(await fateOf(asChecked(payment), USED, hint)).toEqual({ kind: "canceled" });
    }
  });
});
