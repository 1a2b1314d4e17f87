import { secp256k1 } from "@noble/curves/secp256k1";
import { bytesToHex, hexToBytes } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { openAccount } from "../../../src/schemes/index.ts";

const hex = (value: bigint): string => `0x${value.toString(16).padStart(64, "0")}`;
const ORDER = secp256k1.CURVE.n;

test("an account has the address that viem gives it, and signs what viem signs, to the bit", async () => {
  for (let i = 0; i < 30; i++) {
    const key = generatePrivateKey();
    const account = openAccount(key);
    const theirs = privateKeyToAccount(key);
    const digest = crypto.getRandomValues(new Uint8Array(32));
    expect(account?.address).toBe(theirs.address);
    const { r, s, yParity } = account?.sign(digest) ?? {};
    expect(`${r}${s?.slice(2)}${yParity === 0 ? "1b" : "1c"}`).toBe(await theirs.sign({ hash: bytesToHex(digest) }));
  }
});

test.each([
  ["in capitals", (key: string) => `0x${key.slice(2).toUpperCase()}`],
  ["without 0x", (key: string) => key.slice(2)],
])("a key may be written %s", (_, spell) => {
  const key = generatePrivateKey();
  expect(openAccount(spell(key))?.address).toBe(privateKeyToAccount(key).address);
});

test.each([
  ["nothing", ""],
  ["a word", "secret"],
  ["a byte too short", generatePrivateKey().slice(0, -2)],
  ["a byte too long", `${generatePrivateKey()}00`],
  ["zero", hex(0n)],
  ["the curve's order", hex(ORDER)],
  ["more than the curve's order", hex(2n ** 256n - 1n)],
])("no account has a key that is %s", (_, key) => {
  expect(openAccount(key)).toBeNull();
});

test("the least and the greatest key are keys", () => {
  for (const key of [hex(1n), hex(ORDER - 1n)] as `0x${string}`[]) {
    expect(openAccount(key)?.address).toBe(privateKeyToAccount(key).address);
  }
});

test("an account does not tell its key to who prints it", () => {
  const key = generatePrivateKey();
  const account = openAccount(key);
  expect(JSON.stringify(account)).not.toContain(key.slice(2, 20));
  expect(Object.keys(account ?? {})).toEqual(["address", "sign"]);
  expect(hexToBytes(key)).toHaveLength(32);
});
