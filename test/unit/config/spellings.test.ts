import { describe, expect, test } from "vitest";
import { mistakes, parsed } from "./table.ts";

const placeOf = (key: string): string => `routes[${JSON.stringify(key)}]`;
const told = (routes: { readonly [key: string]: unknown }): readonly (readonly [string, string])[] =>
  mistakes({ routes }).map(({ path, remedy }) => [path, remedy]);

const open = (price: string, ...allowances: readonly string[]) => ({
  price,
  ...Object.fromEntries(allowances.map((allowance) => [allowance, true])),
});
const ALL = ["allowEncodedSlash", "allowSemicolon", "allowDoubleSlash"];

describe("a route may let spellings through", () => {
  test.each<[string, { readonly [key: string]: unknown }]>([
    ["with a price", { "/a": open("$1", ...ALL) }],
    ["with a star", { "/a/*": open("free", ...ALL) }],
    ["beside a route of its own path", { "/a/*": open("free", ...ALL), "/a": "$1" }],
    ["beside another method", { "GET /a/*": open("free", ...ALL), "POST /a/*": "$1" }],
    ["below a less specific route", { "/a/*": open("free", ...ALL), "/*": "$1" }],
    ["beside a host that has all of it", { "/a/*": open("free", ...ALL), "h.example/*": "$1" }],
    [
      "where it says that it does not, whatever lies there",
      { "/a/*": { price: "free", allowEncodedSlash: false }, "/a/b": "$1" },
    ],
  ])("%s", (_, routes) => {
    expect(told(routes)).toEqual([]);
  });

  test("and says so once it is compiled", () => {
    const { routes, matcher } = parsed({ routes: { "/a/*": open("free", "allowSemicolon"), "/b": "$1" } });
    expect(routes.map(({ allows }) => [...allows])).toEqual([["allowSemicolon"], []]);
    expect([...matcher.allows]).toEqual(["allowSemicolon"]);
  });
});

describe("a route that lets a spelling through is a mistake", () => {
  const remedy = (allowed: string, key: string): string =>
    `what ${allowed} lets through here could mean "${key}" to your API; remove one of them`;
  const about = "this is about what lies below the key, which it does not cover;";

  test.each<[string, { readonly [key: string]: unknown }, readonly (readonly [string, string])[]]>([
    [
      "where another route has a part of what lies below it",
      { "/a/*": open("free", "allowEncodedSlash"), "/a/b/c": "$1" },
      [[placeOf("/a/*"), remedy("allowEncodedSlash", "/a/b/c")]],
    ],
    [
      "once for each such route",
      { "/a/*": open("free", "allowEncodedSlash", "allowDoubleSlash"), "/a/b": "free", "POST /a/c": "closed" },
      [
        [placeOf("/a/*"), remedy("allowEncodedSlash and allowDoubleSlash", "/a/b")],
        [placeOf("/a/*"), remedy("allowEncodedSlash and allowDoubleSlash", "POST /a/c")],
      ],
    ],
    [
      "where a part of it has a host of its own",
      { "/a/*": open("$1", "allowSemicolon"), "h.example/a/b": "free" },
      [[placeOf("/a/*"), remedy("allowSemicolon", "h.example/a/b")]],
    ],
    [
      "where it is free and names its path alone",
      { "/a": open("free", "allowSemicolon") },
      [[`${placeOf("/a")}.allowSemicolon`, `${about} end the key in "/*"`]],
    ],
    [
      "where it is exact",
      { "/a": { ...open("$1", "allowDoubleSlash"), exact: true } },
      [[`${placeOf("/a")}.allowDoubleSlash`, `${about} remove "exact"`]],
    ],
    [
      "where it is closed",
      { "/a/*": open("closed", ...ALL) },
      ALL.map((name) => [`${placeOf("/a/*")}.${name}`, "a route that is closed does not use this; remove it"]),
    ],
    [
      "where it does not say a price",
      { "/a/*": { allowSemicolon: true } },
      [[`${placeOf("/a/*")}.price`, "this key is missing"]],
    ],
    [
      "where it says so otherwise than with true or false",
      { "/a/*": { price: "free", allowEncodedSlash: "yes" } },
      [[`${placeOf("/a/*")}.allowEncodedSlash`, 'write true or false (it says "yes")']],
    ],
  ])("%s", (_, routes, expected) => {
    expect(told(routes)).toEqual(expected);
  });
});

const cased = (price: string) => ({ price, caseSensitive: true });

describe("keys that differ in letter case", () => {
  const choose = 'keep one, or let both say "caseSensitive": true';
  test.each<[string, { readonly [key: string]: unknown }, readonly (readonly [string, string])[]]>([
    ["stand beside each other where each says so", { "/r/A": cased("$1"), "/r/a": cased("free") }, []],
    ["stand beside each other as three", { "/r/AB": cased("$1"), "/r/Ab": cased("$2"), "/r/ab": cased("free") }, []],
    ["stand above a less specific one", { "/r/A": cased("$1"), "/r/a": cased("free"), "/r/*": "free" }, []],
    [
      "are one where only one says so",
      { "/r/A": cased("$1"), "/r/a": "free" },
      [[placeOf("/r/a"), `"/r/A" already stands for these requests; ${choose}`]],
    ],
    [
      "are one where they do not differ",
      { "/r/A": cased("$1"), "/r/%41": cased("free") },
      [[placeOf("/r/%41"), '"/r/A" already stands for these requests; keep one']],
    ],
    [
      "are two places where they share a part alone",
      { "/R/*": cased("$1"), "/r/a": "free" },
      [[placeOf("/R/*"), '"/r/a" writes a name of this key in another letter case; write both alike']],
    ],
    [
      "are told of once for each that says so",
      { "/R/*": cased("$1"), "/r/a": cased("free") },
      [
        [placeOf("/R/*"), '"/r/a" writes a name of this key in another letter case; write both alike'],
        [placeOf("/r/a"), '"/R/*" writes a name of this key in another letter case; write both alike'],
      ],
    ],
    [
      "are two places on a host and on every one",
      { "h.example/R": cased("$1"), "/r": cased("free") },
      [
        [placeOf("h.example/R"), '"/r" writes a name of this key in another letter case; write both alike'],
        [placeOf("/r"), '"h.example/R" writes a name of this key in another letter case; write both alike'],
      ],
    ],
    [
      "have a letter case",
      { "/:id/7": cased("free") },
      [[`${placeOf("/:id/7")}.caseSensitive`, "no name in this key has a letter case; remove this"]],
    ],
    [
      "are not closed",
      { "/r": cased("closed") },
      [[`${placeOf("/r")}.caseSensitive`, "a route that is closed does not use this; remove it"]],
    ],
  ])("%s", (_, routes, expected) => {
    expect(told(routes)).toEqual(expected);
  });
});
