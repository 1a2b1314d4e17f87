// Pricing tables and requests out of a seed. Tables are as odd as a correct one can be; requests stay near the table's
// own places, because far from them everything is 404.

import fc from "fast-check";
import { type Config, parseConfig } from "../../src/config/index.ts";
import { pathText } from "../../src/config/mistake.ts";
import { METHODS } from "../../src/route/index.ts";
import { PAY_TO } from "../support/payment.ts";

export interface GeneratedTable {
  readonly table: { readonly routes: { readonly [key: string]: unknown } };
  readonly config: Config;
}

export interface GeneratedRequest {
  readonly method: string;
  /** The Host header's value. */
  readonly host: string;
  /** The raw request target. */
  readonly target: string;
}

const HOSTS = ["api.example.com", "beta.example.com", "127.0.0.1"];
const LITERALS = ["a", "b", "v1", "Quotes", "caf%C3%A9", "x%20y", "~u", "q,r", "a.b"];
const EURC = "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42";

const literal = fc.constantFrom(...LITERALS);

const key = fc
  .record({
    methods: fc.option(fc.subarray([...METHODS], { minLength: 1, maxLength: 3 }), { freq: 2 }),
    host: fc.option(fc.constantFrom(...HOSTS), { nil: "", freq: 2 }),
    segments: fc.array(fc.oneof({ weight: 4, arbitrary: literal }, fc.constantFrom(":id", ":name")), { maxLength: 3 }),
    rest: fc.boolean(),
  })
  .map(({ methods, host, segments, rest }) => {
    const path = `${host}/${[...segments, ...(rest ? ["*"] : [])].join("/")}`;
    return methods === null ? path : `${methods.join()} ${path}`;
  });

const prices = (upstream: string) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("free", "free", "closed", "$0.001", "$2.01") },
    fc.record({ price: fc.constantFrom("$0.5", "closed"), exact: fc.constant(true) }),
    fc.record({
      price: fc.constantFrom("$1", "free"),
      upstream: fc.constantFrom("other", `${upstream}/own`),
    }),
    fc.record({
      price: fc.constant("$3"),
      payTo: fc.constant("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
      mode: fc.constantFrom("enforce", "observe"),
      description: fc.constantFrom("Goods", "Góods €"),
    }),
    fc.record({
      price: fc.constantFrom("$4", "free"),
      allowEncodedSlash: fc.boolean(),
      allowSemicolon: fc.boolean(),
      allowDoubleSlash: fc.boolean(),
    }),
    fc.record({ price: fc.constantFrom("$5", "free"), caseSensitive: fc.constant(true) }),
    fc.record({
      price: fc.record({ amount: fc.constantFrom("1", "123456789"), asset: fc.constant(EURC) }),
      accepts: fc.constant(["base"]),
    }),
  );

/** @param upstream an origin: the tables' APIs are below it */
export function tables(upstream: string): fc.Arbitrary<GeneratedTable> {
  return fc
    .record(
      {
        upstream: fc.constantFrom(upstream, `${upstream}/base`, `${upstream}/Base/v2/`),
        upstreams: fc.constant({ other: { url: `${upstream}/other` } }),
        payTo: fc.constant(PAY_TO),
        accepts: fc.constantFrom<readonly (string | object)[]>(
          ["base-sepolia"],
          ["base", "polygon"],
          ["base", { network: "base", assetTransferMethod: "permit2" }],
        ),
        tokens: fc.constant([{ network: "base", asset: EURC, name: "EURC", version: "2", decimals: 6 }]),
        facilitators: fc.constant(["http://127.0.0.1:1"]),
        routes: fc.uniqueArray(fc.tuple(key, prices(upstream)), {
          minLength: 3,
          maxLength: 14,
          selector: ([text]) => text,
        }),
        unmatched: fc.constantFrom("closed", "free"),
        hosts: fc.constantFrom(["api.example.com", "https://beta.example.com:8443"], ["https://api.example.com"]),
        prefix: fc.constant("/_gate/"),
      },
      { requiredKeys: ["upstream", "upstreams", "payTo", "accepts", "tokens", "facilitators", "routes"] },
    )
    .map(({ routes, ...table }) => withoutMistakes({ ...table, routes: Object.fromEntries(routes) }));
}

