// `pricing.schema.json` and `docs/pricing.md` say what the schema of the pricing table says, and what the gate does.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { parseConfig, sentence } from "../../src/config/index.ts";
import { pricingTable } from "../../src/config/schema.ts";
import { parseTarget } from "../../src/route/index.ts";
import { generatedFiles } from "../../tools/docs/generated.ts";
import { defaultOf, isRequired, type Part, shapes } from "../../tools/docs/shape.ts";
import { words } from "../../tools/docs/words.ts";
import { PAY_TO } from "../support/payment.ts";

const root = join(import.meta.dirname, "../..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");

describe("what is generated", () => {
  test.each(Object.keys(generatedFiles()))("%s is not stale: npm run docs", (name) => {
    expect(read(name)).toBe(generatedFiles()[name]);
  });

  test("is the same each time", () => {
    expect(generatedFiles()).toEqual(generatedFiles());
  });
});

const reference = read("docs/pricing.md");
const validate = new Ajv({ allErrors: true }).compile(JSON.parse(read("pricing.schema.json")));

const table = {
  upstream: "https://legacy.example.com",
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: ["https://x402.org/facilitator"],
  routes: { "GET /a": "$0.001" },
};
const token = {
  network: "base",
  asset: "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42",
  name: "E",
  version: "2",
  decimals: 6,
};

const rate = { usd: "1", per: "1K", of: "rows" };
const metered = { upto: "$1", meter: [rate] };

/** A table with these keys of one part of it. */
const tablesOf: { readonly [P in Part]: (keys: object) => object } = {
  table: (keys) => ({ ...table, ...keys }),
  route: (keys) => ({ ...table, routes: { "/a": { price: "$1", ...keys } } }),
  upstream: (keys) => ({ ...table, upstream: { url: "https://h.example", ...keys } }),
  signingKey: (keys) => ({
    ...table,
    upstream: {
      url: "https://h.example",
      sign: { keyId: "k1", algorithm: "ed25519", key: "{{KEY}}", ...keys },
    },
  }),
  facilitator: (keys) => ({
    ...table,
    facilitators: [{ ...("direct" in keys ? {} : { url: "https://h.example" }), ...keys }],
  }),
  auth: (keys) => ({ ...table, facilitators: [{ url: "https://h.example", auth: keys }] }),
  direct: (keys) => ({
    ...table,
    facilitators: [{ direct: { key: "{{RELAYER_KEY}}", network: "base", rpc: "https://rpc.example", ...keys } }],
  }),
  cdp: (keys) => ({
    ...table,
    facilitators: [
      { url: "https://h.example", auth: { cdp: { keyId: "{{CDP_KEY_ID}}", secret: "{{CDP_KEY_SECRET}}", ...keys } } },
    ],
  }),
  option: (keys) => ({ ...table, accepts: [{ network: "base", ...keys }] }),
  token: (keys) => ({ ...table, tokens: [{ ...token, ...keys }] }),
  metered: (keys) => ({ ...table, routes: { "/a": { price: { ...metered, ...keys } } } }),
  rate: (keys) => ({ ...table, routes: { "/a": { ...metered, meter: [{ ...rate, ...keys }] } } }),
  computed: (keys) => ({
    ...table,
    routes: { "/a": { by: { query: "model" }, table: { small: "$0.01" }, ...keys } },
  }),
  quoted: (keys) => ({ ...table, routes: { "/a": { quote: "/quote", max: "$1", ...keys } } }),
  selector: (keys) => ({ ...table, routes: { "/a": { by: keys, table: { small: "$0.01" } } } }),
  atomic: (keys) => ({
    ...table,
    accepts: ["base"],
    tokens: [token],
    routes: { "/a": { price: { amount: "1", asset: token.asset, ...keys } } },
  }),
};

const parts = Object.keys(shapes) as Part[];
const keysOf = (part: Part) =>
  Object.entries(shapes[part] as v.ObjectEntries).map(([key, entry]) => {
    const { example } = (words[part] as Record<string, { example: unknown }>)[key] ?? { example: undefined };
    return { key, entry: entry as v.GenericSchema, example };
  });

const mistakesOf = (json: object): readonly string[] => {
  const config = parseConfig(json);
  return config.ok ? [] : config.error.map(sentence);
};

