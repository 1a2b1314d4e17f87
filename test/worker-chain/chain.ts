// How tests put something into the chain, and ring a payer's alarm.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, inject } from "vitest";
import type { Ledger } from "../../src/index.ts";
import type { Payment } from "../support/payment.ts";

const { LEDGER } = env as unknown as { LEDGER: DurableObjectNamespace<Ledger> };

export const MINED = `0x${"7a".repeat(32)}`;

async function tell(method: string, ...params: unknown[]): Promise<void> {
  const body = JSON.stringify([{ jsonrpc: "2.0", id: 1, method, params }]);
  const response = await fetch(inject("rpc"), { method: "POST", body });
  expect(await response.json()).toMatchObject([{ result: true }]);
}

const authorizationOf = ({ payload: { authorization } }: Payment) => ({
  payer: authorization.from,
  payTo: authorization.to,
  nonce: authorization.nonce,
  amount: authorization.value,
  // One of its own for each, as on a chain.
  transaction: `0x${authorization.nonce.slice(2).split("").reverse().join("")}`,
});

export const transactionOf = (payment: Payment): string => authorizationOf(payment).transaction;

export const pays = (payment: Payment) => tell("test_pay", authorizationOf(payment));
export const cancels = (payment: Payment) => tell("test_cancel", authorizationOf(payment));
export const chainAhead = (seconds: number) => tell("test_ahead", seconds);
export const chainDown = (isDown: boolean) => tell("test_down", isDown);

export const idOf = ({ accepted, payload: { authorization } }: Payment): string =>
  `eip155:84532|${accepted["asset"]}|${authorization.from}|${authorization.nonce}`.toLowerCase();

const bookOf = ({ payload }: Payment) => LEDGER.getByName(`eip155:84532|${payload.authorization.from.toLowerCase()}`);

export const ring = (payment: Payment) => runDurableObjectAlarm(bookOf(payment));

/** Runs SQL in the payer's book, to put a row where time would have put it. */
export const inBook = (payment: Payment, query: string, ...values: unknown[]) =>
  runInDurableObject(bookOf(payment), (_, { storage }) => storage.sql.exec(query, ...values).toArray());

export const rowOf = async (payment: Payment) =>
  (await inBook(payment, "SELECT * FROM payments WHERE id = ?", idOf(payment)))[0] ?? {};

/** Whatever is open is due now. */
export const hasten = (payment: Payment) =>
  inBook(payment, "UPDATE payments SET due_at = 0, tried_at = 0 WHERE due_at IS NOT NULL");

/** The alarm once, with whatever is open due. */
export async function attend(payment: Payment): Promise<void> {
  await hasten(payment);
  await ring(payment);
}
