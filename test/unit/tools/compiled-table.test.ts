import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/index.ts";
import { transferChecked } from "../../../src/schemes/index.ts";
import { formatTable } from "../../../tools/compiled-table.ts";
import { PAY_TO } from "../../support/payment.ts";

const OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const EURC = "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42";

const table = {
  upstream: "https://legacy.example.com",
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: ["https://x402.org/facilitator"],
};

function format(changes: object): string {
  const config = parseConfig({ ...table, ...changes }, [transferChecked]);
  return config.ok ? formatTable(config.value) : expect.fail(JSON.stringify(config.error));
}

test("what is the same everywhere is said once, above rows in the order in which they are looked at", () => {
  const routes = { "/*": "free", "/a/:x": "$0.25", "GET /a/b": "$0.001", "/c": "closed", "h.example/c": "free" };
  expect(format({ routes }).split("\n")).toEqual([
    "5 routes, the first that covers a request means it.",
    "  settles       after",
    "  open at most  $100 a payer",
    `  pays to       ${PAY_TO}`,
    "  upstream      https://legacy.example.com",
    "  facilitator   https://x402.org/facilitator",
    "  mode          enforce",
    "  sells         2xx",
    "  signed for    300 s",
    "  hosts         every one",
    "  own paths     /.faregate/",
    "",
    "route               price   to pay",
    "h.example/c         free",
    "GET /a/b and below  $0.001  1000 USDC on base-sepolia",
    "/a/:x and below     $0.25   250000 USDC on base-sepolia",
    "/c and below        closed",
    "/*                  free",
    "everything else     closed",
  ]);
});

test("a way to pay that needs the buyer's word to Permit2 first says so", () => {
  const accepts = ["base-sepolia", { network: "base-sepolia", assetTransferMethod: "permit2" }];
  const rows = format({ accepts, routes: { "/a": "$1" } }).split("\n");
  expect(rows.slice(-3, -1)).toEqual([
    "/a and below     $1      1000000 USDC on base-sepolia",
    "                 $1      1000000 USDC on base-sepolia by Permit2",
  ]);
});

test("a price that follows use is told as the most that it comes to, with its rates", () => {
  const metered = (upto: string, more: object = {}) => ({
    upto,
    meter: [
      { usd: "0.15", per: "1M", of: "usage.asked" },
      { usd: "0.60", per: "1M", of: ["usage.answered", "usage.said"] },
    ],
    ...more,
  });
  const least = { fixed: "$0.001", min: "$0.010" };
  const byModel = { by: { body: "/model" }, table: { large: metered("$0.2", least), tiny: "free" } };
  const rows = format({ routes: { "/a": { price: metered("$0.05") }, "POST /b": { price: byModel } } }).split("\n");
  expect(rows.slice(-5, -1).map((row) => row.replace(/ {2,}/g, "  "))).toEqual([
    "/a and below  up to $0.05  50000 USDC on base-sepolia by Permit2  usage.asked at $0.15/1M + usage.answered at $0.60/1M",
    "POST /b and below  by /model of the body",
    "  large  up to $0.2  200000 USDC on base-sepolia by Permit2  $0.001 + usage.asked at $0.15/1M + usage.answered at $0.60/1M, at least $0.01",
    "  tiny  free",
  ]);
});

