import fc from "fast-check";
import { bytesToHex, type Hex, hashTypedData, hashDomain as viemDomain, recoverAddress as viemRecover } from "viem";
import { describe, expect, test } from "vitest";
import { hashDomain, hashPermit, hashPermit2Domain, hashTransfer, type Permit } from "../../../src/schemes/eip712.ts";
import { canonicalSignature } from "../../../src/schemes/signature.ts";
import { recoverAddress } from "../../../src/schemes/signer.ts";
import { networks } from "../../../src/x402/index.ts";
import { malleate, newAccount, types } from "../../support/payment.ts";
import { messageOf, PERMIT2, permit2Domain, permit2Types, uptoTypes } from "../../support/permit2-payment.ts";

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value): Hex => bytesToHex(value));
const uint = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
// viem leaves an empty member out of the domain's type; a table has none.
const text = fc.string({ unit: "grapheme", minLength: 1 });
const chainId = fc.integer({ min: 1 });
const domain = fc.record({ name: text, version: text, chainId, verifyingContract: hex(20) });
const message = fc.record({
  from: hex(20),
  to: hex(20),
  value: uint,
  validAfter: uint,
  validBefore: uint,
  nonce: hex(32),
});

const isEvm = ({ network }: { readonly network: string }): boolean => network.startsWith("eip155:");

const ours = ({
  verifyingContract: asset,
  ...rest
}: {
  verifyingContract: string;
  name: string;
  version: string;
  chainId: number;
}) => hashDomain({ ...rest, asset });

describe("what is hashed here is what viem hashes", () => {
  test.each(networks.filter(isEvm).map(({ network, token }) => [network, token] as const))(
    "for the token of %s",
    (network, token) => {
      const chainId = Number(network.split(":")[1]);
      const { name, version, asset: verifyingContract } = token;
      const separator = viemDomain({
        domain: { name, version, chainId: BigInt(chainId), verifyingContract: verifyingContract as Hex },
        types: {
          EIP712Domain: [
            { name: "name", type: "string" },
            { name: "version", type: "string" },
            { name: "chainId", type: "uint256" },
            { name: "verifyingContract", type: "address" },
          ],
        },
      });
      expect(bytesToHex(ours({ name, version, chainId, verifyingContract }))).toBe(separator);
    },
  );

  test("for any domain and any authorization", () => {
    fc.assert(
      fc.property(domain, message, (of, transfer) => {
        const { value, validAfter, validBefore } = transfer;
        const digest = hashTransfer(ours(of), {
          ...transfer,
          value: value.toString(),
          validAfter: validAfter.toString(),
          validBefore: validBefore.toString(),
        });
        const theirs = hashTypedData({
          domain: of,
          types,
          primaryType: "TransferWithAuthorization",
          message: transfer,
        });
        expect(digest && bytesToHex(digest)).toBe(theirs);
      }),
    );
  });

  test.each(["value", "validAfter", "validBefore"])(
    "but a %s that does not fit into 256 bits is hashed to nothing",
    (name) => {
      const transfer = { from: "0x", to: "0x", value: "1", validAfter: "1", validBefore: "1", nonce: "0x" };
      const largest = (2n ** 256n - 1n).toString();
      expect(hashTransfer(new Uint8Array(32), { ...transfer, [name]: largest })).not.toBeNull();
      expect(hashTransfer(new Uint8Array(32), { ...transfer, [name]: (2n ** 256n).toString() })).toBeNull();
    },
  );
});

const decimal = uint.map(String);
const permit = fc.record({
  token: hex(20),
  amount: decimal,
  spender: hex(20),
  nonce: decimal,
  deadline: decimal,
  to: hex(20),
  facilitator: fc.option(hex(20), { freq: 2 }),
  validAfter: decimal,
});

/** What viem hashes, by the types of the specifications. */
const permitHash = (of: Permit, on: number = permit2Domain.chainId): Hex =>
  hashTypedData({
    domain: { ...permit2Domain, chainId: on },
    types: of.facilitator === null ? permit2Types : uptoTypes,
    primaryType: "PermitWitnessTransferFrom",
    message: messageOf(of),
  });