/** Without the routes that cannot stand beside the others. */
function withoutMistakes(table: GeneratedTable["table"]): GeneratedTable {
  const parsed = parseConfig(table);
  if (parsed.ok) return { table, config: parsed.value };
  const isWrong = (text: string): boolean =>
    parsed.error.some(({ path }) => path.startsWith(pathText(["routes", text])));
  const kept = Object.entries(table.routes).filter(([text]) => !isWrong(text));
  if (kept.length === Object.keys(table.routes).length) throw new Error(JSON.stringify(parsed.error));
  return withoutMistakes({ ...table, routes: Object.fromEntries(kept) });
}

/** How a segment of a plain path may be written; the others make the path one that is refused, or another one. */
const SPELLINGS: readonly ((text: string) => string)[] = [
  (text) => text.toUpperCase(),
  (text) => text.replace(/^[A-Za-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (text) => `${text}/`,
  (text) => `${text}/below`,
  (text) => `${text}/b/a`,
];
const ODDITIES: readonly ((text: string) => string)[] = [
  ...[
    "/",
    "//x",
    "/y//x",
    "/y;x",
    "/y%2fx",
    "/./x",
    "/../x",
    "/%2e%2e/x",
    "/%2E/",
    ";x=1",
    "/;",
    "\\x",
    "%5c",
    "%2fx",
    "%zz",
    "%",
    ".",
  ].map((odd) => (text: string) => text + odd),
  ...["%20", "%00", "%c0%af", "%ff", "%25", "|", "%EF%BD%81", "..", "%3f", "%23"].map(
    (odd) => (text: string) => text + odd,
  ),
  (text) => `/${text}`,
  (text) => text.slice(0, -1),
];

/** Near the places of a table. */
export function requests({ config }: GeneratedTable): fc.Arbitrary<GeneratedRequest> {
  const places = config.routes.map(({ methods, host, segments }) => ({ methods, host, segments }));
  return fc
    .record({
      place: fc.constantFrom(...places, { methods: null, host: null, segments: [] }),
      segments: fc.array(literal, { minLength: 4, maxLength: 4 }),
      isAway: fc.boolean(),
      method: fc.constantFrom(...METHODS, "GET", "HEAD", "TRACE"),
      host: fc.constantFrom(...HOSTS, "API.example.com", "beta.example.com:8443", "127.0.0.1:80", "a_b.example"),
      oddHost: fc.constantFrom("api.example.com.", "user@api.example.com", "[::1]", "a..b", "api.example.com:x"),
      spelling: fc.constantFrom(...SPELLINGS),
      oddity: fc.constantFrom(...ODDITIES),
      query: fc.constantFrom("", "", "?x=1", "?q=/../a;b&%zz", "?", "#part", "?x#part", `?${"y".repeat(1100)}`),
      dice: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 5 }),
    })
    .map(({ place, segments, isAway, method, host, oddHost, spelling, oddity, query, dice }) => {
      const [ofKey = 0, ofHost = 0, spelled = 0, odd = 0, own = 0] = dice;
      const near = place.segments.map((segment, i) => (segment === null ? segments[i] : encodeURIComponent(segment)));
      const asWritten = isAway && spelled > 6 ? segments.slice(0, own % 4) : near;
      const plain = own === 0 && odd > 4 ? `/${config.prefix}/x` : `/${asWritten.join("/")}`;
      const path = odd === 0 ? oddity(plain) : spelled > 4 ? spelling(plain) : plain;
      const served = config.hosts?.[ofHost % config.hosts.length]?.host;
      const known = place.host ?? served ?? host;
      const asked = ofHost === 9 ? (odd > 5 ? oddHost : host) : known;
      return {
        method: ofKey < 7 ? (place.methods?.[ofKey % place.methods.length] ?? method) : method,
        host: asked,
        target: path.startsWith("/") ? path + query : `/${path}${query}`,
      };
    });
}
