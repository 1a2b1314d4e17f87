import { describe, expect, test } from "vitest";
import { isSignedBy } from "../../../src/schemes/index.ts";
import { newAccount, withLowV } from "../../support/payment.ts";

const account = newAccount();
const text = "Deliver what I paid for at https://api.example.com\nPayment: x\nUntil: 1";
const signature = await account.signMessage({ message: text });

describe("a sentence is signed by an account", () => {
  test.each<[string, string, string]>([
    ["in the usual form", account.address, signature],
    ["whose address is in lower case", account.address.toLowerCase(), signature],
    ["in upper case", account.address, `0x${signature.slice(2).toUpperCase()}`],
    ["with v as 0 or 1", account.address, withLowV(signature)],
  ])("%s", async (_, address, signed) => {
    expect(await isSignedBy(address, text, signed)).toBe(true);
  });
});

describe("a sentence is not signed", () => {
  test.each<[string, string, string, string]>([
    ["by somebody else", newAccount().address, text, signature],
    ["where another was", account.address, `${text}0`, signature],
    ["by a half signature", account.address, text, signature.slice(0, 80)],
    ["by a longer one", account.address, text, `${signature}00`],
    ["by nothing", account.address, text, ""],
    ["by what is no hexadecimal", account.address, text, `0x${"zz".repeat(65)}`],
    ["by zeros", account.address, text, `0x${"00".repeat(65)}`],
    ["by ones that lie on no curve", account.address, text, `0x${"ff".repeat(64)}1b`],
    ["for an address that is none", "0x12", text, signature],
    ["for no address", "", text, signature],
  ])("%s", async (_, address, message, signed) => {
    expect(await isSignedBy(address, message, signed)).toBe(false);
  });
});
