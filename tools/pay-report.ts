// What a paid call shows of the protocol's headers, decoded and readable.

import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  decodePaymentSignatureHeader,
} from "@x402/core/http";
import { shorten } from "./payment-line.ts";

export function formatChallenge(header: string): string {
  return readable(() => decodePaymentRequiredHeader(header));
}

export function formatV1Challenge(body: string): string {
  return readable(() => JSON.parse(body));
}

/** The signature is shortened: whole, it is as good as the money until it is settled. */
export function formatPayload(header: string): string {
  return readable(() => {
    const payment = decodePaymentSignatureHeader(header);
    const { signature, ...payload } = payment.payload;
    return { ...payment, payload: { signature: shorten(String(signature)), ...payload } };
  });
}

/** Whether PAYMENT-RESPONSE, or v1's X-PAYMENT-RESPONSE, says that money moved, and in which words to tell. */
export function readReceipt(headers: Headers, paymentWasSent: boolean): { paid: boolean; words: string } {
  const header = headers.get("payment-response") ?? headers.get("x-payment-response");
  if (!paymentWasSent) return { paid: false, words: "Nothing was paid." };
  if (header === null) return { paid: false, words: "There is no PAYMENT-RESPONSE: nothing says that this was paid." };
  try {
    const receipt = decodePaymentResponseHeader(header);
    const { success, transaction, network, amount, errorReason } = receipt;
    const what = amount === undefined ? "Paid" : `Paid ${amount}`;
    if (success) return { paid: true, words: `${what} in transaction ${transaction} on ${network}.` };
    return { paid: false, words: `The payment was not settled: ${errorReason ?? "no reason was given"}.` };
  } catch {
    return { paid: false, words: "Nobody knows whether it was paid: PAYMENT-RESPONSE cannot be read." };
  }
}

/** Where a stream's payment can be looked at: its head is gone before anybody knows what it used. */
export const paymentUrlOf = (headers: Headers): string | null => headers.get("faregate-payment");

/** What is known there of a payment, and in which words to tell; null while it goes on being settled. */
export function readPayment(json: unknown): { paid: boolean; words: string } | null {
  const { pay, amount, calculation, transaction, network } = (json ?? {}) as { readonly [key: string]: unknown };
  const how = typeof calculation === "string" ? ` (${calculation})` : "";
  if (pay === "settled")
    return { paid: true, words: `Paid ${amount} in transaction ${transaction} on ${network}${how}.` };
  if (pay === "owed") return null;
  return { paid: false, words: `The payment was not settled: it is ${String(pay)}${how}.` };
}

function readable(decode: () => object): string {
  try {
    return JSON.stringify(decode(), null, 2).replace(/^/gm, "  ");
  } catch {
    return "  (it cannot be read)";
  }
}
