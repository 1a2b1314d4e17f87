import { describe, expect, test } from "vitest";
import { type ComputedAccess, offerAt, termsAt } from "../../../src/config/index.ts";
import { sentence } from "../../../src/config/mistake.ts";
import { PRICE_QUOTE_BYTES_MAX } from "../../../src/x402/index.ts";
import { accessOf, EURC, mistakes, paidOf, parsed, route, table } from "./table.ts";

const BY_QUERY = { by: { query: "m" }, table: { small: "$0.01", large: "$0.02" } };
const priced = (price: object, changes: object = {}): object => route({ price, ...changes });

function computedAt(changes: object): ComputedAccess {
  const access = accessOf(parsed(changes), "POST", "/a");
  return access.kind === "computed" ? access : expect.fail(`it is ${access.kind}`);
}

function computedOf(changes: object) {
  const { tariff, mode } = computedAt(changes);
  return tariff.kind === "table" ? { table: tariff.table, mode } : expect.fail("it is quoted");
}

const told = (changes: object): readonly string[] => mistakes(changes).map(sentence);

describe("a price that follows the request", () => {
  test("compiles each entry to an offer of its own, with all that the route says", () => {
    const { table: compiled, mode } = computedOf(
      priced({ ...BY_QUERY, missing: "free", otherwise: "closed" }, { description: "Goods", mode: "observe" }),
    );
    const offers = [...compiled.entries].map(
      ([name, access]) => [name, access.kind === "paid" && access.offer] as const,
    );
    expect(offers).toMatchObject([
      ["small", { price: "$0.01", about: { description: "Goods" }, terms: [{ requirements: { amount: "10000" } }] }],
      ["large", { price: "$0.02", about: { description: "Goods" }, terms: [{ requirements: { amount: "20000" } }] }],
    ]);
    expect([compiled.missing?.kind, compiled.otherwise?.kind, mode]).toEqual(["free", "closed", "observe"]);
  });

  test("compiles entries of one price once", () => {
    const { table: compiled } = computedOf(priced({ by: { query: "m" }, table: { a: "$1", b: "$1", c: "$2" } }));
    expect(new Set(compiled.entries.values()).size).toBe(2);
  });

  test("may stand for a route by itself", () => {
    expect(computedOf({ routes: { "/a": BY_QUERY } }).table.entries.size).toBe(2);
  });

  test("covers what lies below it, and is a barrier", () => {
    const config = parsed({ routes: { "POST /a": BY_QUERY, "/*": "free" } });
    expect(accessOf(config, "POST", "/a/b").kind).toBe("computed");
    expect(config.matcher.match("GET", { hostname: "h", segments: ["a"] })).toMatchObject({
      kind: "method_not_allowed",
    });
  });

  test.each<[unknown, unknown, readonly string[]]>([
    [{ query: "m" }, { kind: "query", name: "m" }, []],
    [{ header: "X-Tier" }, { kind: "header", name: "x-tier" }, []],
    [{ body: "/a~1b/m~0n/~01/0" }, { kind: "body", pointer: ["a/b", "m~n", "~1", "0"] }, []],
    ["jsonrpc", { kind: "jsonrpc" }, []],
    ["mcp", { kind: "mcp", named: new Set(["tools/call"]) }, ["tools/call"]],
  ])("follows %j", (by, selector, methods) => {
    const { table: compiled } = computedOf(priced({ by, table: { "tools/call a b": "$1", list: "$1" } }));
    expect(compiled.selector).toEqual(selector);
    expect(compiled.alike).toEqual(new Set(["tools/callab", "list", ...methods]));
  });

  test("follows the body's length by steps, the smallest first", () => {
    const { table: compiled } = computedOf(priced({ by: "bodyBytes", table: { "1000": "$2", "10": "$1" } }));
    expect(compiled.steps.map(([bytesMax]) => bytesMax)).toEqual([10, 1000]);
    expect(compiled.entries.size).toBe(0);
  });

  test("may be in atomic units", () => {
    const tokens = [{ network: "base-sepolia", asset: EURC, name: "E", version: "1", decimals: 6 }];
    const { table: compiled } = computedOf({
      tokens,
      ...priced({ by: { query: "m" }, table: { a: { amount: "7", asset: EURC } } }),
    });
    const [access] = compiled.entries.values();
    expect(access).toMatchObject({ offer: { price: `7 ${EURC}`, terms: [{ requirements: { amount: "7" } }] } });
  });
});

