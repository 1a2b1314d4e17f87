import fc from "fast-check";
import { type Hex, keccak256, parseGwei, parseTransaction, recoverAddress, serializeTransaction, toRlp } from "viem";
import { describe, expect, test } from "vitest";
import { readTransaction } from "../../../src/schemes/signed-transaction.ts";
import { ASSET, newAccount } from "../../support/payment.ts";

const account = newAccount();
const fees = { gas: 70_000n, maxFeePerGas: parseGwei("1"), maxPriorityFeePerGas: 1n };
const usual = {
  type: "eip1559",
  chainId: 84532,
  to: ASSET as Hex,
  data: "0x095ea7b3" as Hex,
  nonce: 7,
  ...fees,
} as const;
const signed = await account.signTransaction(usual);
const bytesOf = (hex: string): string => hex.slice(2);

describe("a signed transaction of EIP-1559", () => {
  test("tells who called whom with what, on which chain", async () => {
    const { digest, signature, ...call } = readTransaction(signed) ?? expect.fail();
    expect(call).toEqual({ chainId: 84532n, to: ASSET.toLowerCase(), data: "0x095ea7b3" });
    expect(await recoverAddress({ hash: digest, signature: signature as Hex })).toBe(account.address);
  });

  test("is read as viem reads it, whatever stands in it", async () => {
    const hex = (length: { minLength?: number; maxLength: number }) =>
      fc.uint8Array(length).map((bytes): Hex => `0x${Buffer.from(bytes).toString("hex")}`);
    const word = hex({ minLength: 32, maxLength: 32 });
    const address = hex({ minLength: 20, maxLength: 20 });
    const transactions = fc.record({
      chainId: fc.integer({ min: 1, max: 2 ** 40 }),
      nonce: fc.nat(),
      // Around each length at which RLP writes another head.
      data: fc.oneof(hex({ maxLength: 60 }), hex({ minLength: 240, maxLength: 300 }), hex({ maxLength: 9000 })),
      value: fc.bigInt({ min: 0n, max: 2n ** 255n }),
      accessList: fc.array(fc.record({ address, storageKeys: fc.array(word, { maxLength: 3 }) }), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(transactions, async (changes) => {
        const transaction = { ...usual, ...changes };
        const raw = await account.signTransaction(transaction);
        const { chainId, data = "0x" } = parseTransaction(raw);
        const read = readTransaction(raw);
        expect(read).toMatchObject({ chainId: BigInt(chainId as number), to: ASSET.toLowerCase(), data });
        const unsigned = keccak256(serializeTransaction(transaction));
        expect(`0x${Buffer.from(read?.digest ?? []).toString("hex")}`).toBe(unsigned);
      }),
      { numRuns: 100 },
    );
  });

  test("is read in upper case too", () => {
    expect(readTransaction(`0x${bytesOf(signed).toUpperCase()}`)).toEqual(readTransaction(signed));
  });
});

describe("what is no such transaction is not read:", () => {
  const items = (changes: { readonly [index: number]: unknown }, count = 12): string => {
    const word = `0x${"11".repeat(32)}`;
    const fields: unknown[] = ["0x01", "0x", "0x01", "0x01", "0x01", ASSET, "0x", "0x", [], "0x", word, word, "0x01"];
    for (const [index, value] of Object.entries(changes)) fields[Number(index)] = value;
    return `0x02${bytesOf(toRlp(fields.slice(0, count) as Hex[]))}`;
  };

  test("the form from which the others differ is one", () => {
    expect(readTransaction(items({}))).not.toBeNull();
  });

  test.each<[string, string]>([
    ["a text", "nonsense"],
    ["nothing", "0x"],
    ["half a byte", `${signed}0`],
    ["its type alone", "0x02"],
    ["another type", `0x01${bytesOf(signed).slice(2)}`],
    ["a text of RLP", "0x0283010203"],
    ["one with bytes behind it", `${signed}00`],
    ["one that is cut off", signed.slice(0, -2)],
    ["one whose list is longer than the bytes that there are", "0x02f8"],
    ["one whose length takes more bytes than there are", "0x02ff0000"],
    ["one whose item is longer than its list", "0x02c283ff"],
    ["one without its signature", serializeTransaction(usual)],
    ["one with an item too many", items({}, 13)],
    ["one with more items than anybody wants", `0x02f8ff${"01".repeat(255)}`],
    ["one whose parity is neither", items({ 9: "0x02" })],
    ["one whose parity is written with a zero", items({ 9: "0x00" })],
    ["one whose r is longer than a word", items({ 10: `0x${"11".repeat(33)}` })],
    ["one whose s is in the upper half", items({ 11: `0x${"ff".repeat(32)}` })],
  ])("%s", (_, text) => {
    expect(readTransaction(text)).toBeNull();
  });

  test("any bytes at all, and none of them throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(readTransaction(`0x02${Buffer.from(bytes).toString("hex")}`)).toBeNull();
      }),
    );
  });
});
