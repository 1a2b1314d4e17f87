import { DEFAULT_ASSETS } from "@x402/evm";
import { getAddress, type Hex } from "viem";
import { describe, expect, test } from "vitest";
import { findNetwork, networks } from "../../../src/x402/networks.ts";

describe.each(networks.map((row) => [row.network, row] as const))("%s", (network, { names, token }) => {
  test("writes its token's address in EIP-55 form", () => {
    expect(getAddress(token.asset.toLowerCase() as Hex)).toBe(token.asset);
  });

  test("has the token that the official SDK takes for a dollar there", () => {
    const { asset, decimals, name, version } = DEFAULT_ASSETS[network]?.[0] ?? {};
    expect(token).toEqual({ asset, decimals, name, version });
  });

  test("is found by its CAIP-2 name and by each of its others", () => {
    expect([network, ...names].map((name) => findNetwork(name)?.network)).toEqual([
      network,
      ...names.map(() => network),
    ]);
  });
});

test.each(["", "BASE", "base ", "eip155:1", "eip155", "solana"])("does not know %j", (name) => {
  expect(findNetwork(name)).toBeUndefined();
});

test("no name means two networks", () => {
  const names = networks.flatMap(({ network, names }) => [network, ...names]);
  expect(new Set(names).size).toBe(names.length);
});