describe("a mistake in such a price is told with its place:", () => {
  const at = 'routes["/a"].price';

  test.each<[string, object, string]>([
    ["what it follows", { by: "weather" }, `${at}.by: write { "query": "…" }`],
    ["what it follows in two ways", { by: { query: "m", header: "h" } }, `${at}.by: write one of "query", "header"`],
    ["what it follows in no way", { by: {} }, `${at}.by: write one of "query", "header"`],
    ["a key of what it follows", { by: { cookie: "m" } }, `${at}.by.cookie: there is no such key`],
    ["a parameter", { by: { query: "m[]" } }, `${at}.by.query: write a parameter's name`],
    ["a header of the gate's", { by: { header: "X-Forwarded-For" } }, `${at}.by.header: the gate sets or removes`],
    ["a header that does not pass", { by: { header: "Range" } }, `${at}.by.header: Range and If-* do not reach`],
    ["a header that is none", { by: { header: "a b" } }, `${at}.by.header: this is not a header's name`],
    ["a pointer", { by: { body: "size" } }, `${at}.by.body: write a JSON pointer`],
    ["a pointer's escape", { by: { body: "/a~2" } }, `${at}.by.body: write a JSON pointer`],
    ["a pointer to everything", { by: { body: "/" } }, `${at}.by.body: write a JSON pointer`],
    ["a pointer that goes too deep", { by: { body: "/a".repeat(9) } }, `${at}.by.body: write at most 8 levels`],
    ["a table that is none", { table: ["$1"] }, `${at}.table: write an object of values and prices`],
    ["an empty table", { table: {} }, `${at}.table: write at least one entry`],
    ["an empty value", { table: { "": "$1" } }, `${at}.table[""]: write a value before the price`],
    ["a price", { table: { a: "1" } }, `${at}.table.a: write "$1" for so many dollars`],
    ["a price that no token can express", { table: { a: "$0.0000001" } }, `${at}.table.a: USDC has 6 decimals`],
    ["a price of zero", { table: { a: "$1", b: "$0" } }, `${at}.table.b: a price is above zero`],
    ["the rest", { otherwise: "$0.0000001" }, `${at}.otherwise: USDC has 6 decimals`],
    ["what is left out", { missing: true }, `${at}.missing: write "free"`],
    ["a key that nobody knows", { default: "$1" }, `${at}.default: there is no such key`],
    [
      "a step that is no length",
      { by: "bodyBytes", table: { "1 kB": "$1" } },
      `${at}.table["1 kB"]: write the most bytes`,
    ],
    ["what no length lacks", { by: "bodyBytes", table: { "1": "$1" }, missing: "$1" }, `${at}.missing: every request`],
    ["what no message lacks", { by: "mcp", missing: "$1" }, `${at}.missing: every request`],
  ])("%s", (_, changes, sentence) => {
    const [first = "", ...others] = told(priced({ ...BY_QUERY, ...changes }));
    expect(first.slice(0, sentence.length)).toBe(sentence);
    expect(others).toEqual([]);
  });

  test("all of them at once", () => {
    const wrong = { by: { query: "" }, table: { a: "1", b: "$0.0000001" }, otherwise: 7, x: 1 };
    expect(told(priced(wrong)).map((line) => line.split(":")[0])).toEqual(
      ["by.query", "table.a", "otherwise", "x"].map((name) => `${at}.${name}`),
    );
  });

  test("a header that the upstream is told by us, in any spelling", () => {
    const upstream = { url: "https://h.example", headers: { X_Tier: "gold" } };
    const price = { by: { header: "x-tier" }, table: { gold: "$1" } };
    expect(told(priced(price, { upstream }))).toEqual([
      `${at}.by.header: upstream sets this header, whatever a client sends; write another one`,
    ]);
    expect(told({ upstream, ...priced({ ...price, by: { header: "x-other" } }) })).toEqual([]);
  });

  test("a body where there is none", () => {
    const of = (by: unknown, key = "GET /a", changes: object = {}) =>
      told({ routes: { [key]: { price: { by, table: { "1": "$1" } }, ...changes } } });
    for (const by of [{ body: "/a" }, "mcp", "jsonrpc", "bodyBytes"]) {
      expect(of(by)).toEqual(['routes["GET /a"].price.by: GET has no body, and this key names no other method']);
      expect(of(by, "GET,POST /a")).toEqual([]);
    }
    expect(of({ query: "m" })).toEqual([]);
    expect(of({ body: "/a" }, "/a", { websocket: true })).toEqual([
      'routes["/a"].price.by: a WebSocket is opened without a body',
    ]);
    expect(of({ header: "m" }, "/a", { websocket: true })).toEqual([]);
  });

  test("an upstream that is wrong is told once", () => {
    expect(told(priced(BY_QUERY, { upstream: "nobody" }))).toHaveLength(1);
  });

  test("an extension by the name of the one that quotes it", () => {
    const extensions = { "price-quote": { info: {} } };
    expect(told(priced(BY_QUERY, { extensions }))).toEqual([
      'routes["/a"].extensions["price-quote"]: a price that follows the request says this itself; remove it',
    ]);
  });
});