test("what differs has a column, and each way to pay a line", () => {
  const text = format({
    accepts: ["base", "polygon"],
    tokens: [{ network: "base", asset: EURC, name: "EURC", version: "2", decimals: 6 }],
    upstreams: { reports: { url: "https://reports.example.com/v2/", host: "client" } },
    hosts: ["https://api.example.com", "beta.example.com"],
    prefix: "/_gate/",
    unmatched: "free",
    routes: {
      "/a": { price: "$1", mode: "observe", payTo: OTHER, chargeOn: ["2xx", 404] },
      "/b": {
        price: { amount: "2500000", asset: EURC },
        accepts: ["base"],
        upstream: "reports",
        bodyBytesMax: 1000,
        maxTimeoutSeconds: 90,
        facilitators: ["https://f.example.com"],
        exact: true,
        chargeOn: [200],
      },
    },
  });
  const rows = text.split("\n").slice(7);
  expect(text).toContain("hosts         https://api.example.com, beta.example.com\n  own paths     /_gate/\n");
  expect(text).toContain("  body at most  1000 bytes\n");
  expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
    [""],
    ["route", "price", "to pay", "pays to", "upstream", "facilitator", "mode", "sells", "signed for"],
    [
      "/a and below",
      "$1",
      "1000000 USD Coin on base",
      OTHER,
      "https://legacy.example.com",
      "https://x402.org/facilitator",
      "observe",
      "2xx, 404",
      "300 s",
    ],
    ["", "$1", "1000000 USD Coin on polygon", OTHER, "300 s"],
    [
      "/b",
      "2.5 EURC",
      "2500000 EURC on base",
      PAY_TO,
      "https://reports.example.com/v2 as client",
      "https://f.example.com",
      "enforce",
      "200",
      "90 s",
    ],
    ["everything else", "free", "https://legacy.example.com"],
  ]);
});

describe("a table", () => {
  test("without a route says what happens to everything", () => {
    expect(format({ routes: {} })).toMatch(/^0 routes(.|\n)*\neverything else +closed$/);
  });

  test("of a hundred routes has a line for each, all of them narrow", () => {
    const routes = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`GET /v1/thing-${i}/:id`, `$0.${i + 1}`]));
    const lines = format({ routes }).split("\n");
    expect(lines.filter((line) => line.includes("USDC"))).toHaveLength(100);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(100);
  });
});

describe("how money moves", () => {
  const routes = {
    "/a": "$1",
    "/b": { price: "$1", websocket: true },
    "/c": { price: "$1", settle: "async", maxUnsettled: "$2.50" },
  };

  test("stands beside each route, and no way to pay stands there twice", () => {
    const rows = format({ routes }).split("\n");
    expect(rows.slice(rows.indexOf("") + 1).map((row) => row.split(/ {2,}/))).toEqual([
      ["route", "price", "to pay", "settles", "open at most", "sells"],
      ["/a and below", "$1", "1000000 USDC on base-sepolia", "after", "$100 a payer", "2xx"],
      ["/b and below", "$1", "1000000 USDC on base-sepolia", "before", "$100 a payer", "2xx, WebSockets"],
      ["/c and below", "$1", "1000000 USDC on base-sepolia", "async", "$2.5 a payer", "2xx"],
      ["everything else", "closed"],
    ]);
  });
});

test("what a route takes in spellings of its own stands beside it", () => {
  const text = format({
    routes: {
      "/a/*": { price: "free", allowEncodedSlash: true, allowSemicolon: true },
      "/B": { price: "$1", caseSensitive: true },
    },
  });
  expect(text.split("\n").slice(-4)).toEqual([
    "route            price   to pay                        takes",
    "/a/*             free                                  allowEncodedSlash, allowSemicolon",
    "/B and below     $1      1000000 USDC on base-sepolia  caseSensitive",
    "everything else  closed",
  ]);
});

test("that a route takes ranges stands beside it, and that it sells parts", () => {
  const text = format({ routes: { "/a": { price: "$1", ranges: true }, "/b": "$1" } });
  expect(text.split("\n").slice(-4)).toEqual([
    "route            price   to pay                        sells     takes",
    "/a and below     $1      1000000 USDC on base-sepolia  2xx, 206  ranges",
    "/b and below     $1      1000000 USDC on base-sepolia  2xx",
    "everything else  closed",
  ]);
});

