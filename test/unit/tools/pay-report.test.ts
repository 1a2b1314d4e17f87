import { encodePaymentResponseHeader } from "@x402/core/http";
import { expect, test } from "vitest";
import { paymentUrlOf, readPayment, readReceipt } from "../../../tools/pay-report.ts";

test("a stream's payment is looked at where its head says", () => {
  expect(paymentUrlOf(new Headers({ "faregate-payment": "https://h/payments/p" }))).toBe("https://h/payments/p");
  expect(paymentUrlOf(new Headers())).toBeNull();
});

test.each([
  ["what was moved, where it says so", { amount: "3750" }, "Paid 3750 in transaction 0xaa on eip155:84532."],
  ["that it was paid, where it says no more", {}, "Paid in transaction 0xaa on eip155:84532."],
])("a receipt tells %s", (_, more, words) => {
  const receipt = { success: true, transaction: "0xaa", network: "eip155:84532" as const, ...more };
  const headers = new Headers({ "payment-response": encodePaymentResponseHeader(receipt) });
  expect(readReceipt(headers, true)).toEqual({ paid: true, words });
});

const known = { amount: "7000", transaction: "0xaa", network: "eip155:84532", calculation: "7 units = $0.007" };

test.each<[object | null, boolean | undefined, string | undefined]>([
  [{ ...known, pay: "settled" }, true, "Paid 7000 in transaction 0xaa on eip155:84532 (7 units = $0.007)."],
  [{ ...known, pay: "owed" }, undefined, undefined],
  [{ ...known, pay: "uncharged" }, false, "The payment was not settled: it is uncharged (7 units = $0.007)."],
  [{ pay: "unknown" }, false, "The payment was not settled: it is unknown."],
  [null, false, "The payment was not settled: it is undefined."],
])("what is known of it is told: %j", (json, paid, words) => {
  const told = readPayment(json);
  expect([told?.paid, told?.words]).toEqual([paid, words]);
});
