import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/index.ts";
import { transferChecked } from "../../../src/schemes/index.ts";
import { idleUpstreams, tableWarnings, unchosenLimits } from "../../../tools/table-warnings.ts";
import { PAY_TO } from "../../support/payment.ts";

const EURC = "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42";
const table = {
  upstream: "https://legacy.example.com",
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: ["https://x402.org/facilitator"],
  routes: { "/a": "$1" },
};

function warned(changes: object): readonly string[] {
  const config = parseConfig({ ...table, ...changes }, [transferChecked]);
  return config.ok ? tableWarnings(config.value) : expect.fail(JSON.stringify(config.error));
}

describe("a network of real money without an RPC", () => {
  test("is warned of, and is no mistake", () => {
    const [line, ...others] = warned({ accepts: ["base", "polygon"] });
    expect(others).toEqual([]);
    expect(line).toContain("no rpc for base, polygon:");
  });

  test.each<[string, object]>([
    ["that has one", { accepts: ["base"], rpc: { base: "https://rpc.example.com" } }],
    [
      "where nothing is moved",
      {
        accepts: [
          ...["base-sepolia", "polygon-amoy", "avalanche-fuji", "xdc-apothem", "sei-testnet"],
          { network: "solana-devnet", payTo: "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4" },
        ],
      },
    ],
    ["where nothing is sold", { accepts: ["base"], routes: { "/a": "free" } }],
  ])("is not warned of: one %s", (_, changes) => {
    expect(warned(changes)).toEqual([]);
  });

  test("is warned of by its id where it is none that is built in", () => {
    const tokens = [{ network: "eip155:7", asset: EURC, name: "T", version: "1", decimals: 6, dollar: true }];
    expect(warned({ tokens, accepts: [{ network: "eip155:7", asset: EURC }] })[0]).toContain("no rpc for eip155:7:");
  });
});

describe("a testnet beside real money", () => {
  const rpc = { base: "https://rpc.example.com" };
  const free =
    "who pays on base-sepolia gets for worthless dollars what costs real ones on base; accept one kind of networks";

  test("is warned of, once for all routes that have both", () => {
    const accepts = ["base", "base-sepolia"];
    expect(warned({ accepts, rpc })).toEqual([`"/a": ${free}`]);
    const routes = { "/a": "$1", "/b": "$1", "/c": "$2", "/d": "free", "/e": { price: "$1", accepts: ["base"] } };
    expect(warned({ accepts, rpc, routes })).toEqual([`"/a" and 2 more: ${free}`]);
  });

  test("is not warned of where each has routes of its own", () => {
    const routes = { "/a": "$1", "/b": { price: "$1", accepts: ["base"] } };
    expect(warned({ rpc, routes })).toEqual([]);
  });
});

describe("what is used by nothing", () => {
  test("is an RPC of a network that no route accepts", () => {
    const rpc = { polygon: "https://rpc.example.com", "base-sepolia": "https://rpc.example.com" };
    expect(warned({ rpc })).toEqual(["rpc.polygon is used by nothing: no route accepts polygon"]);
  });

  test("is no RPC of an account of one's own", () => {
    const direct = { key: "{{RELAYER_KEY}}", network: "base" };
    const facilitators = ["https://x402.org/facilitator", { direct }];
    expect(warned({ facilitators, rpc: { base: "https://rpc.example.com" } })).toEqual([]);
  });

  test("is an upstream that nothing names", () => {
    const upstreams = { main: "https://a.example", slow: "https://b.example", old: "https://c.example" };
    const routes = { "/a": { price: "$1", upstream: "slow" }, "/b": "$1" };
    const remedy = "upstreams.old is used by nothing: neither upstream nor a route names it";
    expect(idleUpstreams({ upstream: "main", upstreams, routes })).toEqual([remedy]);
    expect(idleUpstreams(table)).toEqual([]);
  });
});

