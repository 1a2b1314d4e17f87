// A paid call on Solana, over HTTP.

import { beforeAll, describe, expect, test } from "vitest";
import {
  DEVNET,
  FEE_PAYER,
  hashOf,
  OTHER_FEE_PAYER,
  PAY_TO,
  payerOf,
  type SolanaPayment,
  signSolanaPayment,
  transactionNameOf,
  USDC,
} from "../support/solana-payment.ts";
import { ask, decode, eventually, fresh, pay, seen } from "../worker/client.ts";
import { challenged, encode, facilitatorCalls } from "./client.ts";

beforeAll(async () => {
  await challenged("/solana");
  await challenged("/two");
});

const called = async (payment: SolanaPayment): Promise<readonly string[]> =>
  (await facilitatorCalls(payment)).map(({ endpoint }) => endpoint);

const nameOf = ({ payload }: SolanaPayment): string => transactionNameOf(hashOf(payload.transaction));

const sponsoredBy = (feePayer: string): SolanaPayment =>
  signSolanaPayment(10_000n, {}, undefined, (draft) => ({ ...draft, signers: [feePayer, ...draft.signers.slice(1)] }));

describe("a payment on Solana", () => {
  test("buys what it is for, and its receipt names the transaction", async () => {
    const path = fresh("/solana");
    const payment = signSolanaPayment(10_000n);
    const response = await pay(path, encode(payment));
    expect(response.status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
    const payer = payerOf(payment.payload.transaction);
    const receipt = { success: true, network: DEVNET, payer, transaction: nameOf(payment) };
    expect(decode(response.headers.get("payment-response"))).toEqual(receipt);
    const calls = await facilitatorCalls(payment);
    expect(calls.map(({ endpoint }) => endpoint)).toEqual(["/verify", "/settle"]);
    expect(calls[0]?.text).toBe(calls[1]?.text);
    const requirements = {
      scheme: "exact",
      network: DEVNET,
      amount: "10000",
      asset: USDC,
      payTo: PAY_TO,
      maxTimeoutSeconds: 60,
      extra: { feePayer: FEE_PAYER },
    };
    expect(JSON.parse(calls[0]?.text ?? "")).toEqual({
      x402Version: 2,
      paymentPayload: {
        x402Version: 2,
        resource: { url: `https://api.example.com${path}` },
        accepted: requirements,
        payload: payment.payload,
      },
      paymentRequirements: requirements,
    });
  });

  test("of version 1 buys it too, and has a receipt of its own", async () => {
    const path = fresh("/solana");
    const { payload } = signSolanaPayment(10_000n);
    const v1 = { x402Version: 1, scheme: "exact", network: "solana-devnet", payload };
    const response = await ask(path, { headers: { "x-payment": btoa(JSON.stringify(v1)) } });
    expect(response.status).toBe(200);
    expect(decode(response.headers.get("x-payment-response"))).toMatchObject({
      success: true,
      network: "solana-devnet",
    });
  });

  test("buys one answer, whatever is written in the fee payer's place", async () => {
    const path = fresh("/solana");
    const payment = signSolanaPayment(10_000n);
    expect((await pay(path, encode(payment))).status).toBe(200);
    const bytes = Uint8Array.fromBase64(payment.payload.transaction);
    bytes.fill(7, 1, 65);
    const twin = { ...payment, payload: { transaction: bytes.toBase64() } };
    const again = await eventually(() => pay(path, encode(twin)), 409);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ error: "payment_settled", transaction: nameOf(payment) });
    expect(await seen(path)).toHaveLength(1);
    const other = await pay(fresh("/dear"), encode(payment));
    expect(other.status).not.toBe(200);
  });

  test("ten times at once buys it once", async () => {
    const path = fresh("/solana");
    const header = encode(signSolanaPayment(10_000n));
    const answers = await Promise.all(Array.from({ length: 10 }, () => pay(path, header)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(9).fill(409)]);
    expect(await seen(path)).toHaveLength(1);
  });

  test.each(["/before", "/async"])("settles as %s says", async (place) => {
    const path = fresh(place);
    const payment = signSolanaPayment(10_000n);
    if (place === "/before") payment.accepted["extra"] = { feePayer: FEE_PAYER, paymentFlow: "upfront" };
    expect((await pay(path, encode(payment))).status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
    await expect.poll(() => called(payment)).toContain("/settle");
  });

  test("beside another way to pay is taken as what it names", async () => {
    expect((await pay(fresh("/both"), encode(signSolanaPayment(10_000n)))).status).toBe(200);
  });
});

