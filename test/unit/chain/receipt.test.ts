import { describe, expect, test } from "vitest";
import { parseLogs, parseReceipt } from "../../../src/chain/receipt.ts";
import { mined, OTHER_NONCE, type RawLog, TRANSACTION, transfer, used } from "../../support/token-logs.ts";

const receipt = mined([used(), transfer()]);
const [first, second] = receipt.logs as readonly [RawLog, RawLog];

test("reads a receipt with its logs", () => {
  const read = parseReceipt(receipt, TRANSACTION);
  expect(read).toMatchObject({ transaction: TRANSACTION, succeeded: true });
  expect(read?.logs.map(({ logIndex, blockNumber }) => [logIndex, blockNumber])).toEqual([
    [3, 5000],
    [4, 5000],
  ]);
});

test("reads letters of either case as the same", () => {
  const loud = { ...first, transactionHash: TRANSACTION.replaceAll("a", "A"), data: "0xAB" };
  expect(parseLogs([loud])).toMatchObject([
    { transaction: TRANSACTION, data: "0xab", address: first.address.toLowerCase() },
  ]);
});

test("tells a reverted transaction from one that succeeded", () => {
  expect(parseReceipt({ ...receipt, status: "0x0", logs: [] }, TRANSACTION)?.succeeded).toBe(false);
});

test("puts logs into the chain's order", () => {
  const later = { ...first, blockNumber: "0x1389" };
  expect(parseLogs([later, second, first])?.map(({ blockNumber, logIndex }) => [blockNumber, logIndex])).toEqual([
    [5000, 3],
    [5000, 4],
    [5001, 3],
  ]);
});

describe("does not take for a receipt", () => {
  test.each([
    ["nothing", null],
    ["a word", "0x1"],
    ["a list", [receipt]],
    ["another transaction's", { ...receipt, transactionHash: OTHER_NONCE }],
    ["one of no block", { ...receipt, blockHash: null }],
    ["one without a status", { ...receipt, status: undefined }],
    ["one of a status that there is not", { ...receipt, status: "0x2" }],
    ["one with a boolean for a status", { ...receipt, status: true }],
    ["one without logs", { ...receipt, logs: null }],
    ["one with another transaction's log", { ...receipt, logs: [{ ...first, transactionHash: OTHER_NONCE }] }],
    ["one with another block's log", { ...receipt, logs: [{ ...first, blockHash: OTHER_NONCE }] }],
  ])("%s", (_, value) => {
    expect(parseReceipt(value, TRANSACTION)).toBeNull();
  });
});

describe("does not take for logs", () => {
  test.each([
    ["nothing", null],
    ["an object", { 0: first, length: 1 }],
    ["a list with nothing in it but null", [null]],
    ["one that comes twice", [first, first]],
    ["two in one place", [first, { ...second, logIndex: first.logIndex }]],
    ["one of a block that was dropped", [{ ...first, removed: true }]],
    ["one of a pending block", [{ ...first, blockNumber: null }]],
    ["one without a place", [{ ...first, logIndex: undefined }]],
    ["one of nobody", [{ ...first, address: "0x1" }]],
    ["one of a list of addresses", [{ ...first, address: [first.address] }]],
    ["one whose data is no bytes", [{ ...first, data: "0x123" }]],
    ["one without data", [{ ...first, data: null }]],
    ["one without topics", [{ ...first, topics: null }]],
    ["one with five topics", [{ ...first, topics: [1, 2, 3, 4, 5].map(() => OTHER_NONCE) }]],
    ["one with a short topic", [{ ...first, topics: ["0x01"] }]],
    ["one without a transaction", [{ ...first, transactionHash: undefined }]],
    ["one without a block", [{ ...first, blockHash: "latest" }]],
  ])("%s", (_, value) => {
    expect(parseLogs(value)).toBeNull();
  });
});
