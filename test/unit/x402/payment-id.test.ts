import { expect, test } from "vitest";
import { eip3009PaymentId } from "../../../src/x402/payment-id.ts";
import { ASSET, NETWORK, PAY_TO } from "../../support/payment.ts";

const NONCE = `0x${"aB".repeat(32)}`;
const id = eip3009PaymentId(NETWORK, ASSET, PAY_TO, NONCE);

test("a payment's identity is the scope in which the chain keeps its nonce", () => {
  expect(id).toBe(
    `eip155:84532|0x036cbd53842c5426634e7929541ec2318f3dcf7e|0x209693bc6afc0c5328ba36faf03c514ef312287c|0x${"ab".repeat(32)}`,
  );
});

test("letter case does not tell payments apart", () => {
  expect(eip3009PaymentId(NETWORK, ASSET.toLowerCase(), PAY_TO.toUpperCase(), NONCE.toUpperCase())).toBe(id);
});

test.each([
  ["network", eip3009PaymentId("eip155:8453", ASSET, PAY_TO, NONCE)],
  ["token", eip3009PaymentId(NETWORK, PAY_TO, PAY_TO, NONCE)],
  ["payer", eip3009PaymentId(NETWORK, ASSET, ASSET, NONCE)],
  ["nonce", eip3009PaymentId(NETWORK, ASSET, PAY_TO, `0x${"cd".repeat(32)}`)],
])("another %s is another payment", (_, other) => {
  expect(other).not.toBe(id);
});