describe("every key", () => {
  const keys = parts.flatMap((part) => keysOf(part).map((key) => ({ part, ...key })));

  test.each(keys)(
    "$part.$key has a row that tells whether it may be left out, and what holds then",
    ({ part, key, entry }) => {
      const [, ...rows] = reference.split(`\n| \`${key}\` | `);
      const told = rows.map((row) => row.split(" | ")[1]);
      const value = defaultOf(entry);
      expect(told.length).toBeGreaterThan(0);
      if (isRequired(entry)) expect(told).toContain("required");
      else if (value !== undefined) {
        const texts = told.map((text) => /^`(.*)`$/.exec(text ?? "")?.[1]).flatMap((text) => text ?? []);
        expect(texts.map((text) => JSON.parse(text))).toContainEqual(value);
      } else
        expect(
          told.filter((text) => text !== "required" && !text?.startsWith("`")),
          part,
        ).not.toEqual([]);
    },
  );

  test.each(keys)("$part.$key has an example that an editor and the gate take", ({ part, key, example }) => {
    const json = tablesOf[part]({ [key]: example });
    expect(reference).toContain(`\`"${key}": `);
    expect([validate(json), validate.errors]).toEqual([true, null]);
    expect(v.safeParse(pricingTable, json).success).toBe(true);
  });

  test("of the table, with the value that is told for where it is left out, changes nothing", () => {
    const told = Object.fromEntries(
      keysOf("table").flatMap(({ key, entry }) => {
        const value = defaultOf(entry);
        return value === undefined ? [] : [[key, value]];
      }),
    );
    expect(Object.keys(told).length).toBeGreaterThan(8);
    expect(parseConfig({ ...table, ...told })).toEqual(parseConfig(table));
  });

  test("has a description in the JSON Schema", () => {
    const described = [...read("pricing.schema.json").matchAll(/"description": "([^"\\]|\\.){10,}"/g)];
    expect(described).toHaveLength(keys.length);
  });
});

const ORIGINS = ["https://app.example.com"];

describe("the JSON Schema and the gate agree about", () => {
  test.each<[string, object]>([
    ["the shortest table", table],
    ["no route", { ...table, routes: {} }],
    ["a list of origins", { ...table, cors: ORIGINS, hosts: ["api.example.com"] }],
    [
      "a table without a payee of its own",
      { ...table, payTo: undefined, accepts: [{ network: "base", payTo: PAY_TO }] },
    ],
    ["the project's own table", JSON.parse(read("pricing.json"))],
  ])("%s, which is good", (_, written) => {
    const json = JSON.parse(JSON.stringify(written));
    expect([validate(json), validate.errors]).toEqual([true, null]);
    expect(mistakesOf(json)).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["a list", []],
    ["nothing", {}],
    ["a key that nobody knows", { ...table, price: "$1" }],
    ["no routes", { ...table, routes: undefined }],
    ["routes that are a list", { ...table, routes: ["$1"] }],
    ["a price without its dollar", { ...table, routes: { "/a": "1" } }],
    ["a price that is a number", { ...table, routes: { "/a": 1 } }],
    ["a route without a price", { ...table, routes: { "/a": { exact: true } } }],
    ["a route with a key that nobody knows", tablesOf.route({ prise: "$1" })],
    ["a route that settles never", tablesOf.route({ settle: "never" })],
    ["a limit that is a number", tablesOf.route({ maxUnsettled: 5 })],
    ["a limit without its dollar", { ...table, maxUnsettledTotal: "5" }],
    ["no payment at once", { ...table, maxInFlight: 0 }],
    ["a credit for a year", { ...table, creditDays: 365 }],
    ["half a day", { ...table, debtDays: 0.5 }],
    ["an RPC in clear", { ...table, rpc: { base: "http://rpc.example.com" } }],
    ["no RPC of a network", { ...table, rpc: { base: [] } }],
    ["another word for identifiers", { ...table, paymentIdentifier: "yes" }],
    ["a description that is a page", tablesOf.route({ description: "e".repeat(301) })],
    ["a media type that is none", tablesOf.route({ mimeType: "json" })],
    ["atomic units that are none", tablesOf.atomic({ amount: "0" })],
    ["atomic units as a number", tablesOf.atomic({ amount: 1 })],
    ["an upstream that is a number", { ...table, upstream: 1 }],
    ["an upstream without its URL", { ...table, upstream: {} }],
    ["no time for the upstream", tablesOf.upstream({ timeoutSeconds: 0 })],
    ["a header that is a number", tablesOf.upstream({ headers: { a: 1 } })],
    ["a header's name with a space", tablesOf.upstream({ headers: { "a b": "c" } })],
    ["an upstream among the named ones that is none", { ...table, upstreams: { a: {} } }],
    ["a facilitator with a key that nobody knows", tablesOf.facilitator({ timeout: 1 })],
    ["too long a verify", tablesOf.facilitator({ verifyTimeoutSeconds: 61 })],
    ["an auth that is a text", tablesOf.facilitator({ auth: "{{KEY}}" })],
    ["an auth of a kind that there is not", tablesOf.auth({ basic: "{{KEY}}" })],
    ["a CDP key without its secret", tablesOf.cdp({ secret: undefined })],
    ["no way to pay", { ...table, accepts: [] }],
    ["a scheme that there is not", tablesOf.option({ scheme: "upto" })],
    ["a token without its name", { ...table, tokens: [{ ...token, name: undefined }] }],
    ["half a decimal", tablesOf.token({ decimals: 0.5 })],
    ["another word for what is unmatched", { ...table, unmatched: "open" }],
    ["another mode", { ...table, mode: "off" }],
    ["no hosts", { ...table, hosts: [] }],
    ["a class of statuses that is not sold", { ...table, chargeOn: ["4xx"] }],
    ["no status", { ...table, chargeOn: [] }],
    ["half a second too much", { ...table, maxTimeoutSeconds: 99.5 }],
    ["a buffer beyond its bound", { ...table, bufferBytesMax: 8_388_609 }],
    ["a body as a text", { ...table, bodyBytesMax: "1" }],
    ["an extension that is a list", { ...table, extensions: { a: [] } }],
    ["a prefix of two segments", { ...table, prefix: "/a/b/" }],
    ["a quote from nowhere", tablesOf.quoted({ quote: "quote" })],
    ["a quote without an end", tablesOf.quoted({ max: undefined })],
    ["a quote that is waited for without end", tablesOf.quoted({ timeoutSeconds: 31 })],
    ["a quote that falls back to nothing", tablesOf.quoted({ fallback: "free" })],
    ["a price that follows nothing", tablesOf.computed({ by: "weather" })],
    ["a price that follows no place of a body", tablesOf.selector({ body: "size" })],
    ["a computed price without its table", tablesOf.computed({ table: undefined })],
    ["a computed price in a computed price", tablesOf.computed({ otherwise: { by: "mcp", table: { a: "$1" } } })],
    ["a computed price with a key that nobody knows", tablesOf.computed({ default: "$1" })],
    ["a flag as a text", { ...table, contractWallets: "yes" }],
  ])("%s, which is wrong", (_, written) => {
    const json = JSON.parse(JSON.stringify(written));
    expect(validate(json)).toBe(false);
    expect(v.safeParse(pricingTable, json).success).toBe(false);
    expect(mistakesOf(json)).not.toEqual([]);
  });

  test.each<[string, object]>([
    ["a checksum", { ...table, payTo: PAY_TO.replace("Bc6", "bc6") }],
    ["a route's key", { ...table, routes: { "GET a": "$1" } }],
    ["a URL", { ...table, upstream: "https://h/?x" }],
    ["a network that nobody knows", { ...table, accepts: ["nowhere"] }],
    ["two routes for the same requests", { ...table, routes: { "/:a": "$1", "/:b": "$1" } }],
  ])("the shape of a table whose mistake is %s, which only the check can tell", (_, json) => {
    expect(validate(json)).toBe(true);
    expect(mistakesOf(json)).not.toEqual([]);
  });
});

