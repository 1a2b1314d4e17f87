// The contracts of the local chain, held against the interfaces that the official packages call.

import { x402ExactPermit2ProxyABI, x402UptoPermit2ProxyABI } from "@x402/evm";
import type { Abi } from "viem";
import { formatAbiItem } from "viem/utils";
import { describe, expect, test } from "vitest";
import contracts from "../../../tools/contracts/contracts.json" with { type: "json" };

/** What stands in the way of a constructor, and of a call from within: neither can happen to a contract that is placed. */
const ELSEWHERE = ["InvalidPermit2Address", "ReentrancyGuardReentrantCall"];

const signaturesOf = (abi: Abi): readonly string[] =>
  abi.flatMap((item) => {
    if (item.type !== "function" && item.type !== "event" && item.type !== "error") return [];
    return ELSEWHERE.includes(item.name) ? [] : `${item.type} ${formatAbiItem(item)}`;
  });

describe.each([
  ["exact", contracts.TestExactPermit2Proxy.abi, x402ExactPermit2ProxyABI],
  ["upto", contracts.TestUptoPermit2Proxy.abi, x402UptoPermit2ProxyABI],
] as const)("the proxy of %s on the local chain", (_, ours, theirs) => {
  test("has the calls, events and errors of x402's, and no others", () => {
    expect(signaturesOf(ours as unknown as Abi).toSorted()).toEqual(signaturesOf(theirs).toSorted());
  });
});
