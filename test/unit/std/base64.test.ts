import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "../../../src/std/base64.ts";

describe("encodeBase64", () => {
  test.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foobar", "Zm9vYmFy"],
    ["ÿþ?>", "w7/Dvj8+"],
    ["€", "4oKs"],
    ["😀", "8J+YgA=="],
  ])("writes %j in the standard alphabet with padding", (text, encoded) => {
    expect(encodeBase64(text)).toBe(encoded);
  });
});

describe("decodeBase64", () => {
  test("reads back whatever well-formed text was encoded", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(decodeBase64(encodeBase64(text))).toEqual({ ok: true, value: text });
      }),
    );
  });

  test("agrees with Node about what the bytes are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(encodeBase64(text)).toBe(Buffer.from(text).toString("base64"));
      }),
    );
  });

  test("keeps a byte order mark, which no JSON begins with", () => {
    expect(decodeBase64("77u/e30=")).toEqual({ ok: true, value: "\ufeff{}" });
  });

  test.each([
    ["white space between its characters", "Zm9v YmFy"],
    ["white space at its end", "Zm9v\n"],
    ["the URL alphabet's minus", "-_8="],
    ["the URL alphabet's underscore", "_w=="],
    ["a comma, as two joined headers have", "Zm9v,Zm9v"],
    ["a letter beyond ASCII", "Zm9ö"],
    ["padding in its middle", "Zg==Zg=="],
    ["too much padding", "Zm9v="],
    ["a length that no bytes have", "Zm9vY"],
    ["bytes that begin no UTF-8 character", btoa("\xff")],
    ["an overlong form", btoa("\xc0\xaf")],
    ["half of a surrogate pair", btoa("\xed\xa0\x80")],
    ["a character that is cut short", btoa("\xe2\x82")],
  ])("refuses %s", (_, text) => {
    expect(decodeBase64(text)).toEqual({ ok: false, error: "not_base64" });
  });
});
