import { describe, expect, test } from "vitest";
import { canonicalSignature, isAccountLong } from "../../../src/schemes/signature.ts";

const R = "ab".repeat(32);
/** Half of secp256k1's order, as EIP-2 has it. */
const HALF = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";
const OVER_HALF = HALF.replace(/0$/, "1");

describe("an account's signature has one spelling", () => {
  test.each([
    ["s of exactly half the order", `0x${R}${HALF}1b`, `0x${R}${HALF}1b`],
    ["v as 0", `0x${R}${HALF}00`, `0x${R}${HALF}1b`],
    ["v as 1", `0x${R}${HALF}01`, `0x${R}${HALF}1c`],
    ["v as 28", `0x${R}${HALF}1c`, `0x${R}${HALF}1c`],
    ["upper case", `0x${R.toUpperCase()}${HALF.toUpperCase()}1B`, `0x${R}${HALF}1b`],
  ])("with %s", (_, text, canonical) => {
    expect(canonicalSignature(text)).toBe(canonical);
  });

  test.each([
    ["s of more than half the order", `0x${R}${OVER_HALF}1b`],
    ["v as 2", `0x${R}${HALF}02`],
    ["v as 26", `0x${R}${HALF}1a`],
    ["v as 29", `0x${R}${HALF}1d`],
    ["v as 255", `0x${R}${HALF}ff`],
    ["a byte less", `0x${R}${HALF}`],
    ["a byte more", `0x${R}${HALF}1b1b`],
    ["no prefix", `${R}${HALF}1b`],
  ])("and none with %s", (_, text) => {
    expect(canonicalSignature(text)).toBeNull();
  });

  test("and 65 bytes, whatever they say", () => {
    expect(isAccountLong(`0x${R}${OVER_HALF}ff`)).toBe(true);
    expect(isAccountLong(`0x${R}${HALF}`)).toBe(false);
  });
});
