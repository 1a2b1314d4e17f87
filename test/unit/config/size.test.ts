// Large tables, and tables with much wrong in them.

import { describe, expect, test } from "vitest";
import { parseConfig, sentence } from "../../../src/config/index.ts";
import { ALICE, BASE_USDC, paidOf, parsed } from "./table.ts";

describe("a table of ten thousand routes", () => {
  const keyOf = (i: number): string => `GET /v1/things-${i}/:id/parts`;
  test.each<[string, (i: number) => unknown]>([
    ["with a price alone", () => "$0.001"],
    [
      "with words of their own",
      (i) => ({ price: "$0.001", description: `Thing ${i}`, payTo: ALICE, chargeOn: ["2xx"] }),
    ],
  ])("compiles %s, and the last one is found", (title, wordsOf) => {
    const routes = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [keyOf(i), wordsOf(i)]));
    const startedMs = performance.now();
    const config = parsed({ routes });
    console.log(`10,000 routes ${title}: ${(performance.now() - startedMs).toFixed(0)} ms`);
    expect(config.routes).toHaveLength(10_000);
    expect(paidOf(config, "/v1/things-9999/x/parts")).toBe(config.routes.at(-1)?.access);
    expect(config.upstreams).toHaveLength(1);
    expect(config.facilitators).toHaveLength(1);
  });

  test("reads once what routes say alike, so that an isolate starts with what they say apart", () => {
    const prices = ["$0.001", "$0.002", "free", { price: "$0.003", description: "Goods" }];
    const routes = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [keyOf(i), prices[i % 4]]));
    expect(new Set(parsed({ routes }).routes.map(({ access }) => access)).size).toBe(prices.length);
  });
});

test("a table with thirty mistakes is refused with thirty sentences, each with its own place or remedy", () => {
  const config = parseConfig({
    colour: "red",
    upstream: { url: "ftp://h", timeoutSeconds: 0, headers: { Host: "h" }, host: "A.example" },
    upstreams: { main: "main", "a:b": "https://a.example" },
    payTo: "0x1",
    accepts: ["base", "base", "mars"],
    tokens: [
      { network: "base", asset: BASE_USDC, name: "USD Coin", version: "2", decimals: 6 },
      { network: "mars", asset: ALICE, name: "Mars", version: "1", decimals: 6 },
    ],
    facilitators: ["http://h"],
    routes: {
      a: "free",
      "GET/b": "free",
      "/.faregate/x": "closed",
      "/c": "1",
      "/d": { price: "$0" },
      "/e": { price: "$1", upstream: "none", maxTimeoutSeconds: 0 },
      "/f": { price: { amount: "01", asset: BASE_USDC } },
      "/g": { price: { amount: "1", asset: ALICE }, accepts: ["base"], prize: 1 },
      "/h": { price: "free", payTo: ALICE },
      "/h/": "closed",
      "/i/*": { price: "closed", exact: true },
    },
    unmatched: "open",
    hosts: ["A.example"],
    bufferBytesMax: null,
    prefix: "/a/b/",
    extensions: { "sign-in-with-x": {} },
  });
  const told = config.ok ? [] : config.error;
  expect(told.map(({ path }) => path).sort()).toEqual(
    [
      "colour",
      "upstream.url",
      "upstream.timeoutSeconds",
      "upstream.headers.Host",
      "upstream.host",
      "upstreams.main",
      'upstreams["a:b"]',
      "payTo",
      "accepts[1]",
      "accepts[2]",
      "tokens[0].asset",
      "tokens[1].network",
      "facilitators[0]",
      "routes.a",
      'routes["GET/b"]',
      'routes["/c"]',
      'routes["/d"].price',
      'routes["/e"].upstream',
      'routes["/e"].maxTimeoutSeconds',
      'routes["/f"].price.amount',
      'routes["/g"].price.asset',
      'routes["/g"].prize',
      'routes["/h"].payTo',
      'routes["/h/"]',
      'routes["/i/*"].exact',
      "unmatched",
      "hosts[0]",
      "bufferBytesMax",
      "prefix",
      'extensions["sign-in-with-x"]',
    ].sort(),
  );
  expect(new Set(told.map(sentence)).size).toBe(30);
});
