import fc from "fast-check";
import { type Hex, keccak256 } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { signTransaction } from "../../../src/direct/transaction.ts";
import { openAccount } from "../../../src/schemes/index.ts";

const hex = (min: number, max = min) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((array): Hex => `0x${Buffer.from(array).toString("hex")}`);

test("a transaction is signed as viem's account signs it, to the bit", async () => {
  const transaction = fc.record({
    chainId: fc.integer({ min: 1, max: 2 ** 31 }),
    nonce: fc.oneof(fc.nat({ max: 300 }), fc.nat()),
    to: hex(20),
    data: fc.oneof(fc.constant<Hex>("0x"), hex(1, 400)),
    gas: fc.integer({ min: 21_000, max: 1_000_000 }),
    maxFeePerGas: fc.bigInt({ min: 1n, max: 2n ** 60n }),
    share: fc.nat({ max: 100 }),
  });
  const run = fc.asyncProperty(transaction, async ({ share, maxFeePerGas, gas, ...rest }) => {
    const key = generatePrivateKey();
    const account = openAccount(key);
    if (!account) throw new Error("no key");
    const fees = { maxFeePerGas, maxPriorityFeePerGas: (maxFeePerGas * BigInt(share)) / 100n };
    const theirs = await privateKeyToAccount(key).signTransaction({
      ...rest,
      gas: BigInt(gas),
      ...fees,
      type: "eip1559",
    });
    expect(signTransaction({ ...rest, gas, fees }, account)).toEqual({ raw: theirs, hash: keccak256(theirs) });
  });
  // Often enough that r or s begins with a zero, which is left out.
  await fc.assert(run, { numRuns: 600 });
});
