import { DEFAULT_ASSETS } from "@x402/evm";
import { getAddress, type Hex } from "viem";
import { describe, expect, test } from "vitest";
import { findNetwork, networks } from "../../../src/x402/networks.ts";
import { isSolana, readPublicKey } from "../../../src/x402/solana.ts";

describe.each(networks.map((row) => [row.network, row] as const))("%s", (network, { names, token }) => {
  test("writes its token's address in the one form that it has there", () => {
    if (isSolana(network)) expect(readPublicKey(token.asset)).toHaveLength(32);
    else expect(getAddress(token.asset.toLowerCase() as Hex)).toBe(token.asset);
  });

  test("is found by its CAIP-2 name and by each of its others", () => {
    expect([network, ...names].map((name) => findNetwork(name)?.network)).toEqual([
      network,
      ...names.map(() => network),
    ]);
  });
});

test.each(["", "BASE", "base ", "eip155:2", "eip155", "Solana", "solana:mainnet"])("does not know %j", (name) => {
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
  const evm = networks.filter(({ network }) => !isSolana(network));
  const ours = new Map(evm.map(({ network, token }) => [network, token]));
  for (const network of NOT_IN_THE_SDK) expect(ours.delete(network)).toBe(true);
  expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
});

test("on Solana a price in dollars means USDC, as its issuer lists it and the official SDK takes it", () => {
  const usdc = { decimals: 6, name: "USDC", version: "", dollar: true };
  const moved = { assetTransferMethod: "transferChecked", tokenProgram: "spl-token" };
  expect(networks.filter(({ network }) => isSolana(network))).toEqual([
    {
      network: "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
      names: ["solana"],
      v1Name: "solana",
      token: { asset: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", ...usdc, ...moved },
    },
    {
      network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
      names: ["solana-devnet"],
      v1Name: "solana-devnet",
      token: { asset: "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU", ...usdc, ...moved },
    },
  ]);
});
