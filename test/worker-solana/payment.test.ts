// A paid call on Solana, over HTTP.

import { beforeAll, describe, expect, test } from "vitest";
import {
  DEVNET,
  FEE_PAYER,
  hashOf,
  PAY_TO,
  signSolanaPayment,
  transactionNameOf,
  USDC,
} from "../support/solana-payment.ts";
import { decode, fresh, pay, seen } from "../worker/client.ts";
import { challenged, encode, facilitatorCalls } from "./client.ts";

beforeAll(() => challenged("/solana"));

describe("a payment on Solana", () => {
  test("buys what it is for, and its receipt names the transaction", async () => {
    const path = fresh("/solana");
    const payment = signSolanaPayment(10_000n);
    const response = await pay(path, encode(payment));
    expect(response.status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
    const receipt = decode(response.headers.get("payment-response"));
    const hash = hashOf(payment.payload.transaction);
    expect(receipt).toMatchObject({ success: true, network: DEVNET, transaction: transactionNameOf(hash) });
    const calls = await facilitatorCalls(payment);
    expect(calls.map(({ endpoint }) => endpoint)).toEqual(["/verify", "/settle"]);
    const requirements = {
      scheme: "exact",
      network: DEVNET,
      amount: "10000",
      asset: USDC,
      payTo: PAY_TO,
      maxTimeoutSeconds: 60,
      extra: { feePayer: FEE_PAYER },
    };
    expect(JSON.parse(calls[0]?.text ?? "")).toMatchObject({
      paymentPayload: { accepted: requirements, payload: payment.payload },
      paymentRequirements: requirements,
    });
  });
});
