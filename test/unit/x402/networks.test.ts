import { DEFAULT_ASSETS } from "@x402/evm";
import { getAddress, type Hex } from "viem";
import { describe, expect, test } from "vitest";
import { findNetwork, networks } from "../../../src/x402/networks.ts";

describe.each(networks.map((row) => [row.network, row] as const))("%s", (network, { names, token }) => {
  test("writes its token's address in EIP-55 form", () => {
    expect(getAddress(token.asset.toLowerCase() as Hex)).toBe(token.asset);
  });

  test("is found by its CAIP-2 name and by each of its others", () => {
    expect([network, ...names].map((name) => findNetwork(name)?.network)).toEqual([
      network,
      ...names.map(() => network),
    ]);
  });
});

test.each(["", "BASE", "base ", "eip155:2", "eip155", "solana"])("does not know %j", (name) => {
  expect(findNetwork(name)).toBeUndefined();
});

test("no name means two networks", () => {
  const names = networks.flatMap(({ network, names }) => [network, ...names]);
  expect(new Set(names).size).toBe(names.length);
});

/** Circle's own list of contracts is the source of these; the SDK has no default there. */
const NOT_IN_THE_SDK = ["eip155:11155111", "eip155:80002", "eip155:10", "eip155:43113"];

test("every token that the official SDK takes for a dollar and pays by EIP-3009 is here, to the letter", () => {
  const theirs = Object.entries(DEFAULT_ASSETS).flatMap(([network, [first]]) => {
    if (!first || first.assetTransferMethod !== undefined) return [];
    const { asset, decimals, name, version } = first;
    return [[network, { asset, decimals, name, version, dollar: true, assetTransferMethod: "eip3009" }] as const];
  });
  const ours = new Map(networks.map(({ network, token }) => [network, token]));
  for (const network of NOT_IN_THE_SDK) expect(ours.delete(network)).toBe(true);
  expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
});
