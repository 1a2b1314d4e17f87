// How tests speak with a gate whose ledger they look into.

import { encodePayment, type Payment } from "../support/payment.ts";
import { ask, pay } from "../worker/client.ts";

/** The same payment, accepted as one that is settled first. */
export const upfront = (payment: Payment): Payment => ({
  ...payment,
  accepted: { ...payment.accepted, extra: { ...(payment.accepted["extra"] as object), paymentFlow: "upfront" } },
});

export const payAs = (path: string, payment: Payment, headers: HeadersInit = {}): Promise<Response> =>
  pay(path, payment, { headers });

export const redeemWith = (path: string, voucher: string, headers: Record<string, string> = {}): Promise<Response> =>
  ask(path, { headers: { ...headers, "faregate-redeem": voucher } });

/** Too long to be guessed. */
export const newKey = (): string => crypto.randomUUID().replaceAll("-", "");

export const idempotent = (key: string): Record<string, string> => ({ "idempotency-key": key });

export { encodePayment };