describe("a price that follows the request", () => {
  const price = { by: { query: "m" }, table: { small: "$0.01", large: "$0.02", tiny: "free" }, missing: "$0.02" };
  const rowsOf = (routes: object) => {
    const rows = format({ routes }).split("\n");
    return rows.slice(rows.indexOf("") + 1);
  };

  test("stands there with what it follows, and a line for each entry", () => {
    const rows = rowsOf({ "/a": { price: { ...price, otherwise: "closed" } }, "/b": "$1" });
    expect(rows.map((row) => row.trim().split(/ {2,}/).join(" | "))).toEqual([
      "route | price | to pay",
      "/a and below | by the parameter m of the query",
      "small | $0.01 | 10000 USDC on base-sepolia",
      "large | $0.02 | 20000 USDC on base-sepolia",
      "tiny | free",
      "(left out) | $0.02 | 20000 USDC on base-sepolia",
      "(anything else) | closed",
      "/b and below | $1 | 1000000 USDC on base-sepolia",
      "everything else | closed",
    ]);
  });

  test("of MCP says what costs nothing beside its entries, unless one names it", () => {
    const routes = { "/a": { by: "mcp", table: { "tools/call x": "$1", "tools/list": "$2" }, otherwise: "closed" } };
    expect(rowsOf(routes).map((row) => row.trim().split(/ {2,}/).slice(0, 2).join(" | "))).toEqual([
      "route | price",
      "/a and below | by the method or tool that is called",
      "tools/call x | $1",
      "tools/list | $2",
      "initialize, ping, notifications/…, GET, DELETE | free",
      "(anything else) | closed",
      "everything else | closed",
    ]);
  });

  test("by the body's length has its steps, and one that is quoted its most and its fallback", () => {
    const routes = {
      "/a": { by: "bodyBytes", table: { 10: "$1" } },
      "/b": { quote: "/quote", max: "$3", fallback: "$2" },
      "/c": { quote: "/quote", max: "$3" },
    };
    expect(rowsOf(routes).map((row) => row.split(/ {2,}/).slice(0, 3).join("|"))).toEqual([
      "route|price|to pay",
      "/a and below|by the body's length",
      "|up to 10 bytes|$1",
      "/b and below|as /quote says",
      "|(at most)|$3",
      "|(without a quote)|$2",
      "/c and below|as /quote says",
      "|(at most)|$3",
      "everything else|closed",
    ]);
  });
});

test("the secrets that a table names stand above it, each with its places", () => {
  const text = format({
    upstream: {
      url: "https://legacy.example.com",
      headers: { authorization: "Bearer {{API_KEY}}", "x-tenant": "{{TENANT}}/{{API_KEY}}" },
      sign: { keyId: "k1", algorithm: "ed25519", key: "{{SIGNING_KEY}}" },
    },
    facilitators: [
      { url: "https://f.example.com", auth: { bearer: "{{FACILITATOR_KEY}}" } },
      { url: "https://g.example.com", auth: { cdp: { keyId: "{{CDP_ID}}", secret: "{{CDP_SECRET}}" } } },
      { direct: { key: "{{RELAYER_KEY}}", rpc: "https://rpc.example.com/{{OWN_RPC_KEY}}" } },
    ],
    rpc: { "base-sepolia": "https://rpc.example.com/{{API_KEY}}" },
    routes: { "/a": "$1" },
  });
  expect(text).toContain(
    "\n  secrets       API_KEY (upstream.headers, rpc.base-sepolia), TENANT (upstream.headers), SIGNING_KEY (upstream.sign), " +
      "FACILITATOR_KEY (facilitators.auth), CDP_ID (facilitators.auth), CDP_SECRET (facilitators.auth), " +
      "RELAYER_KEY (facilitators.direct), OWN_RPC_KEY (facilitators.direct)\n",
  );
});

test("what is worth a look stands above the rows, whoever found it", () => {
  const config = parseConfig({ ...table, accepts: ["base"], routes: { "/a": "$1" } });
  const text = config.ok ? formatTable(config.value, ["the books are missing"]) : "";
  const warnings = text.split("\n").filter((line) => line.startsWith("  warning"));
  expect(warnings.map((line) => line.slice(0, 32))).toEqual([
    "  warning       no rpc for base:",
    "  warning       the books are mi",
  ]);
});
