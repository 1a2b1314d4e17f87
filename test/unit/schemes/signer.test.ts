import { secp256k1 } from "@noble/curves/secp256k1";
import fc from "fast-check";
import { bytesToHex, hexToBytes, recoverAddress as recoverWithViem } from "viem";
import { describe, expect, test } from "vitest";
import { recoverAddress } from "../../../src/schemes/signer.ts";
import { malleate, newAccount } from "../../support/payment.ts";

const ORDER = secp256k1.CURVE.n;

/** What viem says, which throws where no key made the signature. */
const usual = async (digest: Uint8Array, signature: string): Promise<string | null> => {
  try {
    const hash = bytesToHex(digest);
    return (await recoverWithViem({ hash, signature: signature as `0x${string}` })).toLowerCase();
  } catch {
    return null;
  }
};

const hex = (value: bigint): string => value.toString(16).padStart(64, "0");
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const v = fc.constantFrom("1b", "1c");

describe("who signed is who viem says", () => {
  test("of what an account signs, and of its twin with the higher s", async () => {
    for (let i = 0; i < 20; i++) {
      const account = newAccount();
      const digest = crypto.getRandomValues(new Uint8Array(32));
      const signature = await account.sign({ hash: bytesToHex(digest) });
      for (const spelling of [signature, malleate(signature)]) {
        expect(recoverAddress(digest, spelling)).toBe(account.address.toLowerCase());
        expect(await usual(digest, spelling)).toBe(account.address.toLowerCase());
      }
    }
  });

  test("of what was changed in one bit", async () => {
    const account = newAccount();
    const digest = crypto.getRandomValues(new Uint8Array(32));
    const signature = await account.sign({ hash: bytesToHex(digest) });
    const bits = fc.record({ of: fc.constantFrom("digest", "signature"), bit: fc.nat(511) });
    await fc.assert(
      fc.asyncProperty(bits, async ({ of, bit }) => {
        const changed = Uint8Array.from(of === "digest" ? digest : hexToBytes(signature).subarray(0, 64));
        const byte = (bit >> 3) % changed.length;
        changed[byte] = (changed[byte] ?? 0) ^ (1 << (bit & 7));
        const [seen, spelt] =
          of === "digest" ? [changed, signature] : [digest, bytesToHex(changed) + signature.slice(130)];
        const address = recoverAddress(seen, spelt);
        expect(address).not.toBe(account.address.toLowerCase());
        expect(address).toBe(await usual(seen, spelt));
      }),
      { numRuns: 200 },
    );
  });

  test("of anything that has the length of a signature", async () => {
    await fc.assert(
      fc.asyncProperty(bytes32, bytes32, bytes32, v, async (digest, r, s, end) => {
        const signature = `${bytesToHex(r)}${bytesToHex(s).slice(2)}${end}`;
        expect(recoverAddress(digest, signature)).toBe(await usual(digest, signature));
      }),
      { numRuns: 300 },
    );
  });

  const edges = [0n, 1n, 2n, ORDER / 2n, ORDER / 2n + 1n, ORDER - 1n, ORDER, ORDER + 1n, 2n ** 256n - 1n];
  const digests = [0n, 1n, ORDER - 1n, ORDER, 2n ** 256n - 1n].map((value) => hexToBytes(`0x${hex(value)}`));
  const twos = edges.flatMap((r) => edges.map((s) => [hex(r), hex(s)] as const));
  test.each(["1b", "1c"])("of numbers at the edges of the curve's order (v is %s)", async (end) => {
    const found: (string | null)[] = [];
    for (const digest of digests) {
      for (const [r, s] of twos) {
        const signature = `0x${r}${s}${end}`;
        const address = recoverAddress(digest, signature);
        expect([signature, address]).toEqual([signature, await usual(digest, signature)]);
        found.push(address);
      }
    }
    expect(found.filter((address) => address === null).length).toBeGreaterThan(digests.length * 10);
    expect(found.filter((address) => address !== null).length).toBeGreaterThan(digests.length * 10);
  });

  test("of numbers that come to the point at infinity, which is nobody's key, and of what is signed after them", async () => {
    const account = newAccount();
    for (let i = 0; i < 20; i++) {
      // With k = 1 the point R is the curve's base, and s R - z G is nothing where s is z.
      const digest = hexToBytes(`0x${hex(BigInt(i + 1))}`);
      const { x, y } = secp256k1.ProjectivePoint.BASE.toAffine();
      const signature = `0x${hex(x)}${hex(BigInt(i + 1))}${y % 2n === 0n ? "1b" : "1c"}`;
      expect(recoverAddress(digest, signature)).toBeNull();
      expect(await usual(digest, signature)).toBeNull();
      const signed = await account.sign({ hash: bytesToHex(digest) });
      expect(recoverAddress(digest, signed)).toBe(account.address.toLowerCase());
    }
  });
});
