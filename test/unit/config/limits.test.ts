import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { atomicOf, microsOf } from "../../../src/config/index.ts";
import { ALICE, mistakes, paidOf, parsed, route } from "./table.ts";

const DAY_MS = 86_400_000;
const limitsOf = (changes: object = route({}), url = "/a") => paidOf(parsed(changes), url).offer.limits;

describe("millionths of a token", () => {
  test.each<[string, bigint, number, bigint]>([
    ["six decimals", 1_500_000n, 6, 1_500_000n],
    ["eighteen", 1n, 18, 1_000_000_000_000n],
    ["thirty-six", 1n, 36, 10n ** 30n],
    ["two, rounded down", 19_999n, 2, 1n],
    ["none, rounded down", 1_999_999n, 0, 1n],
    ["none, where they are less than one", 999_999n, 0, 0n],
  ])("are atomic units of a token with %s", (_, micros, decimals, atomic) => {
    expect(atomicOf(micros, decimals)).toBe(atomic);
  });

  test.each<[string, bigint, number, bigint]>([
    ["six decimals", 1_500_000n, 6, 1_500_000n],
    ["eighteen, rounded up", 1n, 18, 1n],
    ["eighteen", 10n ** 18n, 18, 1_000_000n],
    ["eighteen, where a little is left over", 10n ** 18n + 1n, 18, 1_000_001n],
    ["none", 3n, 0, 3_000_000n],
    ["two", 1n, 2, 10_000n],
    ["any, for nothing", 0n, 18, 0n],
  ])("are what atomic units of a token with %s are", (_, amount, decimals, micros) => {
    expect(microsOf(amount, decimals)).toBe(micros);
  });

  test("never let a payer owe more than the limit, and never count less than is owed", () => {
    const decimals = fc.integer({ min: 0, max: 36 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), decimals, (micros, places) => {
        expect(microsOf(atomicOf(micros, places), places)).toBeLessThanOrEqual(micros);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 40n }), decimals, (amount, places) => {
        expect(atomicOf(microsOf(amount, places), places)).toBeGreaterThanOrEqual(amount);
      }),
    );
  });
});

describe("what a payer may have open", () => {
  test("is the same for every route where nothing is said", () => {
    const creditMs = 7 * DAY_MS;
    const usual = { inFlightMax: 100, unchargedMax: 100, unsettledMicros: 100_000_000n, creditMs, debtMs: 30 * DAY_MS };
    expect(limitsOf()).toEqual(usual);
    expect(parsed().unsettledTotalMicros).toBe(1_000_000_000n);
  });

  test("is what the table says", () => {
    const said = { maxUnsettled: "$2.5", maxInFlight: 3, maxUncharged: 4, creditDays: 1, debtDays: 365 };
    expect(limitsOf({ ...said, ...route({}) })).toEqual({
      inFlightMax: 3,
      unchargedMax: 4,
      unsettledMicros: 2_500_000n,
      creditMs: DAY_MS,
      debtMs: 365 * DAY_MS,
    });
    expect(parsed({ maxUnsettledTotal: "$0.000001" }).unsettledTotalMicros).toBe(1n);
  });

  test("is what the route says, before the table", () => {
    const changes = { maxUnsettled: "$2", routes: { "/a": { price: "$1", maxUnsettled: "$7" }, "/b": "$1" } };
    expect(limitsOf(changes).unsettledMicros).toBe(7_000_000n);
    expect(limitsOf(changes, "/b").unsettledMicros).toBe(2_000_000n);
  });
});

const hint = 'write dollars such as "$10"';
const zero = "write dollars above zero with at most 6 decimals";

