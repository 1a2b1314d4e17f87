import { x402ExactPermit2ProxyABI } from "@x402/evm";
import { type Abi, keccak256, toFunctionSelector, toHex } from "viem";
import { describe, expect, test } from "vitest";
import {
  AUTHORIZATION_CANCELED,
  AUTHORIZATION_STATE,
  AUTHORIZATION_USED,
  NONCE_BITMAP,
  parseValue,
  SETTLE,
  SETTLE_PART,
  SETTLE_PART_WITH_PERMIT,
  SETTLE_WITH_PERMIT,
  TOKEN_TRANSFERS,
  TRANSFER,
  UNORDERED_NONCE_INVALIDATION,
} from "../../../src/chain/events.ts";
import { addressWord, parseQuantity, parseWord, toQuantity, wordAddress } from "../../../src/chain/hex.ts";
import contracts from "../../../tools/contracts/contracts.json" with { type: "json" };

test.each([
  ["Transfer(address,address,uint256)", TRANSFER],
  ["AuthorizationUsed(address,bytes32)", AUTHORIZATION_USED],
  ["AuthorizationCanceled(address,bytes32)", AUTHORIZATION_CANCELED],
  ["UnorderedNonceInvalidation(address,uint256,uint256)", UNORDERED_NONCE_INVALIDATION],
])("the topic of %s is the hash of its signature", (signature, topic) => {
  expect(topic).toBe(keccak256(toHex(signature)));
});

const PERMIT = "((address,uint256),uint256,uint256),address,(address,uint256),bytes";
const MAXIMUM = "((address,uint256),uint256,uint256),uint256,address,(address,address,uint256),bytes";
test.each([
  ["authorizationState(address,bytes32)", AUTHORIZATION_STATE],
  ["nonceBitmap(address,uint256)", NONCE_BITMAP],
  [`settle(${PERMIT})`, SETTLE],
  [`settleWithPermit((uint256,uint256,bytes32,bytes32,uint8),${PERMIT})`, SETTLE_WITH_PERMIT],
  [`settle(${MAXIMUM})`, SETTLE_PART],
  [`settleWithPermit((uint256,uint256,bytes32,bytes32,uint8),${MAXIMUM})`, SETTLE_PART_WITH_PERMIT],
])("the selector of %s is the beginning of its signature's hash", (signature, selector) => {
  expect(selector).toBe(toFunctionSelector(signature));
});

const AUTHORIZED = "address,address,uint256,uint256,uint256,bytes32";
test("a token moves from one to another by transferFrom and EIP-3009's functions", () => {
  const signatures = ["uint8,bytes32,bytes32", "bytes"].flatMap((signed) =>
    ["transfer", "receive"].map((verb) => `${verb}WithAuthorization(${AUTHORIZED},${signed})`),
  );
  const selectors = ["transferFrom(address,address,uint256)", ...signatures].map(toFunctionSelector);
  expect([...TOKEN_TRANSFERS].sort()).toEqual(selectors.sort());
});

test("x402's proxy and the contract in its place on test chains have the functions that the reference calls", () => {
  const reference = toFunctions(x402ExactPermit2ProxyABI);
  expect(reference).toMatchObject({ settle: SETTLE, settleWithPermit: SETTLE_WITH_PERMIT });
  expect(toFunctions(contracts.TestExactPermit2Proxy.abi as Abi)).toEqual(reference);
});

/** Selectors by name. */
const toFunctions = (abi: Abi): object =>
  Object.fromEntries(abi.flatMap((one) => (one.type === "function" ? [[one.name, toFunctionSelector(one)]] : [])));

describe("what an RPC writes in hexadecimal", () => {
  test.each([
    ["0x0", 0],
    ["0x1b4", 436],
    ["0x00ff", 255],
    ["0x1fffffffffffff", Number.MAX_SAFE_INTEGER],
  ])("reads %s as a number", (text, number) => {
    expect(parseQuantity(text)).toBe(number);
    expect(parseQuantity(toQuantity(number))).toBe(number);
  });

  test.each([
    ["a number", 7],
    ["nothing", undefined],
    ["no digits", "0x"],
    ["decimal digits", "12"],
    ["what cannot be counted with", "0x20000000000000"],
    ["a sign", "-0x1"],
    ["a line's end", "0x1\n"],
  ])("refuses %s as a quantity", (_, value) => {
    expect(parseQuantity(value)).toBeNull();
  });

  test.each([
    ["a short word", "0xab"],
    ["a long one", `0x${"ab".repeat(33)}`],
    ["other letters", `0x${"zz".repeat(32)}`],
    ["an array", [`0x${"ab".repeat(32)}`]],
  ])("refuses %s as 32 bytes", (_, value) => {
    expect(parseWord(value)).toBeNull();
  });

  test("an address comes back from its topic in lower case", () => {
    const address = "0x857b06519E91e3A54538791bDbb0E22373e36b66";
    expect(wordAddress(addressWord(address))).toBe(address.toLowerCase());
    expect(parseWord(addressWord(address))).toBe(addressWord(address));
  });

  test.each(["0x", "0x01", `0x${"00".repeat(64)}`])("data of another length than one word has no value: %s", (data) => {
    expect(parseValue(data)).toBeNull();
  });
});
