// What stands in a payer's ledger, read and written past its methods.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Ledger } from "../../src/index.ts";
import type { Payment } from "../support/payment.ts";

const { LEDGER } = env as unknown as { LEDGER: DurableObjectNamespace<Ledger> };

export const idOf = ({ accepted, payload: { authorization } }: Payment): string =>
  `eip155:84532|${accepted["asset"]}|${authorization.from}|${authorization.nonce}`.toLowerCase();

const ledgerOf = ({ payload }: Payment) => LEDGER.getByName(`eip155:84532|${payload.authorization.from.toLowerCase()}`);

/** Runs SQL in the payer's ledger, to put a row where time or a crash would have put it. */
export const inLedger = (payment: Payment, query: string, ...values: unknown[]) =>
  runInDurableObject(ledgerOf(payment), (_, { storage }) => storage.sql.exec(query, ...values).toArray());

export const rowOf = async (payment: Payment) =>
  (await inLedger(payment, "SELECT * FROM payments WHERE id = ?", idOf(payment)))[0];
