import { describe, expect, test } from "vitest";
import { parseConfig, sentence } from "../../../src/config/index.ts";
import { transferChecked } from "../../../src/schemes/index.ts";
import { chooseUpstream, fitTable, namesHosts, secretsIn } from "../../../tools/stack/table.ts";
import { PAY_TO } from "../../support/payment.ts";

const USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
const EURC = {
  network: "base",
  asset: "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42",
  name: "EURC",
  version: "2",
  decimals: 6,
};
const LARGE = { ...EURC, asset: "0x1111111111111111111111111111111111111111", name: "LARGE", decimals: 18 };

const table = {
  upstream: "https://legacy.example.com",
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: ["https://x402.org/facilitator"],
  routes: { "GET /a": "$0.001" } as Record<string, unknown>,
};

const replaced = (place: string, url: string): string =>
  `${place}: ${url} is not asked here, http://127.0.0.1:4022 takes its place`;
/** Of the table's facilitator, in every test. */
const REPLACED = replaced("facilitators[0]", "https://x402.org/facilitator");

const parts = {
  facilitator: "http://127.0.0.1:4022",
  rpc: "http://127.0.0.1:8545",
  upstream: "http://127.0.0.1:9000",
  keepsOwn: false,
  gateHost: "127.0.0.1:8787",
};

/** The table that the local gate runs with: it has to be a correct one where the operator's is. */
function localOf(changes: object, given: object = {}) {
  const own = parseConfig({ ...table, ...changes }, [transferChecked]);
  expect(own.ok ? [] : own.error.map(sentence)).toEqual([]);
  const fitted = fitTable({ ...table, ...changes }, { ...parts, ...given });
  const config = parseConfig(fitted.table);
  expect(config.ok ? [] : config.error.map(sentence)).toEqual([]);
  const local = fitted.table as typeof table & {
    upstreams?: unknown;
    hosts?: unknown;
    tokens?: unknown;
    rpc?: unknown;
  };
  return { ...local, warnings: fitted.warnings.filter((warning) => warning !== REPLACED), all: fitted.warnings };
}

