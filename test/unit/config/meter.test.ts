// A price that follows use.

import { describe, expect, test } from "vitest";
import { mistakes, paidOf, parsed, route } from "./table.ts";

const METER = [
  { usd: "0.15", per: "1M", of: "usage.prompt_tokens" },
  { usd: "0.60", per: "1M", of: ["usage.completion_tokens", "/usage/output"], optional: true },
];
const PRICE = { upto: "$0.05", meter: METER };
const priced = (changes: object = {}) => ({ price: { ...PRICE, ...changes } });
const missingHint =
  'write "minimum", "maximum" or "nothing", or one for each reason: { "left": "maximum", "otherwise": "minimum" }';
const offerOf = (value: unknown) => paidOf(parsed({ routes: { "/a": value } })).offer;

describe("a price that follows use", () => {
  test("is a meter, and what a call costs at most", () => {
    const { meter, terms } = offerOf(priced({ min: "$0.0001", fixed: "$0.001", includeUsage: true }));
    expect(meter).toEqual({
      rates: [
        {
          title: "usage.prompt_tokens at $0.15/1M",
          source: { kind: "answer", paths: [["usage", "prompt_tokens"]] },
          dollars: { digits: 15n, scale: 8 },
          isOptional: false,
        },
        {
          title: "usage.completion_tokens at $0.60/1M",
          source: {
            kind: "answer",
            paths: [
              ["usage", "completion_tokens"],
              ["usage", "output"],
            ],
          },
          dollars: { digits: 60n, scale: 8 },
          isOptional: true,
        },
      ],
      fixed: { digits: 1n, scale: 3 },
      min: { digits: 1n, scale: 4 },
      includeUsage: true,
      receiptComment: false,
      onMissingUsage: { left: "maximum", otherwise: "minimum" },
    });
    expect(terms.map(({ requirements }) => requirements)).toMatchObject([{ scheme: "upto", amount: "50000" }]);
  });

  test.each<[unknown, object, string]>([
    [{ header: "X-Rows" }, { kind: "header", name: "X-Rows" }, "X-Rows at $1/1"],
    [{ measured: "bytes" }, { kind: "bytes" }, "bytes at $1/1"],
    [{ measured: "seconds" }, { kind: "seconds" }, "seconds at $1/1"],
  ])("may follow %j", (of, source, title) => {
    expect(offerOf(priced({ meter: [{ usd: "1", per: "1", of }] })).meter?.rates).toMatchObject([{ source, title }]);
  });

  test.each<[unknown, object]>([
    ["nothing", { left: "nothing", otherwise: "nothing" }],
    [{ left: "minimum" }, { left: "minimum", otherwise: "minimum" }],
    [{ otherwise: "nothing" }, { left: "maximum", otherwise: "nothing" }],
  ])("says what a use costs that is missing: %j", (onMissingUsage, rule) => {
    expect(offerOf(priced({ onMissingUsage })).meter?.onMissingUsage).toEqual(rule);
  });

  test("may stand for a whole route", () => {
    expect(offerOf(PRICE).meter).toEqual(offerOf(priced()).meter);
  });

  test("has no meter where it is known before", () => {
    expect(offerOf("$1").meter).toBeNull();
  });

  test("is settled when its use is known, whatever the table says, and nobody is asked to pay it first", () => {
    for (const settle of ["before", "async"]) {
      const config = parsed({ settle, maxUnsettled: "$1", routes: { "/a": priced() } });
      expect(paidOf(config).offer).toMatchObject({ settle: "async", upfront: null });
    }
  });
});

const at = 'routes["/a"]';
const ofHint =
  'write where the use stands in the answer, such as "usage.total_tokens", or { "header": "x-rows" }, { "measured": "bytes" } or { "measured": "seconds" }';
const perHint = 'write "1", "1K", "1M" or "1B", or ten or a hundred of one of them';

