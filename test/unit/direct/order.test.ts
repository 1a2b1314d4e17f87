import { describe, expect, test } from "vitest";
import { authorizationOf, readOrder } from "../../../src/direct/order.ts";
import { ASSET, NETWORK, PAY_TO } from "../../support/payment.ts";
import { bodyOf } from "./fixtures.ts";

interface Parts {
  readonly paymentPayload: { readonly payload: { readonly authorization: object } };
  readonly paymentRequirements: object;
}

/** The body of a payment with something else in it. */
async function changed(change: (body: Parts) => unknown) {
  const { body } = await bodyOf();
  return readOrder(JSON.stringify(change(JSON.parse(body))));
}

const withPayload = (changes: object) => (body: Parts) => ({
  ...body,
  paymentPayload: { payload: { ...body.paymentPayload.payload, ...changes } },
});
const withAuthorization = (changes: object) => (body: Parts) =>
  withPayload({ authorization: { ...body.paymentPayload.payload.authorization, ...changes } })(body);
const withRequirements = (changes: object) => (body: Parts) => ({
  ...body,
  paymentRequirements: { ...body.paymentRequirements, ...changes },
});

test("an order is what the payer signed, under the id that the ledger has it by", async () => {
  const { payment, body } = await bodyOf({ validBefore: "1800000000" });
  const { from, nonce } = payment.payload.authorization;
  expect(readOrder(body)).toEqual({
    ok: true,
    value: {
      id: `${NETWORK}|${ASSET}|${from}|${nonce}`.toLowerCase(),
      network: NETWORK,
      chainId: 84532,
      asset: ASSET,
      payer: from,
      payTo: PAY_TO,
      amount: 10_000n,
      validAfter: 0n,
      validBefore: 1_800_000_000n,
      nonce,
      signature: payment.payload.signature,
    },
  });
});

describe("a body is no order", () => {
  const invalid = { ok: false, error: "invalid_payload" };
  test.each(["", "null", "[]", "{", "{}", `{"paymentPayload":{"payload":[]}}`])("that is %j", (body) => {
    expect(readOrder(body)).toEqual(invalid);
  });

  test.each([
    ["no payer", { from: undefined }],
    ["a payer that is no address", { from: "0x12" }],
    ["a payee that is no address", { to: PAY_TO.slice(2) }],
    ["a nonce of another length", { nonce: "0x12" }],
    ["an amount that is a number", { value: 10000 }],
    ["an amount with a sign", { value: "-1" }],
    ["an amount in hexadecimal", { value: "0x10" }],
    ["an amount that no word holds", { value: (2n ** 256n).toString() }],
    ["an end that no word holds", { validBefore: (2n ** 256n).toString() }],
    ["a beginning that is none", { validAfter: "" }],
  ])("with %s", async (_, changes) => {
    expect(await changed(withAuthorization(changes))).toEqual(invalid);
  });

  test.each([[undefined], [""], ["0x"], ["0x123"], [65]])("with the signature %j", async (signature) => {
    expect(await changed(withPayload({ signature }))).toEqual(invalid);
  });

  test.each([
    ["another scheme", { scheme: "upto" }, "unsupported_scheme"],
    ["a transfer of another method", { extra: { assetTransferMethod: "permit2" } }, "unsupported_payload_type"],
    ["another family of networks", { network: "solana:mainnet" }, "invalid_network"],
    ["a network without a number", { network: "eip155:" }, "invalid_network"],
    ["an asset that is no address", { asset: "USDC" }, "invalid_payment_requirements"],
    ["another payee than was signed", { payTo: ASSET }, "invalid_exact_evm_recipient_mismatch"],
    ["no payee", { payTo: undefined }, "invalid_exact_evm_recipient_mismatch"],
    ["another amount than was signed", { amount: "9999" }, "invalid_exact_evm_payload_authorization_value_mismatch"],
  ])("for %s", async (_, changes, error) => {
    expect(await changed(withRequirements(changes))).toEqual({ ok: false, error });
  });
});

test("the one method that there is may be named", async () => {
  expect(await changed(withRequirements({ extra: { assetTransferMethod: "eip3009" } }))).toMatchObject({ ok: true });
});

test("letter case does not tell addresses apart", async () => {
  expect(await changed(withRequirements({ payTo: PAY_TO.toLowerCase() }))).toMatchObject({ ok: true });
});

test("an authorization that never ends is asked about with an end that a number can say", async () => {
  const { body } = await bodyOf({ validBefore: (2n ** 256n - 1n).toString() });
  const order = readOrder(body);
  if (!order.ok) throw new Error(order.error);
  expect(authorizationOf(order.value, 7)).toMatchObject({
    network: NETWORK,
    amount: "10000",
    sinceMs: 7,
    validBeforeMs: Number.MAX_SAFE_INTEGER,
  });
});
