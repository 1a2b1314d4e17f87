// What a facilitator does with a payment: the reference facilitator over HTTP, and the direct settlement, on one chain.
// The gate cannot tell them apart.

import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildDirect } from "../../../src/direct/index.ts";
import { buildFacilitator, type Facilitator } from "../../../src/facilitator/index.ts";
import { type Account, openAccount } from "../../../src/schemes/index.ts";
import { relayer as stranger } from "../../../tools/stack/chain.ts";
import { startFacilitator } from "../../../tools/stack/facilitator.ts";
import type { Listener } from "../../../tools/stack/listen.ts";
import { facilitatorBodyOf, QUICK, startRelayers } from "../../support/direct.ts";
import { PAY_TO, type Payment } from "../../support/payment.ts";
import { ETHER, expectedOf, pay, startWorld, type World } from "./world.ts";

let world: World;
let reference: Listener;
beforeAll(async () => {
  world = await startWorld();
  reference = await startFacilitator({ rpc: world.rpc });
});
afterAll(async () => {
  await reference?.stop();
  await world?.stop();
});

const builders: readonly (readonly [string, () => Promise<Facilitator>])[] = [
  [
    "the reference facilitator",
    async () => {
      const settings = { url: reference.url, verifyTimeoutMs: 5_000, settleTimeoutMs: 10_000 };
      const notes = { read: async () => null, write: async () => undefined };
      return buildFacilitator(settings, { authorize: null, notes, nowMs: Date.now, random: Math.random });
    },
  ],
  [
    "the direct settlement",
    async () => {
      const account = openAccount(generatePrivateKey()) as Account;
      await world.test.setBalance({ address: account.address, value: ETHER });
      const { open } = startRelayers(account);
      return buildDirect({ ...QUICK, urls: [world.rpc] }, { account, open, nowMs: Date.now, random: Math.random });
    },
  ],
];

describe.each(builders)("with %s", (_, build) => {
  const verify = async (payment: Payment, facilitator?: Facilitator) =>
    (facilitator ?? (await build())).verify(facilitatorBodyOf(payment), expectedOf(payment));
  const offering = async (changes: object): Promise<Payment> => {
    const payment = await pay();
    return { ...payment, accepted: { ...payment.accepted, ...changes } };
  };

  test("a good payment is valid, settled, and moves its amount once", async () => {
    const facilitator = await build();
    const payment = await pay();
    const before = await world.balanceOf(PAY_TO);
    expect(await verify(payment, facilitator)).toEqual({ kind: "valid" });
    const settlement = await facilitator.settle(facilitatorBodyOf(payment), expectedOf(payment));
    expect(settlement).toMatchObject({ kind: "settled", transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
    expect((await world.balanceOf(PAY_TO)) - before).toBe(10_000n);
    const again = await facilitator.settleAgain(facilitatorBodyOf(payment), expectedOf(payment));
    expect(["settled", "unknown"]).toContain(again.kind);
    expect((await world.balanceOf(PAY_TO)) - before).toBe(10_000n);
    expect(await verify(payment, facilitator)).toEqual({
      kind: "invalid",
      reason: "invalid_exact_evm_nonce_already_used",
    });
  });

  const invalid: readonly (readonly [string, () => Promise<Payment>, string])[] = [
    ["of a poor payer", async () => pay({}, await world.startPayer(1n)), "invalid_exact_evm_insufficient_balance"],
    ["that is over", () => pay({ validBefore: "1000000000" }), "invalid_exact_evm_payload_authorization_valid_before"],
    [
      "that has not begun",
      () => pay({ validAfter: "3900000000" }),
      "invalid_exact_evm_payload_authorization_valid_after",
    ],
    ["for another payee", () => offering({ payTo: stranger.address }), "invalid_exact_evm_recipient_mismatch"],
    [
      "for another amount",
      () => offering({ amount: "9999" }),
      "invalid_exact_evm_payload_authorization_value_mismatch",
    ],
  ];

  test.each(invalid)(
    "a payment %s is invalid, rejected at once, and never a failure of what may have settled",
    async (_, make, reason) => {
      const facilitator = await build();
      const payment = await make();
      expect(await verify(payment, facilitator)).toEqual({ kind: "invalid", reason });
      const settlement = await facilitator.settle(facilitatorBodyOf(payment), expectedOf(payment));
      // The end of an authorization does not prove to a stranger that nothing was sent before it; to its only sender it does.
      const isExpired = reason.endsWith("valid_before");
      expect(isExpired ? ["rejected", "unknown"] : ["rejected"]).toContain(settlement.kind);
      const again = await facilitator.settleAgain(facilitatorBodyOf(payment), expectedOf(payment));
      expect(again).toMatchObject({ kind: "unknown", transaction: null });
    },
  );

  test("a signature that is none of the payer's is invalid", async () => {
    const [payment, other] = [await pay(), await pay()];
    const forged = { ...payment, payload: { ...payment.payload, signature: other.payload.signature } };
    expect(await verify(forged)).toMatchObject({ kind: "invalid" });
  });

  test("many payments at once are all settled, each by a transaction of its own", async () => {
    const facilitator = await build();
    const payments = await Promise.all(Array.from({ length: 10 }, () => pay()));
    const settlements = await Promise.all(
      payments.map((payment) => facilitator.settle(facilitatorBodyOf(payment), expectedOf(payment))),
    );
    const hashes = settlements.map((one) => (one.kind === "settled" ? one.transaction : null));
    expect(new Set(hashes).size).toBe(10);
    expect(hashes).not.toContain(null);
  });
});
