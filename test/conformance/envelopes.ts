// The two ways in which a client presents a payment: the same authorization in the envelope of either version.

import { encodePayment, type Payment } from "../support/payment.ts";
import { ask } from "../worker/client.ts";

export interface Envelope {
  readonly version: 1 | 2;
  readonly header: string;
  /** Where its payer looks for the receipt, and where it never looks. */
  readonly receipt: string;
  readonly otherReceipt: string;
  /** What this version calls the network of the fixture. */
  readonly network: string;
  /** One that the table does not offer. */
  readonly otherNetwork: string;
  readonly wrap: (payment: Payment) => { readonly [key: string]: unknown };
}

export const v2: Envelope = {
  version: 2,
  header: "payment-signature",
  receipt: "payment-response",
  otherReceipt: "x-payment-response",
  network: "eip155:84532",
  otherNetwork: "eip155:1",
  wrap: (payment) => ({ ...payment }),
};

export const v1: Envelope = {
  version: 1,
  header: "x-payment",
  receipt: "x-payment-response",
  otherReceipt: "payment-response",
  network: "base-sepolia",
  otherNetwork: "polygon",
  wrap: ({ payload }) => ({ x402Version: 1, scheme: "exact", network: "base-sepolia", payload }),
};

/** @param payment in its envelope, or the header's value as it is */
export function present({ header }: Envelope, path: string, payment: unknown, init: RequestInit = {}) {
  const headers = new Headers(init.headers);
  headers.set(header, typeof payment === "string" ? payment : encodePayment(payment));
  return ask(path, { ...init, headers });
}
