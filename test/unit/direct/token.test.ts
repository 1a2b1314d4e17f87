import fc from "fast-check";
import { encodeFunctionData, type Hex, parseAbi } from "viem";
import { expect, test } from "vitest";
import type { Order } from "../../../src/direct/order.ts";
import { balanceData, isSameTransfer, stateData, transferData, transferIn } from "../../../src/direct/token.ts";

const abi = parseAbi([
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)",
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)",
  "function balanceOf(address owner) view returns (uint256)",
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
]);

const bytes = (min: number, max = min) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((array) => `0x${Buffer.from(array).toString("hex")}`);
const uint = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
const order = (signature: fc.Arbitrary<string>): fc.Arbitrary<Order> =>
  fc
    .record({
      payer: bytes(20),
      payTo: bytes(20),
      nonce: bytes(32),
      signature,
      amount: uint,
      validAfter: uint,
      validBefore: uint,
    })
    .map((signed) => ({ ...signed, asset: signed.payTo, network: "eip155:1", chainId: 1 }) as unknown as Order);

const argsOf = ({ payer, payTo, amount, validAfter, validBefore, nonce }: Order) =>
  [payer as Hex, payTo as Hex, amount, validAfter, validBefore, nonce as Hex] as const;

test("an account's signature is sent as v, r and s, as viem encodes it", () => {
  const signature = fc.tuple(bytes(64), fc.constantFrom("1b", "1c")).map(([rs, v]) => rs + v);
  const run = fc.property(order(signature), (one) => {
    const { signature: whole } = one;
    const [r, s] = [whole.slice(0, 66) as Hex, `0x${whole.slice(66, 130)}` as Hex];
    const v = Number.parseInt(whole.slice(130), 16);
    const args = [...argsOf(one), v, r, s] as const;
    expect(transferData(one)).toBe(encodeFunctionData({ abi, functionName: "transferWithAuthorization", args }));
  });
  fc.assert(run, { numRuns: 100 });
});

test("one of another length is sent as bytes, as viem encodes it", () => {
  const signature = bytes(1, 200).filter((text) => text.length !== 132);
  const run = fc.property(order(signature), (one) => {
    const args = [...argsOf(one), one.signature as Hex] as const;
    expect(transferData(one)).toBe(encodeFunctionData({ abi, functionName: "transferWithAuthorization", args }));
  });
  fc.assert(run, { numRuns: 200 });
});

test("letter case is left behind", () => {
  fc.assert(
    fc.property(order(bytes(65)), (one) => {
      const loud = Object.fromEntries(
        Object.entries(one).map(([key, value]) => [key, typeof value === "string" ? shout(value) : value]),
      ) as unknown as Order;
      expect(transferData(loud)).toBe(transferData(one));
    }),
    { numRuns: 20 },
  );
});

const shout = (hex: string): string => `0x${hex.slice(2).toUpperCase()}`;

test("what is asked about the payer is what viem asks", () => {
  fc.assert(
    fc.property(order(bytes(65)), (one) => {
      const { payer, nonce } = one as { payer: Hex; nonce: Hex };
      const state = { abi, functionName: "authorizationState", args: [payer, nonce] } as const;
      expect(balanceData(one)).toBe(encodeFunctionData({ abi, functionName: "balanceOf", args: [payer] }));
      expect(stateData(one)).toBe(encodeFunctionData(state));
    }),
    { numRuns: 20 },
  );
});

test("what a call is for can be read from it", () => {
  fc.assert(
    fc.property(order(fc.oneof(bytes(65), bytes(100))), (one) => {
      const { payer, payTo, amount, validBefore, nonce } = one;
      const [from, to, word] = [payer, payTo, nonce].map((hex) => hex.toLowerCase());
      expect(transferIn(transferData(one))).toEqual({ payer: from, payTo: to, amount, validBefore, nonce: word });
    }),
    { numRuns: 50 },
  );
});

test("two calls are one transfer where all but the signature is the same", () => {
  fc.assert(
    fc.property(order(bytes(65)), order(bytes(100)), (one, other) => {
      const data = transferData(one);
      expect(isSameTransfer(data, transferData({ ...one, signature: other.signature }))).toBe(true);
      for (const part of ["payer", "payTo", "amount", "validAfter", "validBefore", "nonce"] as const) {
        const isSame = String(one[part]) === String(other[part]);
        expect(isSameTransfer(data, transferData({ ...one, [part]: other[part] }))).toBe(isSame);
      }
    }),
    { numRuns: 50 },
  );
});