describe("a limit is a mistake", () => {
  test.each<[string, unknown, string]>([
    ["that is a number", 5, `${hint} (it says 5)`],
    ["without its dollar", "5", `${hint} (it says "5")`],
    ["that is a word", "free", `${hint} (it says "free")`],
    ["below zero", "$-1", `${hint} (it says "$-1")`],
    ["that is nothing", "$0", `${zero} (it says "$0")`],
    ["that is finer than a millionth", "$0.0000001", `${zero} (it says "$0.0000001")`],
    ["that is more than there is", `$${"9".repeat(90)}`, expect.stringContaining(zero) as unknown as string],
  ])("%s", (_, limit, remedy) => {
    expect(mistakes({ maxUnsettled: limit, ...route({}) })).toEqual([{ path: "maxUnsettled", remedy }]);
    expect(mistakes({ maxUnsettledTotal: limit })).toEqual([{ path: "maxUnsettledTotal", remedy }]);
    expect(mistakes(route({ maxUnsettled: limit }))).toEqual([{ path: 'routes["/a"].maxUnsettled', remedy }]);
  });

  test("below the price: nobody could buy", () => {
    const remedy = "nobody could buy this: write at least the price";
    expect(mistakes(route({ maxUnsettled: "$0.99" }))).toEqual([{ path: 'routes["/a"].maxUnsettled', remedy }]);
    expect(mistakes({ maxUnsettled: "$0.99", ...route({}) })).toEqual([{ path: 'routes["/a"].maxUnsettled', remedy }]);
    expect(mistakes(route({ maxUnsettled: "$1" }))).toEqual([]);
    expect(mistakes(route({ price: "$100.01" }))).toEqual([]);
    expect(mistakes(route({ price: "$100.01", maxUnsettled: "$101" }))).toEqual([]);
  });

  test("that nobody wrote lets in what is dear ten times, and of anything else a hundred dollars", () => {
    const limitOf = (price: string) => {
      const [compiled] = parsed(route({ price })).routes;
      return compiled?.access.kind === "paid" ? compiled.access.offer.limits.unsettledMicros : expect.fail();
    };
    expect(limitOf("$10")).toBe(100_000_000n);
    expect(limitOf("$10.01")).toBe(100_100_000n);
    expect(limitOf("$500")).toBe(5_000_000_000n);
  });

  test("below the price in whole tokens, whatever a token is worth", () => {
    const token = { network: "base", asset: ALICE, name: "Yen", version: "1", decimals: 0 };
    const yen = (amount: string, more: object = {}) => ({
      accepts: ["base"],
      tokens: [token],
      ...route({ price: { amount, asset: ALICE }, ...more }),
    });
    expect(mistakes(yen("101"))).toEqual([]);
    expect(mistakes(yen("101", { maxUnsettled: "$100" }))).toHaveLength(1);
    expect(mistakes(yen("101", { maxUnsettled: "$101" }))).toEqual([]);
    expect(mistakes(yen("2", { maxUnsettled: "$1.999999" }))).toHaveLength(1);
  });

  test.each<[string, number]>([
    ["maxInFlight", 1000],
    ["maxUncharged", 1000],
    ["creditDays", 90],
    ["debtDays", 365],
  ])("%s beyond its bounds", (key, most) => {
    const told = (value: unknown) => mistakes({ [key]: value }).map(({ remedy }) => remedy);
    expect(told(1)).toEqual([]);
    expect(told(most)).toEqual([]);
    expect(told(0)).toEqual(["write 1 or more (it says 0)"]);
    expect(told(most + 1)).toEqual([`write at most ${most} (it says ${most + 1})`]);
    expect(told(1.5)).toEqual(["write a whole number (it says 1.5)"]);
    expect(told("7")).toEqual(['write a number (it says "7")']);
    expect(told(null)).toHaveLength(1);
    expect(mistakes(route({ [key]: 5 }))).toHaveLength(1);
  });
});

describe("settling", () => {
  const offerOf = (changes: object, url = "/a") => paidOf(parsed(changes), url).offer;
  const flowsOf = (changes: object, url = "/a") => offerOf(changes, url).terms.map(({ flow }) => flow);

  test("is after, unless the table or the route says otherwise", () => {
    expect(offerOf(route({})).settle).toBe("after");
    expect(offerOf({ settle: "before", ...route({}) }).settle).toBe("before");
    expect(offerOf({ settle: "before", ...route({ settle: "after" }) }).settle).toBe("after");
    expect(offerOf(route({ settle: "before" })).settle).toBe("before");
    expect(offerOf(route({ settle: "async", maxUnsettled: "$1" })).settle).toBe("async");
    expect(offerOf({ settle: "async", maxUnsettled: "$1", ...route({}) }).settle).toBe("async");
  });

  test("first is declared on the wire, and nothing else is offered there", () => {
    expect(flowsOf(route({ settle: "before" }))).toEqual(["upfront"]);
    expect(offerOf(route({ settle: "before" })).upfront).toBeNull();
    expect(offerOf(route({ settle: "before" })).challenge.tail).toContain('"paymentFlow":"upfront"');
    expect(offerOf(route({})).challenge.tail).not.toContain("paymentFlow");
  });

  test("first is what payers in debt are offered, everywhere in a table that lets a payer owe", () => {
    const routes = {
      "/a": "$1",
      "/b": { price: "$1", settle: "async", maxUnsettled: "$1" },
      "/c": { price: "$1", settle: "before" },
    };
    expect(flowsOf({ routes })).toEqual(["authorization", "upfront"]);
    expect(flowsOf({ routes }, "/b")).toEqual(["authorization", "upfront"]);
    expect(flowsOf({ routes }, "/c")).toEqual(["upfront"]);
    expect(offerOf({ routes }).upfront?.tail).toContain('"paymentFlow":"upfront"');
    expect(offerOf({ routes }).challenge.tail).not.toContain("upfront");
    expect(flowsOf({ routes: { "/a": "$1" } })).toEqual(["authorization"]);
    expect(offerOf({ routes: { "/a": "$1" } }).upfront).toBeNull();
  });

  test("behind the answer has to say how much a payer may owe", () => {
    const remedy = 'write how much a payer may owe, such as "$1": settle is "async"';
    expect(mistakes(route({ settle: "async" }))).toEqual([{ path: 'routes["/a"].maxUnsettled', remedy }]);
    expect(mistakes({ settle: "async", ...route({}) })).toEqual([{ path: 'routes["/a"].maxUnsettled', remedy }]);
    expect(mistakes({ maxUnsettled: "$1", ...route({ settle: "async" }) })).toEqual([]);
    expect(mistakes({ settle: "async", ...route({ settle: "after" }) })).toEqual([]);
  });
});

