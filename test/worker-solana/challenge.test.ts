// For whom payers on Solana are asked to sign, over HTTP. The first test meets an isolate that knows nothing.

import { describe, expect, test } from "vitest";
import { DEVNET, FEE_PAYER, OTHER_FEE_PAYER, PAY_TO, signSolanaPayment, USDC } from "../support/solana-payment.ts";
import { ask, decode, pay } from "../worker/client.ts";
import { challenged, encode } from "./client.ts";

const acceptsOf = (response: Response) => decode(response.headers.get("payment-required")).accepts as Entry[];

interface Entry {
  readonly network: string;
  readonly extra: { readonly feePayer?: string };
}

const solana = (feePayer: string) => ({
  scheme: "exact",
  network: DEVNET,
  amount: "10000",
  asset: USDC,
  payTo: PAY_TO,
  maxTimeoutSeconds: 60,
  extra: { feePayer },
});

describe("where nobody is known who would pay the gas", () => {
  test("the answer is 503 and soon another, and what is offered beside it is offered at once", async () => {
    const [cold, both] = await Promise.all([ask("/solana"), ask("/both")]);
    expect([cold.status, cold.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(cold.headers.get("payment-required")).toBeNull();
    expect(cold.headers.get("cache-control")).toBe("no-store");
    expect(await cold.json()).toMatchObject({ error: "facilitator_unknown" });
    expect(both.status).toBe(402);
    expect(acceptsOf(both).map(({ network }) => network)).toEqual(["eip155:84532"]);
    expect(acceptsOf(await challenged("/solana"))).toEqual([solana(FEE_PAYER)]);
  });

  test("it stays so while the facilitator does not say", async () => {
    for (let i = 0; i < 3; i++) {
      const [alone, both] = await Promise.all([ask("/mute"), ask("/mute/both")]);
      expect([alone.status, both.status]).toEqual([503, 402]);
      expect(acceptsOf(both)).toHaveLength(1);
    }
  });

  test("a payment that is no good hears no other word", async () => {
    const payment = signSolanaPayment(10_000n, { amount: 1n });
    expect((await pay("/mute", encode(payment))).status).toBe(503);
    expect((await pay("/mute", encode({ ...payment, payload: { transaction: "*" } }))).status).toBe(400);
  });

  test("the table's own word is known from the first request on", async () => {
    const response = await ask("/written");
    expect(response.status).toBe(402);
    expect(acceptsOf(response)).toEqual([solana(FEE_PAYER)]);
  });
});

describe("where it is known", () => {
  test("all that is accepted is offered, in its order", async () => {
    await challenged("/solana");
    const accepts = acceptsOf(await ask("/both"));
    expect(accepts.map(({ network }) => network)).toEqual(["eip155:84532", DEVNET]);
    expect(accepts[1]).toEqual(solana(FEE_PAYER));
  });

  test("the first facilitator's is named", async () => {
    await challenged("/two");
    await expect.poll(async () => acceptsOf(await ask("/two"))).toEqual([solana(OTHER_FEE_PAYER)]);
  });

  test("clients of version 1 read it in the body", async () => {
    const { resource, ...rest } = ((await (await challenged("/solana")).json()) as { accepts: [{ resource: string }] })
      .accepts[0];
    const { amount, network: _, ...entry } = solana(FEE_PAYER);
    expect(rest).toEqual({
      ...entry,
      network: "solana-devnet",
      maxAmountRequired: amount,
      description: "",
      mimeType: "",
    });
    expect(resource).toBe("https://api.example.com/solana");
  });

  test("who settles first says so", async () => {
    const [entry] = acceptsOf(await challenged("/before"));
    expect(entry?.extra).toEqual({ paymentFlow: "upfront", feePayer: FEE_PAYER });
  });
});