describe("a mistake in it is told", () => {
  test.each<[object, string, string]>([
    [priced({ upto: "0.05" }), "price.upto", 'write dollars such as "$0.05" (it says "0.05")'],
    [
      priced({ upto: "$0" }),
      "price.upto",
      'a price is above zero; write "free" where nothing is to be paid (it says "$0")',
    ],
    [
      priced({ upto: "$0.0000001" }),
      "price.upto",
      'USDC has 6 decimals; write at most that many (it says "$0.0000001")',
    ],
    [
      priced({ meter: [] }),
      "price.meter",
      "write at least one rate; a call whose price is known has that as its price",
    ],
    [
      priced({ meter: [{ usd: "$1", per: "1", of: "a" }] }),
      "price.meter[0].usd",
      'write dollars without a sign, such as "0.60" (it says "$1")',
    ],
    [priced({ meter: [{ usd: "1", per: "5", of: "a" }] }), "price.meter[0].per", `${perHint} (it says "5")`],
    [priced({ meter: [{ usd: "1", per: "1", of: "a..b" }] }), "price.meter[0].of", `${ofHint} (it says "a..b")`],
    [priced({ meter: [{ usd: "1", per: "1", of: [] }] }), "price.meter[0].of", ofHint],
    [priced({ onMissingUsage: "free" }), "price.onMissingUsage", `${missingHint} (it says "free")`],
    [priced({ onMissingUsage: { left: "free" } }), "price.onMissingUsage.left", `${missingHint} (it says "free")`],
    [priced({ min: "1" }), "price.min", 'write dollars such as "$0.05" (it says "1")'],
  ])("%j", (value, path, remedy) => {
    expect(mistakes({ routes: { "/a": value } })).toEqual([{ path: `${at}.${path}`, remedy }]);
  });

  test.each<[object, string, string]>([
    [{ settle: "after" }, "settle", "remove this: what is charged by use is settled when the use is known"],
    [{ ranges: true }, "ranges", "remove this: a part of an answer does not say what the whole has used"],
  ])("%j", (changes, path, remedy) => {
    expect(mistakes(route({ ...priced(), ...changes }))).toEqual([{ path: `${at}.${path}`, remedy }]);
  });

  test("where a way to pay moves no less than was signed", () => {
    const accepts = [{ network: "base-sepolia", assetTransferMethod: "eip3009" }];
    const remedy = 'what is charged by use is moved by Permit2; leave "eip3009" out of accepts for base-sepolia';
    expect(mistakes(route({ ...priced(), accepts }))).toEqual([{ path: `${at}.price`, remedy }]);
  });

  test.each(["min", "fixed"])("where every call would cost more than the most: %s", (key) => {
    expect(mistakes(route(priced({ [key]: "$0.050001" })))).toEqual([
      {
        path: `${at}.price.${key}`,
        remedy: 'this is more than upto lets a call cost; write at most that (it says "$0.050001")',
      },
    ]);
    expect(mistakes(route(priced({ [key]: "$0.050000" })))).toEqual([]);
  });
});

describe("the account of a facilitator that buyers sign for", () => {
  const account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
  const settledBy = (facilitator: object) => ({ facilitators: [facilitator] });
  const url = "https://f.example";

  test("may be written in any letter case, and is kept in one", () => {
    const { facilitators } = parsed(settledBy({ url, facilitatorAddress: account.toLowerCase() }));
    expect(facilitators).toMatchObject([{ facilitatorAddress: account, feePayer: null }]);
    expect(parsed().facilitators).toMatchObject([{ facilitatorAddress: null }]);
  });

  test.each<[string, object, string, string]>([
    [
      "is no address",
      { url, facilitatorAddress: "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4" },
      "facilitators[0].facilitatorAddress",
      "write 0x and 40 hex digits",
    ],
    [
      "is the gate's own",
      { direct: { key: "{{K}}", network: "base", rpc: "https://r.example" }, facilitatorAddress: account },
      "facilitators[0]",
      "what settles here takes neither upto nor Solana; remove facilitatorAddress",
    ],
  ])("is a mistake where it %s", (_, facilitator, path, remedy) => {
    expect(mistakes(settledBy(facilitator))).toMatchObject([{ path, remedy: expect.stringContaining(remedy) }]);
  });
});
