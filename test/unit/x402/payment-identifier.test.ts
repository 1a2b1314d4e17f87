import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { PAYMENT_IDENTIFIER, paymentIdentifier, readPaymentIdentifier } from "../../../src/x402/payment-identifier.ts";

const echo = (info: unknown) => ({ [PAYMENT_IDENTIFIER]: { info } });
const FLAW = { ok: false, error: "the id of payment-identifier is not 16 to 128 letters, digits, - or _" };

test.each([true, false])(
  "what is advertised validates against its own schema, with and without an id (%s)",
  (required) => {
    const { info, schema } = paymentIdentifier(required) as { info: object; schema: object };
    const validate = new Ajv2020({ strict: false }).compile(schema);
    expect(info).toEqual({ required });
    expect(validate(info)).toBe(true);
    expect(validate({ ...info, id: "a".repeat(16) })).toBe(true);
    expect(validate({ ...info, id: "a".repeat(15) })).toBe(false);
    expect(validate({ ...info, id: "a".repeat(129) })).toBe(false);
  },
);

describe("an id is read", () => {
  test.each([
    ["of 16 characters", "a".repeat(16)],
    ["of 128", "Z".repeat(128)],
    ["with all that it may have", "pay-1_AZaz09-_-_-"],
  ])("%s", (_, id) => {
    expect(readPaymentIdentifier(echo({ required: true, id }))).toEqual({ ok: true, value: id });
  });
});

describe("there is none", () => {
  test.each<[string, Record<string, unknown>]>([
    ["without the extension", {}],
    ["in an extension that is no object", { [PAYMENT_IDENTIFIER]: "id" }],
    ["in an extension that is null", { [PAYMENT_IDENTIFIER]: null }],
    ["without its info", { [PAYMENT_IDENTIFIER]: { id: "a".repeat(16) } }],
    ["in what is echoed as it was advertised", { [PAYMENT_IDENTIFIER]: paymentIdentifier(false) }],
  ])("%s", (_, extensions) => {
    expect(readPaymentIdentifier(extensions)).toEqual({ ok: true, value: null });
  });
});

describe("an id is not understood", () => {
  test.each<[string, unknown]>([
    ["that is too short", "a".repeat(15)],
    ["that is too long", "a".repeat(129)],
    ["that is empty", ""],
    ["with a space", "with a space in it"],
    ["with a letter of another alphabet", `${"a".repeat(16)}\u00e9`],
    ["with a line's end behind it", `${"a".repeat(16)}\n`],
    ["that is a number", 1234567890123456],
    ["that is null", null],
    ["that is a list", ["a".repeat(16)]],
  ])("%s", (_, id) => {
    expect(readPaymentIdentifier(echo({ id }))).toEqual(FLAW);
  });
});
