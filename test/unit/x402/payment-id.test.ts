import { expect, test } from "vitest";
import {
  eip3009PaymentId,
  isPaymentId,
  partsOf,
  permit2PaymentId,
  solanaPaymentId,
} from "../../../src/x402/payment-id.ts";
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

test("of Permit2 it is the owner's row of nonces, whatever the token", () => {
  const permitted = permit2PaymentId(NETWORK, PAY_TO, "7");
  expect(permitted).toBe("eip155:84532|permit2|0x209693bc6afc0c5328ba36faf03c514ef312287c|7");
  expect(permit2PaymentId(NETWORK, PAY_TO.toUpperCase(), "7")).toBe(permitted);
  for (const other of [
    permit2PaymentId("eip155:8453", PAY_TO, "7"),
    permit2PaymentId(NETWORK, ASSET, "7"),
    permit2PaymentId(NETWORK, PAY_TO, "8"),
  ]) {
    expect(other).not.toBe(permitted);
  }
});

test("on Solana it is the message that the payer signed, and letter case tells payers apart", () => {
  const network = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
  const payer = "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4";
  const hash = "ab".repeat(32);
  const signed = solanaPaymentId(network, payer, hash);
  expect(signed).toBe(`${network}|message|${payer}|${hash}`);
  expect(partsOf(signed)).toEqual({ network, assetTransferMethod: "transferChecked", payer, nonce: hash });
  expect(isPaymentId(signed)).toBe(true);
  expect(solanaPaymentId(network, payer.toLowerCase(), hash)).not.toBe(signed);
});

test("an identity tells its parts, and the way in which its token moves", () => {
  const payer = PAY_TO.toLowerCase();
  const ofToken = { network: NETWORK, assetTransferMethod: "eip3009", payer, nonce: NONCE.toLowerCase() };
  expect(partsOf(id)).toEqual(ofToken);
  const permitted = permit2PaymentId(NETWORK, PAY_TO, "7");
  expect(partsOf(permitted)).toEqual({ network: NETWORK, assetTransferMethod: "permit2", payer, nonce: "7" });
  expect([id, permitted].every(isPaymentId)).toBe(true);
});
