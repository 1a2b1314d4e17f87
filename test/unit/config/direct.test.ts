// An account of the seller's own in the place of a facilitator, as a table says it.

import { describe, expect, test } from "vitest";
import { mistakes, parsed } from "./table.ts";

const KEY = "{{RELAYER_KEY}}";
const RPC = "https://rpc.example/{{RPC_KEY}}";
const own = (direct: object, table: object = {}) => ({ accepts: ["base"], facilitators: [{ direct }], ...table });

describe("an account of one's own", () => {
  test("settles on the table's only network, as it is usually done", () => {
    expect(parsed(own({ key: KEY, rpc: RPC })).facilitators).toEqual([
      {
        kind: "direct",
        network: "eip155:8453",
        urls: [RPC],
        key: KEY,
        confirmations: 1,
        maxFeeGwei: 100,
        verifyTimeoutMs: 5000,
        settleTimeoutMs: 20_000,
      },
    ]);
  });

  test("takes what is written of it, and the RPC of the table where it names none", () => {
    const direct = { key: KEY, network: "base", confirmations: 3, maxFeeGwei: 0.05 };
    const rpc = { "eip155:8453": ["https://a.example", "https://b.example"] };
    const table = {
      accepts: ["base", "base-sepolia"],
      rpc,
      facilitators: [{ direct, settleTimeoutSeconds: 60 }, "https://f.example"],
    };
    expect(parsed(table).facilitators).toMatchObject([
      {
        kind: "direct",
        urls: ["https://a.example", "https://b.example"],
        confirmations: 3,
        maxFeeGwei: 0.05,
        settleTimeoutMs: 60_000,
      },
      { kind: "http" },
    ]);
  });

  test("names who is asked about its chain, where the table names nobody", () => {
    expect([...parsed(own({ key: KEY, rpc: RPC })).rpc]).toEqual([["eip155:8453", [RPC]]]);
    const others = { base: "https://other.example" };
    expect([...parsed(own({ key: KEY, rpc: RPC }, { rpc: others })).rpc]).toEqual([
      ["eip155:8453", ["https://other.example"]],
    ]);
  });

  test("is who settlements above verifyAbove are looked for by, where it settles the route", () => {
    const direct = { key: KEY, rpc: RPC, network: "base" };
    expect(mistakes(own(direct, { verifyAbove: "$1" }))).toEqual([]);
    const remedy = "rpc names nobody to ask about polygon; add it there, or remove this";
    expect(mistakes(own(direct, { verifyAbove: "$1", accepts: ["base", "polygon"] }))).toContainEqual({
      path: "verifyAbove",
      remedy,
    });
    const routes = { "/a": { price: "$1", facilitators: ["https://f.example"], verifyAbove: "$0" } };
    expect(mistakes(own(direct, { routes }))).toEqual([
      { path: 'routes["/a"].verifyAbove', remedy: remedy.replace("polygon", "base") },
    ]);
    expect(mistakes(own(direct, { routes, rpc: { base: RPC } }))).toEqual([]);
  });

  test("has no key that is repeated, wherever it was written", () => {
    const key = `0x${"12".repeat(32)}`;
    const direct = { key: KEY, rpc: RPC };
    for (const table of [
      { facilitators: [key] },
      { facilitators: key },
      { facilitators: [{ url: key }] },
      { payTo: key },
      // With a few digits lost, or something around it.
      { payTo: key.slice(0, -3) },
      { facilitators: [`https://f.example/?key=${key}`] },
      { upstream: `RELAYER_KEY=${key}` },
      { accepts: [`the key of my relayer, which stands here by mistake, is ${key}`] },
      // Where a name was asked for.
      { [key]: 1 },
      { rpc: { [key]: "https://rpc.example" } },
      { routes: { [key]: "$1" } },
      { routes: { "/a": { price: "$1", [key.slice(2)]: 1 } } },
      { upstream: "none", upstreams: { [`k${key}`]: "https://h.example" } },
      own({ ...direct, [key]: 1 }),
      own({ ...direct, key: `{{${key}}}` }),
      own({ ...direct, key: `{{ABC_${key.slice(2)}}}` }),
    ]) {
      const told = mistakes(table);
      expect(told.length, JSON.stringify(table)).toBeGreaterThan(0);
      expect(JSON.stringify(told)).not.toContain("1212");
    }
  });

  const hint = 'write a URL, or an object with "url" or "direct"';
  test.each<[string, object, string, string]>([
    ["without its key", own({ rpc: RPC }), ".direct.key", "this key is missing"],
    [
      "whose key stands in the file",
      own({ key: `0x${"12".repeat(32)}`, rpc: RPC }),
      ".direct.key",
      "write a secret's name such as {{RELAYER_KEY}}; no key belongs into this file",
    ],
    ["without an RPC", own({ key: KEY }), ".direct.rpc", "write an RPC of base here, or in the table's rpc"],
    [
      "of several networks",
      own({ key: KEY, rpc: RPC }, { accepts: ["base", "polygon"] }),
      ".direct.network",
      "write which network it settles on",
    ],
    [
      "of a network that is none",
      own({ key: KEY, rpc: RPC, network: "mars" }),
      ".direct.network",
      '"mars" is not a network that is known here; describe its token in tokens',
    ],
    ["beside a URL", { facilitators: [{ url: "https://f.example", direct: { key: KEY, rpc: RPC } }] }, "", hint],
    [
      "that tells who asks",
      { accepts: ["base"], facilitators: [{ direct: { key: KEY, rpc: RPC }, auth: { bearer: "{{B}}" } }] },
      "",
      "what settles here asks nobody; remove auth",
    ],
    [
      "with a fee of nothing",
      own({ key: KEY, rpc: RPC, maxFeeGwei: 0 }),
      ".direct.maxFeeGwei",
      "write a number of gwei above zero",
    ],
  ])("is a mistake %s", (_, table, place, remedy) => {
    expect(mistakes(table)).toContainEqual({ path: `facilitators[0]${place}`, remedy });
  });

  test("settles in one way on a network, whatever route it settles for", () => {
    const direct = { key: KEY, rpc: RPC };
    const remedy = "one key stands twice for base and in two ways; write one";
    const withRoute = (facilitators: readonly object[]) =>
      mistakes(own(direct, { routes: { "/dear": { price: "$1", facilitators } } }));
    expect(withRoute([{ direct: { ...direct, confirmations: 9 } }])).toEqual([{ path: "facilitators", remedy }]);
    expect(withRoute([{ direct: { ...direct, key: "{{ RELAYER_KEY }}" } }])).toEqual([
      { path: "facilitators", remedy },
    ]);
    expect(withRoute([{ direct }])).toEqual([]);
    expect(withRoute([{ direct: { ...direct, key: "{{OTHER_KEY}}", confirmations: 9 } }])).toEqual([]);
  });

  test("alone leaves what it cannot settle to nobody, which is a mistake", () => {
    const direct = { key: KEY, rpc: RPC, network: "base" };
    const remedy = "none of them settles USDC on base-sepolia by eip3009; add one that does";
    const table = { accepts: ["base", "base-sepolia"], facilitators: [{ direct }] };
    expect(mistakes(table)).toEqual([{ path: "facilitators", remedy }]);
    expect(mistakes({ ...table, facilitators: [{ direct }, "https://f.example"] })).toEqual([]);
    const permit2 = { accepts: [{ network: "base", assetTransferMethod: "permit2" }], facilitators: [{ direct }] };
    expect(mistakes(permit2)).toEqual([
      { path: "facilitators", remedy: "none of them settles USD Coin on base by permit2; add one that does" },
    ]);
  });
});
