// What a paid call shows of the protocol's headers, decoded and readable.

import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  decodePaymentSignatureHeader,
} from "@x402/core/http";
import { formatDollars, shorten } from "./payment-line.ts";

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

/** Whether money moved, and in which words to tell. */
export interface Told {
  readonly paid: boolean;
  readonly words: string;
}

/** What PAYMENT-RESPONSE, or v1's X-PAYMENT-RESPONSE, says. */
export function readReceipt(headers: Headers, paymentWasSent: boolean): Told {
  const header = headers.get("payment-response") ?? headers.get("x-payment-response");
  if (!paymentWasSent) return { paid: false, words: "Nothing was paid." };
  if (header === null) return { paid: false, words: "There is no PAYMENT-RESPONSE: nothing says that this was paid." };
  try {
    const receipt = decodePaymentResponseHeader(header);
    const { success, amount, errorReason } = receipt;
    if (success) return amount === "0" ? waived("this call costs nothing") : settled(receipt);
    return { paid: false, words: `The payment was not settled: ${errorReason ?? "no reason was given"}.` };
  } catch {
    return { paid: false, words: "Nobody knows whether it was paid: PAYMENT-RESPONSE cannot be read." };
  }
}

/** Where a stream's payment can be looked at: its head is gone before anybody knows what it used. */
export const paymentUrlOf = (headers: Headers): string | null => headers.get("faregate-payment");

/** What is known there of a payment; null while it goes on being settled. */
export function readPayment(json: unknown): Told | null {
  const { pay, calculation, ...known } = (json ?? {}) as { readonly [key: string]: unknown };
  const how = typeof calculation === "string" ? ` (${calculation})` : "";
  switch (pay) {
    case "settled":
      return settled(known, how);
    case "owed":
      return null;
    case "uncharged":
      return waived(whyNothing(how), how);
    default:
      return { paid: false, words: `The payment was not settled: it is ${String(pay)}${how}.` };
  }
}

interface Settlement {
  /** Atomic units; where it is left out, what was signed. */
  readonly amount?: unknown;
  readonly transaction?: unknown;
  readonly network?: unknown;
}

const settled = ({ amount, transaction, network }: Settlement, how = ""): Told => {
  const dollars = amount === undefined ? "" : ` ${formatDollars(String(amount))}`;
  return { paid: true, words: `Paid${dollars} in transaction ${transaction} on ${network}${how}.` };
};

const waived = (why: string, how = ""): Told => ({ paid: false, words: `Nothing was charged: ${why}${how}.` });

/** @param how a metered call's charge came to be; empty of an answer that was not sold */
function whyNothing(how: string): string {
  if (how === "") return "the answer is not for sale";
  const isMissing = / missing(, its buyer left)?: \w+\)$/.test(how);
  return isMissing ? "nobody knows what was used, and such a call costs nothing" : "what was used costs nothing";
}

function readable(decode: () => object): string {
  try {
    return JSON.stringify(decode(), null, 2).replace(/^/gm, "  ");
  } catch {
    return "  (it cannot be read)";
  }
}
