import { encodePaymentResponseHeader } from "@x402/core/http";
import { describe, expect, test } from "vitest";
import { paymentUrlOf, readPayment, readReceipt } from "../../../tools/pay-report.ts";

test("a stream's payment is looked at where its head says", () => {
  expect(paymentUrlOf(new Headers({ "faregate-payment": "https://h/payments/p" }))).toBe("https://h/payments/p");
  expect(paymentUrlOf(new Headers())).toBeNull();
});

test.each([
  ["what was moved, where it says so", { amount: "3750" }, "Paid $0.003750 in transaction 0xaa on eip155:84532."],
  ["that it was paid, where it says no more", {}, "Paid in transaction 0xaa on eip155:84532."],
])("a receipt tells %s", (_, more, words) => {
  const receipt = { success: true, transaction: "0xaa", network: "eip155:84532" as const, ...more };
  const headers = new Headers({ "payment-response": encodePaymentResponseHeader(receipt) });
  expect(readReceipt(headers, true)).toEqual({ paid: true, words });
});

const known = { amount: "7000", transaction: "0xaa", network: "eip155:84532", calculation: "7 units = $0.007" };
const free = { ...known, pay: "uncharged", amount: "0", transaction: null };

test.each<[object | null, boolean | undefined, string | undefined]>([
  [{ ...known, pay: "settled" }, true, "Paid $0.007000 in transaction 0xaa on eip155:84532 (7 units = $0.007)."],
  [{ ...known, pay: "owed" }, undefined, undefined],
  [
    { ...free, calculation: "0 units at $1 = $0" },
    false,
    "Nothing was charged: what was used costs nothing (0 units at $1 = $0).",
  ],
  [
    { ...free, calculation: "units at $1 missing: minimum" },
    false,
    "Nothing was charged: nobody knows what was used, and such a call costs nothing (units at $1 missing: minimum).",
  ],
  [
    { ...free, calculation: "units at $1 missing, its buyer left: nothing" },
    false,
    "Nothing was charged: nobody knows what was used, and such a call costs nothing (units at $1 missing, its buyer left: nothing).",
  ],
  [{ ...free, calculation: undefined }, false, "Nothing was charged: the answer is not for sale."],
  [{ pay: "unknown" }, false, "The payment was not settled: it is unknown."],
  [null, false, "The payment was not settled: it is undefined."],
])("what is known of it is told: %j", (json, paid, words) => {
  const told = readPayment(json);
  expect([told?.paid, told?.words]).toEqual([paid, words]);
});

describe("what the answer's head says is told", () => {
  const receipt = { success: true, transaction: "0xaa", network: "eip155:84532" };
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64");

  test.each<[string, object, boolean, string]>([
    ["of a price", receipt, true, "Paid in transaction 0xaa on eip155:84532."],
    [
      "of a metered call, with its charge",
      { ...receipt, amount: "45000" },
      true,
      "Paid $0.045000 in transaction 0xaa on eip155:84532.",
    ],
    [
      "of a metered call that used nothing",
      { ...receipt, transaction: "", amount: "0" },
      false,
      "Nothing was charged: this call costs nothing.",
    ],
    [
      "of a settlement that was refused",
      { ...receipt, success: false, errorReason: "insufficient_funds" },
      false,
      "The payment was not settled: insufficient_funds.",
    ],
  ])("%s", (_, value, paid, words) => {
    for (const name of ["payment-response", "x-payment-response"]) {
      expect(readReceipt(new Headers({ [name]: encoded(value) }), true)).toEqual({ paid, words });
    }
  });

  test("where there is nothing to read", () => {
    expect(readReceipt(new Headers(), false).words).toBe("Nothing was paid.");
    expect(readReceipt(new Headers(), true).words).toContain("no PAYMENT-RESPONSE");
    expect(readReceipt(new Headers({ "payment-response": "%" }), true).words).toContain("cannot be read");
  });
});