describe("a price that the API names", () => {
  const at = 'routes["/a"].price';
  const QUOTED = { quote: "/quote", max: "$1" };

  test("compiles with its defaults, at the most that a quote may say", () => {
    const { tariff, mode } = computedAt(priced(QUOTED));
    expect(mode).toBe("enforce");
    expect(tariff).toMatchObject({
      ...{ kind: "quoted", path: "/quote", sendsBody: false, timeoutMs: 1000, cacheMs: 0, fallback: null },
      most: { offer: { price: "$1", terms: [{ requirements: { amount: "1000000" } }] } },
    });
  });

  test("compiles with all that it can say, also for a route by itself", () => {
    const own = { ...QUOTED, sendBody: true, timeoutSeconds: 0.1, cacheSeconds: 0.5, fallback: "$1.00" };
    expect(computedAt({ routes: { "/a": own } }).tariff).toMatchObject({
      ...{ sendsBody: true, timeoutMs: 100, cacheMs: 500 },
      fallback: { offer: { price: "$1.00" } },
    });
    expect(computedAt(priced(QUOTED, { mode: "observe", bodyBytesMax: 7 }))).toMatchObject({
      mode: "observe",
      bodyBytesMax: 7,
    });
  });

  test.each<[string, object, string]>([
    ["a path that is none", { quote: "quote" }, `${at}.quote: write a path of your API`],
    ["a path with a query", { quote: "/quote?x" }, `${at}.quote: write a path of your API`],
    ["a path that leads elsewhere", { quote: "/a/../quote" }, `${at}.quote: write a path of your API`],
    ["no most", { max: undefined }, `${at}.max: this key is missing`],
    ["a most that is free", { max: "free" }, `${at}.max: write dollars`],
    ["a most that no token can express", { max: "$0.0000001" }, `${at}.max: USDC has 6 decimals`],
    ["no time", { timeoutSeconds: 0 }, `${at}.timeoutSeconds: write a number of seconds, 0.1 to 30`],
    ["a price for ever", { cacheSeconds: 86_401 }, `${at}.cacheSeconds: write a number of seconds, 0 to 86400`],
    ["a fallback that gives everything away", { fallback: "free" }, `${at}.fallback: write dollars`],
    ["a fallback that no token can express", { fallback: "$0.0000001" }, `${at}.fallback: USDC has 6 decimals`],
    ["a fallback above the most", { fallback: "$1.01" }, `${at}.fallback: this is more than max`],
    ["a key of another price", { table: { a: "$1" } }, `${at}.table: there is no such key`],
  ])("is a mistake with %s", (_, changes, sentence) => {
    // As JSON has it, where nothing is undefined.
    const [first = "", ...others] = told(JSON.parse(JSON.stringify(priced({ ...QUOTED, ...changes }))));
    expect(first.slice(0, sentence.length)).toBe(sentence);
    expect(others).toEqual([]);
  });

  test("is a mistake with a body where there is none", () => {
    expect(told(priced({ ...QUOTED, sendBody: true }, { websocket: true }))).toEqual([
      `${at}.sendBody: a WebSocket is opened without a body`,
    ]);
    expect(told({ routes: { "GET /a": { price: { ...QUOTED, sendBody: true } } } })).toEqual([
      'routes["GET /a"].price.sendBody: GET has no body, and this key names no other method',
    ]);
    expect(told({ routes: { "GET /a": { price: QUOTED } } })).toEqual([]);
  });
});

