import { concatBytes, hexToBytes } from "@noble/hashes/utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeTransaction } from "../../../src/schemes/solana-transaction.ts";
import {
  bytesOf,
  COMPUTE_BUDGET,
  compact,
  type Draft,
  draftOf,
  encodeMessage,
  encodeTransaction,
  FEE_PAYER,
  MEMO,
  newWallet,
  SYSTEM,
  TOKEN,
  USDC,
} from "../../support/solana-payment.ts";

const payer = newWallet(new Uint8Array(32).fill(7));
const draft = draftOf(payer.address, 10_000n);
const encode = (changes: Partial<Draft> = {}): Uint8Array => {
  const changed = { ...draft, ...changes };
  return encodeTransaction(encodeMessage(changed), changed.signers, [payer]);
};
const hex = (address: string): string => Buffer.from(bytesOf(address)).toString("hex");

/** Where the message begins: one byte for two signatures. */
const MESSAGE_AT = 1 + 2 * 64;
const KEYS_AT = MESSAGE_AT + 1 + 3;

const put = (bytes: Uint8Array, at: number, ...values: readonly number[]): Uint8Array => {
  const changed = bytes.slice();
  changed.set(values, at);
  return changed;
};

describe.each(["legacy", 0] as const)("a transaction of version %s", (version) => {
  test("is read to the last byte", () => {
    const bytes = encode({ version });
    const read = decodeTransaction(bytes);
    expect(read?.message).toEqual(bytes.subarray(MESSAGE_AT));
    expect(read?.signatures.map((signature) => signature.length)).toEqual([64, 64]);
    expect(read?.keys.slice(0, 2)).toEqual([hex(FEE_PAYER), hex(payer.address)]);
    expect(read?.hasLookups).toBe(false);
    const programs = read?.instructions.map(({ program }) => read.keys[program]);
    expect(programs).toEqual([COMPUTE_BUDGET, COMPUTE_BUDGET, TOKEN, MEMO].map(hex));
    const [, , transfer] = read?.instructions ?? [];
    expect(transfer?.accounts.map((account) => read?.keys[account])[1]).toBe(hex(USDC));
    expect(transfer?.data[0]).toBe(12);
  });

  test("is none with a byte less, or one more", () => {
    const bytes = encode({ version });
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeTransaction(bytes.subarray(0, length))).toBeNull();
    }
    expect(decodeTransaction(concatBytes(bytes, Uint8Array.of(0)))).toBeNull();
  });
});

test("a number of two bytes is one, in its shortest spelling alone", () => {
  const data = new Uint8Array(200);
  const [first, ...others] = draft.instructions;
  const long = { program: MEMO, accounts: [], data };
  const bytes = encode({ instructions: [...(first ? [first] : []), ...others, long] });
  expect(decodeTransaction(bytes)?.instructions.at(-1)?.data).toHaveLength(200);
  const [low = 0, high = 0] = compact(200);
  const at = bytes.findIndex((byte, i) => i > KEYS_AT && byte === low && bytes[i + 1] === high && bytes[i + 2] === 0);
  const padded = concatBytes(bytes.subarray(0, at), Uint8Array.of(low, high | 0x80, 0), bytes.subarray(at + 2));
  expect(decodeTransaction(padded)).toBeNull();
});

test.each([
  ["a zero of two bytes", "8000"],
  ["a number beyond sixteen bits", "808004"],
  ["a number that goes on", "ffffff01"],
  ["more signatures than there are bytes", "ffff03"],
])("%s is no number of signatures", (_, number) => {
  expect(decodeTransaction(concatBytes(hexToBytes(number), encode().subarray(1)))).toBeNull();
});

describe("what the runtime would not take is none:", () => {
  const bytes = encode();

  test.each<[string, Uint8Array]>([
    ["a version to come", put(bytes, MESSAGE_AT, 0x81)],
    ["a signer more than there are signatures", put(bytes, MESSAGE_AT + 1, 3)],
    ["no signers", put(bytes, MESSAGE_AT + 1, 0, 0)],
    ["a fee payer that cannot be written to", put(bytes, MESSAGE_AT + 2, 2)],
    ["more accounts to be read than there are", put(bytes, MESSAGE_AT + 3, 200)],
    ["an account twice", put(bytes, KEYS_AT + 1 + 64, ...bytesOf(FEE_PAYER))],
  ])("%s", (_, changed) => {
    expect(decodeTransaction(changed)).toBeNull();
  });

  test.each<[string, (keys: number) => Uint8Array]>([
    ["the fee payer as a program", () => Uint8Array.of(0, 0, 0)],
    ["a program that is not there", (keys) => Uint8Array.of(keys, 0, 0)],
    ["an account that is not there", (keys) => Uint8Array.of(2, 1, keys, 0)],
  ])("%s", (_, instruction) => {
    const none = encode({ instructions: [] });
    const keys = none[KEYS_AT] as number;
    const before = none.subarray(0, KEYS_AT + 1 + 32 * keys + 32);
    const withOne = (one: Uint8Array) => concatBytes(before, Uint8Array.of(1), one, Uint8Array.of(0));
    expect(decodeTransaction(withOne(Uint8Array.of(1, 0, 0)))?.instructions).toHaveLength(1);
    expect(decodeTransaction(withOne(instruction(keys)))).toBeNull();
  });

  test("more bytes than a packet has", () => {
    const filled = (length: number) =>
      encode({ instructions: [{ program: MEMO, accounts: [], data: new Uint8Array(length) }] });
    const room = 1232 - filled(200).length + 200;
    expect(decodeTransaction(filled(room))).not.toBeNull();
    expect(decodeTransaction(filled(room + 1))).toBeNull();
  });
});

test("tables of accounts are seen, and what they load may be named", () => {
  const read = decodeTransaction(encode({ lookups: [[SYSTEM, 1, 2]] }));
  expect(read?.hasLookups).toBe(true);
  const keys = read?.keys.length ?? 0;
  const bytes = encode({ lookups: [[SYSTEM, 1, 2]], instructions: [] });
  const at = bytes.length - (1 + 32 + 2 + 3) - 1;
  const naming = (account: number) =>
    concatBytes(bytes.subarray(0, at), Uint8Array.of(1, 1, 1, account, 0), bytes.subarray(at + 1));
  expect(keys).toBeGreaterThan(2);
  expect(decodeTransaction(naming(4))?.instructions[0]?.accounts).toEqual([4]);
  expect(decodeTransaction(naming(5))).toBeNull();
});

test("any bytes are a transaction or none, and nothing is thrown", () => {
  const valid = encode();
  const damaged = fc
    .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 8 })
    .map((changes) => changes.reduce((bytes, [at, value]) => put(bytes, at, value), valid));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 1300 }), damaged), (bytes) => {
      const read = decodeTransaction(bytes);
      if (read === null) return;
      expect(new Set(read.keys).size).toBe(read.keys.length);
      expect(read.signatures.length).toBeLessThanOrEqual(read.keys.length);
    }),
  );
});
