import { decodePaymentResponseHeader } from "@x402/core/http";
import { expect, test } from "vitest";
import { encodeReceipt } from "../../../src/x402/receipt.ts";
import { NETWORK, PAY_TO } from "../../support/payment.ts";

const settled = { success: true, transaction: `0x${"ab".repeat(32)}`, network: NETWORK, payer: PAY_TO };
const failed = { success: false, errorReason: "insufficient_funds", transaction: "", network: NETWORK, payer: PAY_TO };

/** Of less than was authorized. */
const part = { ...settled, amount: "1858" };
const nothing = { ...settled, transaction: "", amount: "0" };

test.each([settled, failed, part, nothing])(
  "the official client reads back the receipt with success: $success",
  (response) => {
    const [name, value] = encodeReceipt({ x402Version: 2, ...response });
    expect(name).toBe("payment-response");
    expect(decodePaymentResponseHeader(value)).toEqual(response);
  },
);

test.each([settled, failed])("a v1 payer reads v1's name of the network, in v1's header ($success)", (response) => {
  const [name, value] = encodeReceipt({ x402Version: 1, ...response });
  expect(name).toBe("x-payment-response");
  expect(decodePaymentResponseHeader(value)).toEqual({ ...response, network: "base-sepolia" });
});

test("a network that v1 has no name for keeps its own", () => {
  const [, value] = encodeReceipt({ x402Version: 1, ...settled, network: "eip155:10" });
  expect(decodePaymentResponseHeader(value).network).toBe("eip155:10");
});