test("its challenge has room for what it quotes", () => {
  const sizes = (price: unknown): readonly string[] => {
    const found: string[] = [];
    for (let length = 0; length <= 300; length += 10) {
      const extensions = { big: { info: { text: "x".repeat(700 + length) } } };
      found.push(
        ...told({ ...table, extensions, routes: { "/a": { price, description: "d" } } }).map(() => String(length)),
      );
    }
    return found;
  };
  const plain = Number(sizes("$1")[0] ?? 310);
  const computed = Number(sizes(BY_QUERY)[0] ?? 310);
  expect(computed).toBeLessThan(plain);
  expect(PRICE_QUOTE_BYTES_MAX).toBeGreaterThan(300);
});

describe("an offer at another price", () => {
  const offerOf = (changes: object) => paidOf(parsed(changes)).offer;
  const amounts = (terms: ReturnType<typeof termsAt>) => terms?.map(({ requirements }) => requirements.amount);
  const tokens = [{ network: "base-sepolia", asset: EURC, name: "E", version: "1", decimals: 8, dollar: true }];

  test("asks it in each way to pay", () => {
    const offer = offerOf({
      tokens,
      ...route({ accepts: ["base-sepolia", { network: "base-sepolia", asset: EURC }] }),
    });
    expect(amounts(termsAt(offer, "$0.5"))).toEqual(["500000", "50000000"]);
    expect(amounts(termsAt(offer, "$0.0000005"))).toEqual(["50"]);
    expect(offerAt(offer, "$0.0000005")).toBeNull();
    expect(amounts(termsAt(offer, `7 ${EURC}`))).toEqual(["7"]);
    expect(termsAt(offer, "$0.000000005")).toBeNull();
    expect(offerAt(offer, "$0")).toBeNull();
  });

  test("is the one that the table would make of it", () => {
    for (const changes of [{}, { settle: "before" }, { settle: "async", maxUnsettled: "$9", description: "d" }]) {
      const at = (price: string) => offerOf({ maxUnsettled: "$9", ...route({ ...changes, price }) });
      expect(offerAt(at("$1"), "$0.5")).toEqual(at("$0.5"));
    }
    const mixed = (price: string) =>
      paidOf(parsed({ routes: { "/a": price, "/b": { price: "$1", settle: "async", maxUnsettled: "$1" } } })).offer;
    expect(mixed("$1").upfront).not.toBeNull();
    expect(offerAt(mixed("$1"), "$0.5")).toEqual(mixed("$0.5"));
  });
});
