import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { PRICE_QUOTE, PRICE_QUOTE_BYTES_MAX, priceQuote, readPriceQuote } from "../../../src/x402/price-quote.ts";

const info = { price: "$0.01", expires: 1_800_000_000, call: "ab".repeat(32), mac: "m".repeat(43) };
const echo = (of: unknown) => readPriceQuote({ [PRICE_QUOTE]: of });

describe("a price's quote", () => {
  test("is advertised in the shape of an extension, and fits its own schema", () => {
    const { schema } = priceQuote(info) as { schema: object };
    const validate = new Ajv().compile(schema);
    expect(validate(info)).toBe(true);
    for (const name of Object.keys(info)) expect(validate({ ...info, [name]: null })).toBe(false);
  });

  test("comes back as it was", () => {
    expect(echo(priceQuote(info))).toEqual(info);
    expect(echo({ info })).toEqual(info);
  });

  test("is none where nobody echoes one", () => {
    expect(readPriceQuote({})).toBeNull();
    expect(readPriceQuote({ "payment-identifier": { info } })).toBeNull();
  });

  test.each<[string, unknown]>([
    ["nothing", null],
    ["a list", [info]],
    ["the info alone", info],
    ["no info", { schema: {} }],
    ["an end that is half a second", { info: { ...info, expires: 1.5 } }],
    ["an end that is a text", { info: { ...info, expires: "1" } }],
    ["a price that is a number", { info: { ...info, price: 1 } }],
    ["no call", { info: { ...info, call: undefined } }],
    ["no MAC", { info: { ...info, mac: undefined } }],
  ])("is wrong where what is echoed is %s", (_, of) => {
    expect(echo(of)).toBeUndefined();
  });

  test("has at most the bytes that a table keeps free for it", () => {
    const longest = { ...info, price: `${"9".repeat(30)} 0x${"a".repeat(40)}` };
    const text = `,"extensions":${JSON.stringify({ [PRICE_QUOTE]: priceQuote(longest) })}`;
    expect(text.length).toBeLessThanOrEqual(PRICE_QUOTE_BYTES_MAX);
  });
});
