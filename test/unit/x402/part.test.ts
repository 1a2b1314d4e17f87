import { describe, expect, test } from "vitest";
import { facilitatorAddressOf, readPart } from "../../../src/x402/part.ts";
import { signPayment } from "../../support/payment.ts";
import { FACILITATOR, signPermit2Payment, signUptoPayment } from "../../support/permit2-payment.ts";

const { payload, accepted } = await signUptoPayment("10000");
const exact = await signPermit2Payment("10000");
const eip3009 = await signPayment("10000");

const bodyOf = (paymentPayload: unknown, paymentRequirements: unknown): string =>
  JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements });
const asked = { ...accepted, amount: "1858" };

describe("a body that asks to settle a part", () => {
  test("says how much, and who alone may do it", () => {
    expect(readPart(bodyOf({ x402Version: 2, accepted, payload }, asked))).toEqual({
      amount: "1858",
      facilitatorAddress: FACILITATOR,
    });
  });

  test.each<[string, string]>([
    ["asks for all of a payment by exact", bodyOf(exact, exact.accepted)],
    ["asks for all of a payment by EIP-3009", bodyOf(eip3009, eip3009.accepted)],
    ["has no payment", bodyOf(undefined, asked)],
    ["has a payment without a payload", bodyOf({ accepted }, asked)],
    ["has no requirements", bodyOf({ accepted, payload }, undefined)],
    ["has an amount that is a number", bodyOf({ accepted, payload }, { ...asked, amount: 1858 })],
    ["is a list", "[]"],
    ["is no JSON", "{"],
    ["was not kept", ""],
  ])("is none where it %s", (_, body) => {
    expect(readPart(body)).toBeNull();
  });
});

describe("who alone may settle a payment", () => {
  test("is whom its witness names", () => {
    expect(facilitatorAddressOf(payload)).toBe(FACILITATOR);
  });

  test.each<[string, object]>([
    ["by exact", exact.payload],
    ["by EIP-3009", eip3009.payload],
    ["whose witness names a number", { permit2Authorization: { witness: { facilitator: 1 } } }],
    ["whose witness is a list", { permit2Authorization: { witness: [FACILITATOR] } }],
    ["without a payload", {}],
  ])("is nobody for one %s", (_, of) => {
    expect(facilitatorAddressOf({ ...of })).toBeNull();
  });
});
