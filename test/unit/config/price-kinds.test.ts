// Which kind of price an object was meant to be, where it is none of them, and what of it belongs elsewhere.

import { describe, expect, test } from "vitest";
import { sentence } from "../../../src/config/index.ts";
import { mistakes, route } from "./table.ts";

const told = (changes: object): readonly string[] => mistakes(changes).map(sentence);
const CHARGES = '{ "upto", "meter" } or { "amount", "asset" }';
const PLAIN = 'write dollars such as "$0.01", "free", "closed"';
const KINDS = `${PLAIN}, { "by", "table" }, { "quote", "max" }, ${CHARGES}`;
const METER = [{ usd: "1", per: "1K", of: "usage.units" }];

describe("an object that is no kind of price is one mistake:", () => {
  test.each<[string, object, string]>([
    ["a word for the price", { usd: "0.01" }, `this is no kind of price; ${KINDS}`],
    ["nothing", {}, `this is no kind of price; ${KINDS}`],
    ["a table by nothing", { table: { x: "$1" } }, `this is no kind of price; ${KINDS}`],
    ["another letter case", { upTo: "$1", meter: METER }, '"upTo" is no key of a price; did you mean "upto"?'],
    ["a letter too much", { quotes: "/quote", max: "$1" }, '"quotes" is no key of a price; did you mean "quote"?'],
    ["a price within", { price: "$1" }, "write the price alone, without an object around it"],
  ])("%s", (_, price, remedy) => {
    expect(told(route({ price }))).toEqual([`routes["/a"].price: ${remedy}`]);
  });

  test("where it stands for a whole route", () => {
    const remedy = '"upTo" is no key of a price; did you mean "upto"?';
    expect(told({ routes: { "/a": { upTo: "$1", meter: METER } } })).toEqual([`routes["/a"]: ${remedy}`]);
  });

  test.each<[string, object, string]>([
    ["a route", { price: "$1", description: "X" }, "write the price alone, without an object around it"],
    ["another table", { by: { query: "n" }, table: { y: "$1" } }, `this is no kind of price; ${PLAIN}, ${CHARGES}`],
    ["nothing of a price", { a: 1 }, `this is no kind of price; ${PLAIN}, ${CHARGES}`],
  ])("as an entry of a table, %s", (_, entry, remedy) => {
    const price = { by: { query: "m" }, table: { x: entry } };
    expect(told(route({ price }))).toEqual([`routes["/a"].price.table.x: ${remedy}`]);
  });
});

describe("what stands on the wrong side of a price is told where it belongs:", () => {
  test("a route's key in a price that stands for the route", () => {
    const metered = { upto: "$1", meter: METER, description: "X", mimeType: "text/plain" };
    expect(told({ routes: { "/a": metered } })).toEqual([
      'routes["/a"].description: this belongs beside the price: { "price": { … }, "description": … }',
      'routes["/a"].mimeType: this belongs beside the price: { "price": { … }, "mimeType": … }',
    ]);
  });

  test("a price's key beside the price", () => {
    const price = { by: { query: "m" }, table: { x: "$1" } };
    expect(told(route({ price, otherwise: "closed" }))).toEqual([
      'routes["/a"].otherwise: this belongs into the price: { "price": { …, "otherwise": … } }',
    ]);
  });
});

describe("where a use stands", () => {
  const at = 'routes["/a"].price.meter[0].of';
  const names = "write names of members alone: nothing here stands for several of them, or for a place in a list";
  test.each<[unknown, string]>([
    [{ measured: "tokens" }, `${at}.measured: write "bytes" or "seconds" (it says "tokens")`],
    [{ header: "x", measured: "bytes" }, `${at}.measured: there is no such key; known are header`],
    [{ query: "x" }, `${at}: write where the use stands in the answer`],
    ["usage.*", `${at}: ${names} (it says "usage.*")`],
    ["$.usage.x", `${at}: ${names} (it says "$.usage.x")`],
    ["choices[0].tokens", `${at}: ${names} (it says "choices[0].tokens")`],
    [["a.b", "*.b"], `${at}[1]: ${names} (it says "*.b")`],
  ])("is one mistake where it is %j", (of, mistake) => {
    const [first = "", ...others] = told(route({ price: { upto: "$1", meter: [{ usd: "1", per: "1", of }] } }));
    expect(first.slice(0, mistake.length)).toBe(mistake);
    expect(others).toEqual([]);
  });

  test("may have such a name as a pointer", () => {
    const meter = [{ usd: "1", per: "1", of: "/usage/*" }];
    expect(told(route({ price: { upto: "$1", meter } }))).toEqual([]);
  });
});