describe("facilitators and upstreams", () => {
  test("are those of this machine, for the table and for every route", () => {
    const own = { url: "https://other.example.com", settleTimeoutSeconds: 9 };
    const fitted = localOf({ routes: { "/a": { price: "$1", facilitators: [own] }, "/b": "$1" } });
    expect(fitted.facilitators).toEqual([parts.facilitator]);
    expect(fitted.routes["/a"]).toEqual({ price: "$1", facilitators: [{ ...own, url: parts.facilitator }] });
    expect(fitted.upstream).toBe(parts.upstream);
    expect(fitted.all).toEqual([REPLACED, replaced('routes["/a"].facilitators[0]', own.url)]);
    expect(localOf({ facilitators: [parts.facilitator] }).all).toEqual([]);
  });

  test("are told no key: it is for the table's own", () => {
    const auth = { bearer: "{{KEY}}" };
    const own = [{ url: "https://own.example.com", verifyTimeoutSeconds: 3, auth }];
    const facilitators = [{ url: "https://other.example.com", auth }];
    const fitted = localOf({ facilitators: own, routes: { "/a": { price: "$1", facilitators } } });
    expect(fitted.facilitators).toEqual([{ url: parts.facilitator, verifyTimeoutSeconds: 3 }]);
    expect(fitted.routes["/a"]).toEqual({ price: "$1", facilitators: [{ url: parts.facilitator }] });
    expect(fitted.warnings).toEqual([
      replaced("facilitators[0]", "https://own.example.com"),
      `facilitators[0].auth: is left out, ${parts.facilitator} is told no key`,
      replaced('routes["/a"].facilitators[0]', "https://other.example.com"),
      `routes["/a"].facilitators[0].auth: is left out, ${parts.facilitator} is told no key`,
    ]);
  });

  test("settle with accounts of their own, whatever the table says of its facilitator's", () => {
    const facilitatorAddress = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    const feePayer = "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4";
    const facilitators = [{ url: "https://own.example.com", facilitatorAddress, feePayer }];
    expect(localOf({ facilitators }).facilitators).toEqual([{ url: parts.facilitator }]);
  });

  test("settle in the place of an account of one's own, and of all others that are named", () => {
    const direct = { key: "{{RELAYER_KEY}}", rpc: "https://rpc.example.com" };
    const facilitators = [{ direct, settleTimeoutSeconds: 30 }, "https://other.example.com"];
    const fitted = localOf({ facilitators });
    expect(fitted.facilitators).toEqual([{ url: parts.facilitator, settleTimeoutSeconds: 30 }]);
    expect(fitted.warnings).toEqual([
      `facilitators[0].direct: is left out, ${parts.facilitator} settles here`,
      replaced("facilitators[1]", "https://other.example.com"),
    ]);
  });

  test("keep what the upstream's entry says beside its address", () => {
    const { upstream } = localOf({ upstream: { url: "https://h.example", timeoutSeconds: 7, service: "LEGACY" } });
    expect(upstream).toEqual({ url: parts.upstream, timeoutSeconds: 7 });
  });

  test("named ones are replaced where they are elsewhere, with a note", () => {
    const upstreams = { far: { url: "https://far.example.com", timeoutSeconds: 3 }, near: "http://127.0.0.1:1234" };
    const fitted = localOf({ upstreams, upstream: "far", routes: { "/a": { price: "$1", upstream: "near" } } });
    expect(fitted.upstream).toEqual({ url: parts.upstream, timeoutSeconds: 3 });
    expect(fitted.upstreams).toEqual({ far: { url: parts.upstream, timeoutSeconds: 3 }, near: upstreams.near });
    expect(fitted.routes["/a"]).toEqual({ price: "$1", upstream: "near" });
    expect(fitted.warnings).toEqual([
      "upstreams.far: https://far.example.com is not on this machine, http://127.0.0.1:9000 takes its place",
    ]);
  });

  test("a route's own is replaced where it is elsewhere, with a note", () => {
    const routes = {
      "/a": { price: "$1", upstream: "https://far.example.com" },
      "/b": { price: "free", upstream: { url: "https://internal", service: "LEGACY" } },
      "/c": { price: "$1", upstream: "http://localhost:5" },
    };
    const fitted = localOf({ routes });
    expect(fitted.routes).toEqual({
      "/a": { price: "$1", upstream: parts.upstream },
      "/b": { price: "free", upstream: { url: parts.upstream } },
      "/c": routes["/c"],
    });
    expect(fitted.warnings).toEqual([
      'routes["/a"].upstream: https://far.example.com is not on this machine, http://127.0.0.1:9000 takes its place',
      'routes["/b"].upstream: service binding "LEGACY" is not on this machine, http://127.0.0.1:9000 takes its place',
    ]);
  });

  test("the table's own stays where the operator chose it", () => {
    const upstream = { url: "http://127.0.0.1:3000/base", headers: { a: "b" } };
    expect(localOf({ upstream }, { keepsOwn: true }).upstream).toEqual(upstream);
  });

  test.each([["client"], ["shop.example.com"]])("the host %s is left out, with a note", (host) => {
    const fitted = localOf({ upstream: { url: "http://127.0.0.1:3000", host } }, { keepsOwn: true });
    expect(fitted.upstream).toEqual({ url: "http://127.0.0.1:3000" });
    expect(fitted.warnings).toEqual([`upstream: host "${host}" is left out here, the API sees its own`]);
  });
});

describe("the chain that is asked", () => {
  const own = "http://127.0.0.1:18545";
  test.each<[string, object | undefined, object, readonly string[]]>([
    ["is the local one where the table names none", undefined, { "base-sepolia": parts.rpc }, []],
    ["is the table's own on this machine", { "base-sepolia": own }, { "base-sepolia": own }, []],
    ["is that by its CAIP-2 name too", { "eip155:84532": [own] }, { "eip155:84532": [own] }, []],
    [
      "is the local one in the place of one elsewhere, with a note",
      { "base-sepolia": ["https://rpc.example.com/{{KEY}}", own] },
      { "base-sepolia": parts.rpc },
      ["rpc.base-sepolia: http://127.0.0.1:8545 takes its place"],
    ],
    [
      "is no other network's, with a note",
      { base: own, "base-sepolia": own },
      { "base-sepolia": own },
      ["rpc.base: is left out, the local chain alone is asked"],
    ],
  ])("%s", (_, rpc, asked, warnings) => {
    expect(localOf({ rpc })).toMatchObject({ warnings });
    expect(localOf({ rpc }).rpc).toEqual(asked);
  });
});

