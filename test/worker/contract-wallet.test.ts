// Signatures of contract wallets (EIP-1271, EIP-6492), which only the chain can judge: the facilitator is asked before
// anything of the payer's is touched.

import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Ledger } from "../../src/index.ts";
import { newAccount, type Payment, signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, eventually, fresh, pay, seen } from "./client.ts";

const { LEDGER } = env as unknown as { LEDGER: DurableObjectNamespace<Ledger> };

const wrapped = `0x${"ab".repeat(200)}`;
const withSignature = (payment: Payment, signature: string): Payment => ({
  ...payment,
  payload: { ...payment.payload, signature },
});

/** A client of its own for each test, so that none uses up another's share. */
let clients = 0;
const from = (client = `198.51.100.${clients++}`): RequestInit => ({ headers: { "cf-connecting-ip": client } });

async function walletPayment(changes: object = {}): Promise<Payment> {
  return withSignature(await signPayment("10000", changes), wrapped);
}

const claimedBy = async (payment: Payment): Promise<boolean> => {
  const { from: payer, nonce } = payment.payload.authorization;
  const { network, asset } = payment.accepted;
  const id = `${network}|${asset}|${payer}|${nonce}`.toLowerCase();
  const ledger = LEDGER.getByName(`${network}|${payer.toLowerCase()}`);
  return (await ledger.entry(id)) !== null;
};

describe("a signature that is longer than an account's", () => {
  test("is bought with, once the facilitator has said that it is valid", async () => {
    const payment = await walletPayment();
    const path = fresh("/paid/ok");
    const response = await pay(path, payment, from());
    expect(response.status).toBe(200);
    expect(response.headers.has("payment-response")).toBe(true);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    const again = await eventually(() => pay(path, payment, from()), 409);
    expect(await again.json()).toMatchObject({ error: "payment_settled" });
    expect(await seen(path)).toHaveLength(1);
  });

  test("claims nothing in anybody's ledger while the facilitator calls it invalid", async () => {
    const payment = await walletPayment({ from: newAccount().address });
    const path = fresh("/paid/ok?verify=invalid:invalid_exact_evm_payload_signature");
    const response = await pay(path, payment, from());
    expect(response.status).toBe(402);
    expect(response.headers.has("payment-required")).toBe(true);
    expect(await calledEndpoints(payment)).toEqual(["/verify"]);
    expect(await claimedBy(payment)).toBe(false);
    expect(await seen(path)).toEqual([]);
  });

  test("is bought with where nobody says which address a client has, too", async () => {
    expect((await pay(fresh("/paid/ok"), await walletPayment())).status).toBe(200);
  });

  test("claims nothing while the facilitator is down, and stays good", async () => {
    const payment = await walletPayment();
    const response = await pay(fresh("/paid/ok?verify=drop"), payment, from());
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: "facilitator_unavailable" });
    expect(await claimedBy(payment)).toBe(false);
    expect((await pay(fresh("/paid/ok"), payment, from())).status).toBe(200);
  });

  test("for another price is refused before the facilitator is asked", async () => {
    const payment = withSignature(await signPayment("1"), wrapped);
    const response = await pay(fresh("/paid/ok"), payment, from());
    expect(response.status).toBe(402);
    expect(await calledEndpoints(payment)).toEqual([]);
  });
});

describe("a signature of an account's length that is not the payer's", () => {
  const forged = `0x${"12".repeat(64)}1b`;

  test("is refused without a call to anybody", async () => {
    const payment = withSignature(await signPayment("10000"), forged);
    const response = await pay(fresh("/paid/ok"), payment, from());
    expect(response.status).toBe(402);
    expect(await calledEndpoints(payment)).toEqual([]);
  });

  test("is the facilitator's to judge where the route says that contract wallets may pay", async () => {
    const payment = withSignature(await signPayment("10000"), forged);
    const response = await pay(fresh("/wallet/ok"), payment, from());
    expect(response.status).toBe(200);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
  });
});

test("a client that presents too many of them is told to wait, and the facilitator is spared", async () => {
  const client = from("203.0.113.77");
  const payments = await Promise.all(Array.from({ length: 40 }, () => walletPayment()));
  const statuses: number[] = [];
  // One after another: the facilitator has a second for each, however busy the machine is.
  for (const payment of payments) statuses.push((await pay("/paid/ok", payment, client)).status);
  const refused = statuses.filter((status) => status === 429).length;
  expect(refused).toBeGreaterThan(0);
  expect(statuses.filter((status) => status === 200)).toHaveLength(statuses.length - refused);
  const calls = await Promise.all(payments.map(calledEndpoints));
  expect(calls.filter(({ length }) => length === 0)).toHaveLength(refused);
  expect((await ask("/free/ok", client)).status).toBe(200);
});