describe("what one payer may owe for what is delivered before it is paid", () => {
  const metered = (upto = "$1", more: object = {}) => ({
    price: { upto, meter: [{ usd: "1", per: "1K", of: "usage.n" }], onMissingUsage: "maximum" },
    ...more,
  });
  const unchosen = (changes: object): readonly string[] => {
    const written = { ...table, ...changes };
    const config = parseConfig(written);
    return config.ok ? unchosenLimits(config.value, written) : expect.fail(JSON.stringify(config.error));
  };
  const told = (sold: string, dollars: string): string =>
    `${sold}: one payer may owe ${dollars} for what is delivered before it is paid, as nothing says less; write "maxUnsettled", there or for the whole table`;

  test("is told where nobody chose it, once for all routes of one limit", () => {
    const entry = { by: { query: "m" }, table: { x: metered().price, y: "free" } };
    const routes = { "/a": metered(), "/b": metered().price, "/c": { price: entry }, "/d": metered("$20"), "/e": "$1" };
    expect(unchosen({ routes })).toEqual([told('"/a" and 2 more', "$100"), told('"/d"', "$200")]);
  });

  test.each<[string, object]>([
    ["for its route", { routes: { "/a": metered("$1", { maxUnsettled: "$5" }) } }],
    ["for the table", { maxUnsettled: "$5", routes: { "/a": metered() } }],
    ["where it settles behind its answer", { settle: "async", maxUnsettled: "$5" }],
  ])("is not told where it is written %s", (_, changes) => {
    expect(unchosen(changes)).toEqual([]);
  });

  test.each(["before", "after"])("is not told of what is paid before it is delivered (%s)", (settle) => {
    expect(unchosen({ settle })).toEqual([]);
  });
});

describe("an entry that no call of MCP names", () => {
  test.each([
    ["search", 'write "tools/call search" for the tool'],
    ["tools/call/search", 'write "tools/call search"'],
    ["prompts/get/summary", 'write "prompts/get summary"'],
  ])("is warned of: %s", (name, remedy) => {
    expect(warned({ routes: { "/a": { by: "mcp", table: { [name]: "$1" } } } })).toEqual([
      `"/a": "${name}" is no method of MCP; ${remedy}`,
    ]);
  });

  test("is none of these", () => {
    const names = [
      "tools/call",
      "tools/call search",
      "tools/list",
      "initialize",
      "ping",
      "GET",
      "DELETE",
      "vendor/method",
    ];
    const prices = Object.fromEntries(names.map((name) => [name, "$1"]));
    expect(
      warned({ routes: { "/a": { by: "mcp", table: prices }, "/b": { by: "jsonrpc", table: { x: "$1" } } } }),
    ).toEqual([]);
  });
});

describe("a price that follows the request", () => {
  const prices = { small: "$0.01", large: "$0.02", tiny: "free" };

  test("is warned of where a use that was hidden costs less than the most", () => {
    const isLenient = (of: unknown, onMissingUsage?: unknown, more: object = {}): boolean => {
      const said = onMissingUsage === undefined ? {} : { onMissingUsage };
      const metered = { upto: "$1", meter: [{ usd: "1", per: "1K", of }], ...said, ...more };
      return warned({ routes: { "/a": { price: metered } } }).some((text) =>
        text.startsWith('"/a": who keeps the use'),
      );
    };
    expect([isLenient("usage.n"), isLenient("usage.n", "nothing"), isLenient("usage.n", "maximum")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(isLenient({ measured: "bytes" })).toBe(false);
    // A stream that says its use leaves a buyer nothing but to leave it.
    const asked = { includeUsage: true };
    expect([isLenient("usage.n", undefined, asked), isLenient("usage.n", { left: "minimum" }, asked)]).toEqual([
      false,
      true,
    ]);
  });

  test("is warned of where the rest is cheaper than what an entry names", () => {
    const isCheap = (otherwise: string, table: object = prices): boolean =>
      warned({ routes: { "/a": { by: { query: "m" }, table, otherwise } } }).length > 0;
    expect(["free", "$0.01", "$0.019"].map((otherwise) => isCheap(otherwise))).toEqual([true, true, true]);
    expect(["$0.02", "$0.05", "closed"].map((otherwise) => isCheap(otherwise))).toEqual([false, false, false]);
    expect(isCheap("$9", { a: "$1", b: "closed" })).toBe(true);
    expect(warned({ routes: { "/a": { by: { query: "m" }, table: prices } } })).toEqual([]);
    expect(warned({ routes: { "/a": { quote: "/q", max: "$1", fallback: "$0.01" } } })).toEqual([]);
  });
});
