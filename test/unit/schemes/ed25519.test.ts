import { ed25519 } from "@noble/curves/ed25519";
import { concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils";
import { describe, expect, test } from "vitest";
import { isOnCurve, isSigned } from "../../../src/schemes/ed25519.ts";

const secret = new Uint8Array(32).fill(7);
const key = ed25519.getPublicKey(secret);
const message = utf8ToBytes("what a payer signs");
const signature = ed25519.sign(message, secret);

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
const bytesOf = (number: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(number.toString(16).padStart(64, "0"), "hex")).reverse();

describe("a signature", () => {
  test("is its key's over its message", () => {
    expect(isSigned(signature, message, key)).toBe(true);
  });

  test("of RFC 8032 is one (section 7.1, test 3)", () => {
    const [rfcSignature, rfcKey] = [
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    ];
    expect(isSigned(hexToBytes(rfcSignature), hexToBytes("af82"), hexToBytes(rfcKey))).toBe(true);
  });

  test.each<[string, Uint8Array, Uint8Array, Uint8Array]>([
    ["of another key", signature, message, ed25519.getPublicKey(new Uint8Array(32).fill(8))],
    ["of another message", signature, utf8ToBytes("what a payer signe"), key],
    ["that is empty", new Uint8Array(64), message, key],
    ["under a key that is no point", signature, message, bytesOf(2n)],
    ["under a key beyond the field's prime", signature, message, new Uint8Array(32).fill(0xff)],
    [
      "whose number is written beyond the order",
      concatBytes(signature.subarray(0, 32), bytesOf(numberOf(signature.subarray(32)) + ORDER)),
      message,
      key,
    ],
  ])("%s is none", (_, given, over, by) => {
    expect(isSigned(given, over, by)).toBe(false);
  });

  // Such keys' signatures fit any message: whoever writes one need know no secret.
  test.each([
    ["the neutral element", "0100000000000000000000000000000000000000000000000000000000000000"],
    ["the point of order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
    ["a point of order 4", "0000000000000000000000000000000000000000000000000000000000000000"],
    ["a point of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"],
  ])("under %s is none, whatever it says", (_, point) => {
    const small = hexToBytes(point);
    for (const r of [small, bytesOf(1n), key]) {
      for (const s of [0n, 1n, ORDER - 1n]) {
        expect(isSigned(concatBytes(r, bytesOf(s)), message, small)).toBe(false);
      }
    }
  });
});

test("a key is on the curve, and half of all other bytes are not", () => {
  expect(isOnCurve(key)).toBe(true);
  const others = Array.from({ length: 64 }, (_, i) => isOnCurve(bytesOf(BigInt(i + 2) ** 40n)));
  expect(others).toContain(true);
  expect(others).toContain(false);
});
