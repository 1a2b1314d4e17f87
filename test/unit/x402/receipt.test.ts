import { decodePaymentResponseHeader } from "@x402/core/http";
import { expect, test } from "vitest";
import { encodeReceipt } from "../../../src/x402/receipt.ts";
import { NETWORK, PAY_TO } from "../../support/payment.ts";

test.each([
  { success: true, transaction: `0x${"ab".repeat(32)}`, network: NETWORK, payer: PAY_TO },
  { success: false, errorReason: "insufficient_funds", transaction: "", network: NETWORK, payer: PAY_TO },
])("the official client reads back the receipt with success: $success", (receipt) => {
  expect(decodePaymentResponseHeader(encodeReceipt(receipt))).toEqual(receipt);
});