describe("hosts", () => {
  test("serve the local gate too, with a note", () => {
    const fitted = localOf({ hosts: ["https://api.example.com"], routes: { "api.example.com/a": "$1" } });
    expect(fitted.hosts).toEqual(["https://api.example.com", "127.0.0.1:8787"]);
    expect(fitted.routes).toEqual({ "api.example.com/a": "$1" });
    expect(fitted.warnings).toEqual(['hosts: 127.0.0.1:8787 is served too; reach the others with curl -H "Host: …"']);
  });

  test("of a table that names none are not added", () => {
    expect(localOf({}).hosts).toBeUndefined();
    expect([namesHosts(table), namesHosts({ hosts: [] }), namesHosts(null)]).toEqual([false, true, false]);
  });
});

describe("money", () => {
  test("is on the local chain, whatever networks the table and its routes name", () => {
    const accepts = ["base", { network: "polygon", payTo: PAY_TO }, "eip155:84532"];
    const fitted = localOf({
      accepts,
      routes: { "/a": { price: "$1", accepts: [{ network: "base", payTo: PAY_TO }] } },
    });
    expect(fitted.accepts).toEqual(["base-sepolia"]);
    expect(fitted.routes["/a"]).toEqual({ price: "$1", accepts: [{ network: "base-sepolia", payTo: PAY_TO }] });
    expect(fitted.warnings).toEqual([
      "accepts[0]: base is base-sepolia here, on the local chain",
      "accepts[1]: polygon is base-sepolia here, on the local chain",
      'routes["/a"].accepts[0]: base is base-sepolia here, on the local chain',
    ]);
  });

  test("of Solana is on the local chain too, and somebody there is paid", () => {
    const key = "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4";
    const somebody = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720";
    const instead = `${key} has no wallet on the local chain, ${somebody} takes its place`;
    const fitted = localOf({
      accepts: ["base", { network: "solana", payTo: key }],
      routes: {
        "/a": { price: "$1", payTo: key },
        "/b": { price: "$1", accepts: [{ network: "solana", payTo: key }] },
      },
    });
    expect(fitted.accepts).toEqual(["base-sepolia"]);
    expect(fitted.routes).toEqual({
      "/a": { price: "$1", payTo: somebody },
      "/b": { price: "$1", accepts: [{ network: "base-sepolia", payTo: somebody }] },
    });
    expect(fitted.warnings).toContain(`accepts[1].payTo: ${instead}`);
    expect(fitted.warnings).toContain(`routes["/a"].payTo: ${instead}`);
    expect(localOf({ payTo: key, accepts: ["solana"] }).payTo).toBe(somebody);
  });

  test("of a token without a contract here is USDC, with a note that counts its decimals", () => {
    const routes = {
      "/a": { price: { amount: "1000", asset: EURC.asset } },
      "/b": { price: { amount: "1000", asset: LARGE.asset.toLowerCase() } },
    };
    const fitted = localOf({ accepts: ["base"], tokens: [EURC, LARGE], routes });
    expect(fitted.tokens).toEqual([]);
    expect(fitted.routes).toEqual({
      "/a": { price: { amount: "1000", asset: USDC } },
      "/b": { price: { amount: "1000", asset: USDC } },
    });
    expect(fitted.warnings).toEqual([
      "accepts[0]: base is base-sepolia here, on the local chain",
      "tokens[0]: EURC has no contract on the local chain, USDC takes its place",
      "tokens[1]: LARGE has no contract on the local chain, USDC takes its place",
      'routes["/a"].price: 1000 units of EURC are 1000 units of USDC here',
      'routes["/b"].price: 1000 units of LARGE are 1000 units of USDC here, which has 6 decimals and not 18',
    ]);
  });

  test("of each entry of a price that follows the request is USDC, too", () => {
    const units = { amount: "1000", asset: EURC.asset };
    const here = { amount: "1000", asset: USDC };
    const price = { by: { query: "m" }, table: { a: units, b: "$1" }, missing: units, otherwise: "closed" };
    const quoted = { quote: "/quote", max: "$1" };
    const fitted = localOf({ accepts: ["base"], tokens: [EURC], routes: { "/a": { price }, "/b": { price: quoted } } });
    expect(fitted.routes).toEqual({
      "/a": { price: { ...price, table: { a: here, b: "$1" }, missing: here } },
      "/b": { price: quoted },
    });
    expect(fitted.warnings.slice(2)).toEqual([
      'routes["/a"].price.table["a"]: 1000 units of EURC are 1000 units of USDC here',
      'routes["/a"].price.missing: 1000 units of EURC are 1000 units of USDC here',
    ]);
  });

  test("of a network of the operator's own is on the local chain too", () => {
    const token = { ...EURC, network: "eip155:999", dollar: true };
    const accepts = [{ network: "eip155:999", asset: token.asset }];
    expect(localOf({ accepts, tokens: [token] }).accepts).toEqual([{ network: "base-sepolia" }]);
  });

  test("is moved as the table says, by the token's own contract and by Permit2 beside each other", () => {
    const { version: _, ...dai } = { ...EURC, name: "DAI", assetTransferMethod: "permit2", dollar: true };
    const own = { ...dai, network: "eip155:999" };
    const permitted = { network: "base-sepolia", assetTransferMethod: "permit2" };
    const both = ["base", { network: "base-sepolia", assetTransferMethod: "permit2" }];
    expect(localOf({ accepts: both }).accepts).toEqual(["base-sepolia", permitted]);
    const byToken = ["base", { network: "base", asset: dai.asset }];
    expect(localOf({ accepts: byToken, tokens: [dai] }).accepts).toEqual(["base-sepolia", permitted]);
    expect(localOf({ accepts: ["eip155:999"], tokens: [own] }).accepts).toEqual([permitted]);
  });

  test("of the local token stays as it is", () => {
    const routes = { "/a": { price: { amount: "5", asset: USDC } } };
    expect(localOf({ routes })).toMatchObject({ routes, warnings: [] });
  });
});