describe("an RPC", () => {
  const rpcOf = (rpc: object, more: object = {}) => [...parsed({ rpc, ...more }).rpc];

  test("is known by its network, however that is called, in order of preference", () => {
    expect(rpcOf({})).toEqual([]);
    expect(rpcOf({ base: "https://a.example/{{RPC_KEY}}" })).toEqual([
      ["eip155:8453", ["https://a.example/{{RPC_KEY}}"]],
    ]);
    expect(rpcOf({ "eip155:84532": ["https://a.example", "http://127.0.0.1:8545"] })).toEqual([
      ["eip155:84532", ["https://a.example", "http://127.0.0.1:8545"]],
    ]);
  });

  test("may be one of a network that only tokens name", () => {
    const tokens = [{ network: "eip155:999", asset: ALICE, name: "T", version: "1", decimals: 6 }];
    expect(rpcOf({ "eip155:999": "https://a.example" }, { tokens })).toEqual([["eip155:999", ["https://a.example"]]]);
  });

  const hintOf = 'write an object of networks and RPC URLs such as { "base": "https://rpc.example.com/{{RPC_KEY}}" }';
  const url = "write an https URL (http only for this machine)";
  test.each<[string, unknown, string, string]>([
    ["a URL alone", "https://a.example", "rpc", `${hintOf} (it says "https://a.example")`],
    [
      "a network that nobody knows",
      { mars: "https://a.example" },
      "rpc.mars",
      '"mars" is not a network that is known here; describe its token in tokens, or remove this',
    ],
    [
      "a network that is misspelt",
      { bse: "https://a.example" },
      "rpc.bse",
      '"bse" is not a network that is known here; did you mean "base"?',
    ],
    [
      "one network twice",
      { base: "https://a.example", "eip155:8453": "https://b.example" },
      'rpc["eip155:8453"]',
      "this network stands here twice; keep one",
    ],
    ["no URL", { base: [] }, "rpc.base", "write at least one URL"],
    ["a number", { base: 1 }, "rpc.base", `${hintOf} (it says 1)`],
    ["http", { base: "http://a.example" }, "rpc.base", `${url} (it says "http://a.example")`],
    [
      "http to another machine, among others",
      { base: ["https://a.example", "http://a.example"] },
      "rpc.base[1]",
      `${url} (it says "http://a.example")`,
    ],
    [
      "a name that begins like this machine's",
      { base: "http://localhost.evil.example" },
      "rpc.base",
      `${url} (it says "http://localhost.evil.example")`,
    ],
    [
      "a name that begins like this machine's address",
      { base: "http://127.evil.example" },
      "rpc.base",
      `${url} (it says "http://127.evil.example")`,
    ],
    ["what is no URL", { base: "https://" }, "rpc.base", `${url} (it says "https://")`],
  ])("is a mistake: %s", (_, rpc, path, remedy) => {
    expect(mistakes({ rpc })).toEqual([{ path, remedy }]);
  });
});

describe("payment-identifier", () => {
  const advertised = (changes: object) => paidOf(parsed(changes)).offer.extensions["payment-identifier"];

  test.each<[string, object, object | undefined, string]>([
    ["optional by default", route({}), { required: false }, "optional"],
    [
      "required where the table says so",
      { paymentIdentifier: "required", ...route({}) },
      { required: true },
      "required",
    ],
    ["off where the table says so", { paymentIdentifier: "off", ...route({}) }, undefined, "off"],
    ["required where the route says so", route({ paymentIdentifier: "required" }), { required: true }, "required"],
    [
      "off where the route says so",
      { paymentIdentifier: "required", ...route({ paymentIdentifier: "off" }) },
      undefined,
      "off",
    ],
  ])("is %s", (_, changes, info, identifier) => {
    expect((advertised(changes) as { info?: object } | undefined)?.info).toEqual(info);
    expect(paidOf(parsed(changes)).offer.identifier).toBe(identifier);
  });

  test("stands beside the extensions that are written", () => {
    const { extensions } = paidOf(parsed({ extensions: { bazaar: { info: {} } }, ...route({}) })).offer;
    expect(Object.keys(extensions)).toEqual(["bazaar", "payment-identifier"]);
  });

  test.each([true, "yes", null, 1])("is optional, required or off, and not %j", (word) => {
    const told = mistakes({ paymentIdentifier: word }).map(({ path, remedy }) => [path, remedy.split(" (")[0]]);
    expect(told).toEqual([["paymentIdentifier", 'write "optional", "required" or "off"']]);
  });
});