describe("what is hashed here for Permit2 is what viem hashes", () => {
  test("for any network and any authorization", () => {
    fc.assert(
      fc.property(chainId, permit, (on, of) => {
        const digest = hashPermit(hashPermit2Domain(on, PERMIT2), of);
        expect(digest && bytesToHex(digest)).toBe(permitHash(of, on));
      }),
    );
  });

  test.each(["amount", "nonce", "deadline", "validAfter"])(
    "but a %s that does not fit into 256 bits is hashed to nothing",
    (name) => {
      const addresses = { token: "0x", spender: "0x", to: "0x", facilitator: null };
      const of = { ...addresses, amount: "1", nonce: "1", deadline: "1", validAfter: "1" };
      const largest = (2n ** 256n - 1n).toString();
      expect(hashPermit(new Uint8Array(32), { ...of, [name]: largest })).not.toBeNull();
      expect(hashPermit(new Uint8Array(32), { ...of, [name]: (2n ** 256n).toString() })).toBeNull();
    },
  );

  test("and who signed it is who viem says: right, forged, with the higher s, or at random", async () => {
    const account = newAccount();
    const here = hashPermit2Domain(permit2Domain.chainId, PERMIT2);
    const ours = (of: Permit, signature: string): string | null => {
      const [digest, canonical] = [hashPermit(here, of), canonicalSignature(signature)];
      return digest && canonical && recoverAddress(digest, canonical);
    };
    const theirs = async (of: Permit, signature: Hex): Promise<string | null> => {
      const signer = await viemRecover({ hash: permitHash(of), signature }).catch(() => null);
      return signer?.toLowerCase() ?? null;
    };
    await fc.assert(
      fc.asyncProperty(permit, permit, hex(64), async (of, other, random) => {
        const signature = await account.sign({ hash: permitHash(of) });
        expect(ours(of, signature)).toBe(account.address.toLowerCase());
        expect(await theirs(of, signature)).toBe(account.address.toLowerCase());
        expect(ours(other, signature)).toBe(await theirs(other, signature));
        expect(ours(of, `${random}1b`)).toBe(canonicalSignature(`${random}1b`) && (await theirs(of, `${random}1b`)));
        // viem takes the twin too, which here is no payment.
        expect(await theirs(of, malleate(signature) as Hex)).toBe(account.address.toLowerCase());
        expect(ours(of, malleate(signature))).toBeNull();
      }),
      { numRuns: 30 },
    );
  });
});

describe("who signed is who viem says", () => {
  const verdicts = async (digest: Hex, signature: string) => {
    const canonical = canonicalSignature(signature);
    if (canonical === null) return [null, null];
    const bytes = Uint8Array.from(Buffer.from(digest.slice(2), "hex"));
    const theirs = await viemRecover({ hash: digest, signature: canonical }).catch(() => null);
    return [recoverAddress(bytes, canonical), theirs?.toLowerCase() ?? null];
  };

  test("for signatures that are right, forged, or of another message", async () => {
    const account = newAccount();
    await fc.assert(
      fc.asyncProperty(hex(32), hex(32), async (digest, other) => {
        const signature = await account.sign({ hash: digest });
        const [signer, theirs] = await verdicts(digest, signature);
        expect(signer).toBe(account.address.toLowerCase());
        expect(signer).toBe(theirs);
        const [stranger, same] = await verdicts(other, signature);
        expect(stranger).toBe(same);
        expect(await verdicts(digest, malleate(signature))).toEqual([null, null]);
      }),
      { numRuns: 30 },
    );
  });

  test("for any 65 bytes", async () => {
    await fc.assert(
      fc.asyncProperty(hex(32), hex(64), fc.constantFrom("1b", "1c", "00", "01", "02", "1d"), async (digest, rs, v) => {
        const [signer, theirs] = await verdicts(digest, rs + v);
        expect(signer).toBe(theirs);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["zeros", "00".repeat(64)],
    ["an r of the curve's order", `fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141${"11".repeat(32)}`],
    ["an r that is no point", `${"ff".repeat(31)}00${"11".repeat(32)}`],
  ])("for %s: nobody", async (_, rs) => {
    expect((await verdicts(`0x${"12".repeat(32)}`, `0x${rs}1b`))[0]).toBeNull();
  });
});