const blocks = [...reference.matchAll(/```json\n([\s\S]+?)```/g)].map(([, text]) => JSON.parse(text ?? ""));

describe("docs/pricing.md", () => {
  test("shows tables that can be deployed as they stand", () => {
    const tables = blocks.filter((block) => "upstream" in block);
    expect(tables).toHaveLength(2);
    for (const json of tables) {
      expect(mistakesOf(json)).toEqual([]);
      expect(validate(json)).toBe(true);
    }
  });

  test("tells what requests mean", () => {
    const [routes] = blocks.filter((block) => !("upstream" in block));
    const config = parseConfig({ ...table, routes });
    if (!config.ok) return expect.fail(config.error.map(sentence).join());
    const meaning = (method: string, place: string): string => {
      const target = parseTarget(`https://${place.startsWith("/") ? "api.example.com" : ""}${place}`);
      const match = target.ok ? config.value.matcher.match(method, target.value) : expect.fail(place);
      if (match.kind === "method_not_allowed") return `405, Allow: ${match.allow.join(", ")}`;
      return match.kind === "route" ? `\`${match.route.key}\`` : match.kind;
    };
    const rows = [...reference.matchAll(/^\| `([A-Z]+) (\S+)` \| (.+) \|$/gm)];
    expect(rows.length).toBeGreaterThan(10);
    for (const [row, method = "", place = "", told] of rows) expect(meaning(method, place), row).toBe(told);
  });

  test("shows routes that can be deployed as they stand", () => {
    const routes = blocks.filter((block) => !("upstream" in block));
    expect(routes.length).toBeGreaterThan(3);
    for (const json of routes) expect(mistakesOf({ ...table, routes: json })).toEqual([]);
  });

  test("shows ways to move a token that can be written as they stand", () => {
    const [, chapter = ""] = /### EIP-3009 and Permit2\n([\s\S]+?)\n### /.exec(reference) ?? [];
    const fragments = [...chapter.matchAll(/(?:^ {4}.+\n)+/gm)].map(([lines]) => JSON.parse(`{${lines}}`));
    expect(fragments).toHaveLength(2);
    for (const fragment of fragments) {
      const json = { ...table, routes: { "/a": "$0.01" }, ...fragment };
      expect(mistakesOf(json)).toEqual([]);
      expect(validate(json)).toBe(true);
    }
  });

  test("links only to chapters that it has", () => {
    const chapters = [...reference.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title.toLowerCase().replaceAll(" ", "-"),
    );
    const links = [...reference.matchAll(/\]\(#([^)]+)\)/g)].map(([, name]) => name ?? "");
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((name) => !chapters.includes(name))).toEqual([]);
  });
});