test("what says nothing about this machine stays as it is", () => {
  const rest = { unmatched: "free", prefix: "/_x/", mode: "observe", cors: [], maxTimeoutSeconds: 99 };
  expect(localOf(rest)).toMatchObject(rest);
});

test.each([
  [null],
  [[]],
  ["text"],
  [{ routes: [], hosts: "x", upstreams: 1, accepts: 5, tokens: [1], facilitators: {}, rpc: [] }],
])("%j, which is no table, passes through for the check to judge", (json) => {
  expect(() => fitTable(json, parts)).not.toThrow();
});

describe("the API behind the local gate is", () => {
  test.each<[string, object, { given?: string; ownTable?: boolean }, object]>([
    ["the one on the command line", table, { given: "http://h" }, { kind: "given", url: "http://h" }],
    ["the sample API for the project's own table", table, {}, { kind: "sample", url: undefined }],
    [
      "the table's own, where that is on this machine",
      { upstream: "here", upstreams: { here: "http://localhost:1" } },
      { ownTable: true },
      { kind: "own", url: "http://localhost:1" },
    ],
    ["the sample API, where that is elsewhere", table, { ownTable: true }, { kind: "sample", url: undefined }],
  ])("%s", (_, json, { given, ownTable = false }, choice) => {
    expect(chooseUpstream(json, { given, ownTable })).toMatchObject(choice);
  });

  const instead = "the sample API takes its place";
  test.each<[string, string, boolean, readonly string[]]>([
    ["is elsewhere", "https://h.example", true, [`https://h.example is not on this machine, ${instead}`]],
    [
      "is elsewhere in the project's own table",
      "https://h.example",
      false,
      ["https://h.example is not on this machine"],
    ],
    ["is here in the project's own table", "http://127.0.0.1:3999", false, ["--upstream http://127.0.0.1:3999 would"]],
    ["is here", "http://127.0.0.1:3999", true, []],
  ])("told, where the table's %s and is not asked", (_, upstream, ownTable, words) => {
    const { warnings } = chooseUpstream({ upstream }, { given: undefined, ownTable });
    expect(warnings).toEqual(words.map((text) => expect.stringContaining(text)));
  });
});

test("secrets are found wherever a table names them", () => {
  const upstreams = { a: { url: "https://h", headers: { x: "{{ KEY }} {{OTHER}}", y: "{{KEY}}" } } };
  expect(secretsIn({ ...table, upstreams })).toEqual(["KEY", "OTHER"]);
});
