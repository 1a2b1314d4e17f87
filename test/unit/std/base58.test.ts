import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase58, encodeBase58 } from "../../../src/std/base58.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

// The draft's own vectors, and the address of Solana's system program.
test.each([
  [utf8("Hello World!"), "2NEpo7TZRRrLZSi2U"],
  [
    utf8("The quick brown fox jumps over the lazy dog."),
    "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
  ],
  [Uint8Array.of(0, 0, 0x28, 0x7f, 0xb4, 0xcd), "11233QC4"],
  [new Uint8Array(32), "1".repeat(32)],
  [new Uint8Array(), ""],
])("bytes %# are written as one number, after their zeros", (bytes, text) => {
  expect(encodeBase58(bytes)).toBe(text);
  expect(decodeBase58(text)).toEqual(bytes);
});

test("whatever is written is read", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(decodeBase58(encodeBase58(bytes))).toEqual(bytes);
    }),
  );
});

test.each(["0", "O", "I", "l", "abc ", "é", "+", "1".repeat(91)])("%j is none", (text) => {
  expect(decodeBase58(text)).toBeNull();
});