describe("is refused, with a challenge and before anybody is asked:", () => {
  test.each<[string, () => SolanaPayment, string]>([
    ["too little", () => signSolanaPayment(10_000n, { amount: 1n }), "invalid_exact_svm_payload_amount_mismatch"],
    [
      "somebody else as the payee",
      () => signSolanaPayment(10_000n, { destination: OTHER_FEE_PAYER }),
      "invalid_exact_svm_payload_recipient_mismatch",
    ],
    ["another price", () => signSolanaPayment(9n), "invalid_payment_requirements"],
    [
      "a forged signature",
      () => {
        const payment = signSolanaPayment(10_000n);
        const bytes = Uint8Array.fromBase64(payment.payload.transaction);
        bytes.fill(1, 65, 75);
        return { ...payment, payload: { transaction: bytes.toBase64() } };
      },
      "invalid_exact_svm_payload_signature_invalid",
    ],
    [
      "a fee payer whom nobody lists",
      () => sponsoredBy(OTHER_FEE_PAYER),
      "invalid_exact_svm_fee_payer_not_managed_by_facilitator",
    ],
  ])("%s", async (_, make, error) => {
    const payment = make();
    const response = await pay(fresh("/solana"), encode(payment));
    expect(response.status).toBe(402);
    expect(decode(response.headers.get("payment-required"))).toMatchObject({ error });
    expect(await called(payment)).toEqual([]);
  });
});

describe("goes to the facilitator that signs for its fee payer,", () => {
  test.each([FEE_PAYER, OTHER_FEE_PAYER])("%s", async (feePayer) => {
    const path = fresh("/two");
    const payment = sponsoredBy(feePayer);
    expect((await pay(path, encode(payment))).status).toBe(200);
    const [verify] = await facilitatorCalls(payment);
    expect(JSON.parse(verify?.text ?? "").paymentRequirements.extra).toEqual({ feePayer });
  });

  test("and to no other where that one says that it does not", async () => {
    const payment = sponsoredBy(FEE_PAYER);
    const path = fresh("/two?verify=invalid:invalid_exact_svm_fee_payer_not_managed_by_facilitator");
    const response = await pay(path, encode(payment));
    expect(response.status).toBe(402);
    expect(await called(payment)).toEqual(["/verify"]);
  });
});

describe("when a settlement", () => {
  test("could not be simulated, it is not known whether it was carried out: 503, and no new challenge", async () => {
    const payment = signSolanaPayment(10_000n);
    const path = fresh("/solana?settle=rejected:invalid_exact_svm_transaction_simulation_failed");
    const response = await pay(path, encode(payment));
    expect(response.status).toBe(503);
    expect(response.headers.get("payment-required")).toBeNull();
  });

  test("is refused for what stands in the transaction, nothing was charged", async () => {
    const payment = signSolanaPayment(10_000n);
    const path = fresh("/solana?settle=rejected:invalid_exact_svm_payload_amount_mismatch");
    const response = await pay(path, encode(payment));
    expect(response.status).toBe(402);
    expect(decode(response.headers.get("payment-response"))).toMatchObject({ success: false, transaction: "" });
  });

  test("names a transaction as EVM networks do, it is not believed", async () => {
    const response = await pay(fresh("/solana?settle=hashless"), encode(signSolanaPayment(10_000n)));
    expect(response.status).toBe(503);
  });

  test("is for another payer or network, it is not believed", async () => {
    for (const settle of ["stranger", "elsewhere"]) {
      const response = await pay(fresh(`/solana?settle=${settle}`), encode(signSolanaPayment(10_000n)));
      expect(response.status).toBe(503);
    }
  });
});
