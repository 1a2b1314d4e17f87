import { describe, expect, test } from "vitest";
import { isSameAddress, isSolana, isTransactionName, readPublicKey } from "../../../src/x402/solana.ts";
import { DEVNET, PAY_TO } from "../../support/solana-payment.ts";

test("its networks are told by their namespace", () => {
  expect([DEVNET, "eip155:8453", "solanas:x", "solana"].map(isSolana)).toEqual([true, false, false, false]);
});

test("an address is 32 bytes in base58", () => {
  expect(readPublicKey(PAY_TO)).toHaveLength(32);
  expect(readPublicKey("1".repeat(32))).toEqual(new Uint8Array(32));
  for (const none of [
    "",
    "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    `${PAY_TO}1`,
    PAY_TO.slice(3),
    "1".repeat(33),
  ]) {
    expect(readPublicKey(none)).toBeNull();
  }
});

test("a transaction's name is 64 bytes in base58", () => {
  expect(isTransactionName("1".repeat(64))).toBe(true);
  for (const none of ["", PAY_TO, "1".repeat(63), "1".repeat(65), `0x${"ab".repeat(32)}`]) {
    expect(isTransactionName(none)).toBe(false);
  }
});

describe("letter case", () => {
  test("tells addresses apart there", () => {
    expect(isSameAddress(DEVNET, PAY_TO, PAY_TO)).toBe(true);
    expect(isSameAddress(DEVNET, PAY_TO, PAY_TO.toLowerCase())).toBe(false);
  });

  test("is a checksum at most elsewhere", () => {
    expect(isSameAddress("eip155:1", "0xAB", "0xab")).toBe(true);
    expect(isSameAddress("eip155:1", "0xAB", "0xac")).toBe(false);
  });
});
