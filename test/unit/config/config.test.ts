import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/index.ts";
import { baseOf } from "../../../src/route/index.ts";
import {
  CHALLENGE_FIXED_BYTES_MAX,
  encodeChallenge,
  networks,
  RESOURCE_URL_BYTES_MAX,
} from "../../../src/x402/index.ts";
import { PAY_TO } from "../../support/payment.ts";
import { mistakes, parsed, requirementsOf, route } from "./table.ts";

const USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
const upstream = (changes: object): object => ({ upstream: { url: "https://legacy.example.com", ...changes } });
const facilitator = (changes: object): object => ({ facilitators: [{ url: "https://x402.org", ...changes }] });

describe("a correct table", () => {
  test("compiles with its defaults", () => {
    const { matcher, routes, ...rest } = parsed();
    const url = new URL("https://legacy.example.com");
    expect(rest).toEqual({
      unmatched: { kind: "closed" },
      hosts: null,
      prefix: ".faregate",
      cors: "*",
      upstreams: [
        { url, base: baseOf(url), timeoutMs: 30_000, headers: [], service: null, host: "upstream", sign: [] },
      ],
      facilitators: [
        {
          kind: "http",
          url: "https://x402.org/facilitator",
          verifyTimeoutMs: 5_000,
          settleTimeoutMs: 20_000,
          auth: null,
          feePayer: null,
          facilitatorAddress: null,
        },
      ],
      bufferBytesMax: 262_144,
      rpc: new Map(),
      unsettledTotalMicros: 1_000_000_000n,
    });
    expect(routes).toHaveLength(1);
    const place = { hostname: "h", segments: ["v1", "quotes", "x"] };
    expect(matcher.match("GET", place)).toEqual({ kind: "route", route: routes[0] });
    expect(routes[0]?.access).toMatchObject({
      bodyBytesMax: null,
      upstream: rest.upstreams[0],
      offer: { mode: "enforce", settle: "after", upfront: null, facilitators: rest.facilitators },
    });
  });

  test("compiles with everything that can be said", () => {
    const config = parsed({
      $schema: "./pricing.schema.json",
      upstream: {
        url: "http://127.0.0.1:9000/base/",
        timeoutSeconds: 1.5,
        headers: { authorization: "Bearer {{API_KEY}}" },
        service: "LEGACY",
      },
      accepts: ["base", "eip155:84532"],
      facilitators: [{ url: "http://localhost:4022/", verifyTimeoutSeconds: 1, settleTimeoutSeconds: 2 }],
      routes: {
        "GET /a": { price: "$0.25", description: "Goods", mimeType: "application/pdf", settle: "after" },
        "/free/*": { price: "free" },
        "/closed": "closed",
      },
      unmatched: "free",
      settle: "after",
      maxTimeoutSeconds: 60,
      bufferBytesMax: 0,
    });
    const settings = { timeoutMs: 1500, headers: [["authorization", "Bearer {{API_KEY}}"]], service: "LEGACY" };
    expect(config).toMatchObject({
      unmatched: { kind: "free", upstream: settings, bodyBytesMax: null },
      bufferBytesMax: 0,
      upstreams: [settings],
      facilitators: [{ url: "http://localhost:4022", verifyTimeoutMs: 1000, settleTimeoutMs: 2000 }],
    });
    expect(config.upstreams[0]?.url.href).toBe("http://127.0.0.1:9000/base");
    expect(config.routes.map(({ key, access }) => [key, access.kind])).toEqual([
      ["GET /a", "paid"],
      ["/free/*", "free"],
      ["/closed", "closed"],
    ]);
  });

  test("asks a price in each network's token, in the order of preference", () => {
    const config = parsed({ accepts: ["base-sepolia", "base"], maxTimeoutSeconds: 90 });
    expect(requirementsOf(config, "/v1/quotes/x")).toEqual([
      {
        scheme: "exact",
        network: "eip155:84532",
        amount: "1000",
        asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
        payTo: PAY_TO,
        maxTimeoutSeconds: 90,
        extra: { name: "USDC", version: "2" },
      },
      {
        scheme: "exact",
        network: "eip155:8453",
        amount: "1000",
        asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        payTo: PAY_TO,
        maxTimeoutSeconds: 90,
        extra: { name: "USD Coin", version: "2" },
      },
    ]);
  });

  test("asks no cent more or less than it says", () => {
    const config = parsed({ routes: { "/a": "$2.01", "/b": "$0.000001", "/c": "$4.350000" } });
    const amounts = ["/a", "/b", "/c"].map((path) => requirementsOf(config, path)[0]?.amount);
    expect(amounts).toEqual(["2010000", "1", "4350000"]);
  });

  test("pays the payee in EIP-55 form, however it was written", () => {
    const config = parsed({ payTo: PAY_TO.toLowerCase() });
    expect(requirementsOf(config, "/v1/quotes")[0]?.payTo).toBe(PAY_TO);
  });

  test("may have no route at all", () => {
    expect(parsed({ routes: {} }).routes).toEqual([]);
  });

  test("may have one path for several methods, each at its own price", () => {
    const routes = { "GET /a": "$1", "POST,PUT /a": "$2", "/a": "closed", "/a/*": "free", "GET /a/*": "$3" };
    expect(parsed({ routes }).routes.map(({ key }) => key)).toEqual(Object.keys(routes));
  });
});

const priceHint =
  'write "free", "closed", dollars such as "$0.001", or { "amount": "1000", "asset": "0x…" } in atomic units';
const MISSING = "this key is missing";
const urlHint = 'write a URL, or an object with "url"';
const upstreamHint = 'write a URL, an object with "url", or a name from upstreams';
const baseUrl = "write an http or https URL without query, fragment or user";
const urlOrName = `${baseUrl}, or a name from upstreams`;
const safeUrl = "write an https URL without query, fragment or user (http only for this machine)";
const known =
  "$schema, upstream, upstreams, payTo, accepts, tokens, facilitators, routes, unmatched, hosts, cors, mode, settle, " +
  "maxUnsettled, maxUnsettledTotal, verifyAbove, maxInFlight, maxUncharged, creditDays, debtDays, rpc, chargeOn, " +
  "maxTimeoutSeconds, bufferBytesMax, bodyBytesMax, extensions, paymentIdentifier, contractWallets, prefix";
const knownOfRoute =
  "price, description, mimeType, exact, accepts, payTo, upstream, facilitators, settle, maxUnsettled, verifyAbove, chargeOn, " +
  "ranges, maxTimeoutSeconds, bodyBytesMax, extensions, paymentIdentifier, contractWallets, websocket, mode, " +
  "allowEncodedSlash, allowSemicolon, allowDoubleSlash, caseSensitive";
const nameHint = "write a secret's name as {{NAME}}: letters, digits and _ between two braces on either side";
const corsHint = 'write "*" or a list of origins such as ["https://app.example.com"]';
const soldHint = 'write "2xx" (which leaves 206 out) or a status of 200 to 299 or 400 to 599 but 402';
const settleHint = 'write "after", "before" or "async"';

describe("a mistake is told with its place and what would be right:", () => {
  test.each<[string, object, string, string]>([
    ["a key that is not known", { networks: [] }, "networks", `there is no such key; known are ${known}`],
    ["a key that is near one", { upstreems: {} }, "upstreems", 'there is no such key; did you mean "upstreams"?'],
    ["a comment", { "//": "ours" }, '["//"]', "the table takes no comments; remove this"],
    [
      "a comment in a route",
      route({ $comment: "ours" }),
      'routes["/a"].$comment',
      "the table takes no comments; remove this",
    ],
    [
      "a comment in the upstream",
      upstream({ _comment: "ours" }),
      "upstream._comment",
      "the table takes no comments; remove this",
    ],
    ["a schema that is no text", { $schema: 1 }, "$schema", "write a text in quotes (it says 1)"],

    ["no upstream", { upstream: undefined }, "upstream", MISSING],
    ["an upstream that is a number", { upstream: 5 }, "upstream", `${upstreamHint} (it says 5)`],
    ["an upstream that is a path", { upstream: "/v1" }, "upstream", `${urlOrName} (it says "/v1")`],
    ["an upstream of another scheme", { upstream: "ftp://h" }, "upstream", `${urlOrName} (it says "ftp://h")`],
    ["an upstream with a query", { upstream: "https://h/?" }, "upstream", `${urlOrName} (it says "https://h/?")`],
    ["an upstream with a fragment", { upstream: "https://h/#" }, "upstream", `${urlOrName} (it says "https://h/#")`],
    ["an upstream with a user", { upstream: "https://a:b@h" }, "upstream", `${urlOrName} (it says "https://…@h")`],
    ["an upstream with a password", { upstream: "https://:b@h" }, "upstream", `${urlOrName} (it says "https://…@h")`],
    ["an upstream with a space", { upstream: "https://h/ " }, "upstream", `${urlOrName} (it says "https://h/ ")`],
    [
      "an upstream with two slashes",
      { upstream: "https://h/a//" },
      "upstream",
      `${urlOrName} (it says "https://h/a//")`,
    ],
    ["no facilitator in the list", { facilitators: [] }, "facilitators", "write at least one"],
    [
      "routes as a list, which would leave everything to what is unmatched",
      { routes: ["$1"], unmatched: "free" },
      "routes",
      'write an object such as { "GET /v1/quotes/*": "$0.001" }',
    ],
    [
      "two names for one segment",
      { routes: { "/a/:x": "$1", "/a/:y": "$2" } },
      'routes["/a/:y"]',
      '"/a/:x" already stands for these requests; keep one',
    ],
    [
      "exact with a star",
      { routes: { "/a/*": { price: "$1", exact: true } } },
      'routes["/a/*"].exact',
      'a key that ends in "/*" cannot be exact; write one of them',
    ],
    [
      "exact where it always is",
      route({ price: "free", exact: true }),
      'routes["/a"].exact',
      "a free path is always exact; remove this",
    ],
    [
      "statuses to sell on a closed route",
      route({ price: "closed", chargeOn: [404] }),
      'routes["/a"].chargeOn',
      "a route that is closed does not use this; remove it",
    ],
    [
      "a pattern of origins",
      { cors: ["https://*.a.example"] },
      "cors[0]",
      `${corsHint} (it says "https://*.a.example")`,
    ],
    ["charging for a redirect", { chargeOn: [302] }, "chargeOn[0]", `${soldHint} (it says 302)`],
    ["exact that is no truth", route({ exact: 1 }), 'routes["/a"].exact', "write true or false (it says 1)"],
    [
      "charging for nothing",
      route({ chargeOn: [] }),
      'routes["/a"].chargeOn',
      "write at least one status; a route that charges for none is free",
    ],
    ["charging for a challenge", { chargeOn: ["2xx", 402] }, "chargeOn[1]", `${soldHint} (it says 402)`],
    [
      "an origin with a path",
      { cors: ["https://a.example/"] },
      "cors[0]",
      `${corsHint} (it says "https://a.example/")`,
    ],
    ["no origins", { cors: "none" }, "cors", `${corsHint} (it says "none")`],
    ["charging for a class", { chargeOn: ["4xx"] }, "chargeOn[0]", `${soldHint} (it says "4xx")`],
    [
      "headers as a list",
      upstream({ headers: ["a"] }),
      "upstream.headers",
      "write an object of header names and values",
    ],
    [
      "a secret's name where none is filled in",
      { upstream: "https://{{HOST}}" },
      "upstream",
      'no secret is taken here; write the text itself, without braces (it says "https://{{HOST}}")',
    ],
    [
      "a secret's name where none is filled in, of a facilitator",
      { facilitators: ["https://h/{{KEY}}"] },
      "facilitators[0]",
      'no secret is taken here; write the text itself, without braces (it says "https://h/{{KEY}}")',
    ],
    ...[`\${API_KEY}`, "{{api-key}}", "{{API_KEY}", "{API_KEY}}", "{API_KEY}", "Bearer {{A}}{{ }}"].map(
      (header): [string, object, string, string] => [
        `a header with ${header}`,
        upstream({ headers: { a: header } }),
        "upstream.headers.a",
        `${nameHint} (it says ${JSON.stringify(header)})`,
      ],
    ),
    [
      "an RPC with a wrong name",
      { rpc: { base: "https://h/{KEY}" } },
      "rpc.base",
      `${nameHint} (it says "https://h/{KEY}")`,
    ],
    ["an upstream without its URL", { upstream: {} }, "upstream.url", "this key is missing"],
    ["an upstream whose URL is none", upstream({ url: "h" }), "upstream.url", `${baseUrl} (it says "h")`],
    [
      "a key of the upstream that is not known",
      upstream({ retries: 5 }),
      "upstream.retries",
      "there is no such key; known are url, timeoutSeconds, headers, service, host, sign",
    ],
    [
      "a key of the upstream without its unit",
      upstream({ timeout: 5 }),
      "upstream.timeout",
      'there is no such key; did you mean "timeoutSeconds"?',
    ],
    [
      "no time for the upstream",
      upstream({ timeoutSeconds: 0 }),
      "upstream.timeoutSeconds",
      "write at least 1 second (it says 0)",
    ],
    [
      "an hour for the upstream",
      upstream({ timeoutSeconds: 3600 }),
      "upstream.timeoutSeconds",
      "write at most 600 seconds (it says 3600)",
    ],
    [
      "a time with its unit",
      upstream({ timeoutSeconds: "5s" }),
      "upstream.timeoutSeconds",
      'write a number of seconds (it says "5s")',
    ],
    [
      "headers that are a text",
      upstream({ headers: "a: b" }),
      "upstream.headers",
      'write an object of header names and values (it says "a: b")',
    ],
    [
      "a header's name with a space",
      upstream({ headers: { "a b": "c" } }),
      'upstream.headers["a b"]',
      'this is not a header\'s name (it says "a b")',
    ],
    [
      "a header that is a number",
      upstream({ headers: { a: 1 } }),
      "upstream.headers.a",
      "write a text in quotes (it says 1)",
    ],
    [
      "a header beyond ASCII",
      upstream({ headers: { a: "é" } }),
      "upstream.headers.a",
      'write printable ASCII (it says "é")',
    ],
    [
      "a header of two lines",
      upstream({ headers: { a: "b\nc" } }),
      "upstream.headers.a",
      'write printable ASCII (it says "b\\nc")',
    ],
    [
      "a header that the gate sets",
      upstream({ headers: { X_Forwarded_For: "1" } }),
      "upstream.headers.X_Forwarded_For",
      'the gate sets or removes this header itself (it says "X_Forwarded_For")',
    ],
    [
      "a header of the payment",
      upstream({ headers: { "PAYMENT-SIGNATURE": "1" } }),
      'upstream.headers["PAYMENT-SIGNATURE"]',
      'the gate sets or removes this header itself (it says "PAYMENT-SIGNATURE")',
    ],
    [
      "a service with a dash",
      upstream({ service: "a-b" }),
      "upstream.service",
      'write the name of a service binding of wrangler.toml (it says "a-b")',
    ],

    ["no payee", { payTo: undefined }, "payTo", MISSING],
    ["a payee that is a number", { payTo: 5 }, "payTo", "write a text in quotes (it says 5)"],
    [
      "a payee with a wrong checksum",
      { payTo: PAY_TO.replace("Bc6", "bc6") },
      "payTo",
      `write 0x and 40 hex digits; mixed case has to fit its checksum (it says "${PAY_TO.replace("Bc6", "bc6")}")`,
    ],
    [
      "a payee that is a name",
      { payTo: "me.eth" },
      "payTo",
      'write 0x and 40 hex digits; mixed case has to fit its checksum (it says "me.eth")',
    ],
    [
      "a payee that is the token itself",
      { payTo: USDC },
      "payTo",
      `${USDC} is the token's own contract, and what it is paid is lost; write a wallet`,
    ],
    [
      "a route's payee that is the token itself",
      route({ payTo: USDC }),
      'routes["/a"].payTo',
      `${USDC} is the token's own contract, and what it is paid is lost; write a wallet`,
    ],
    [
      "a way's payee that is the token itself",
      { accepts: [{ network: "base-sepolia", payTo: USDC }] },
      "accepts",
      `${USDC} is the token's own contract, and what it is paid is lost; write a wallet`,
    ],
    [
      "a payee that nobody owns",
      { payTo: `0x${"0".repeat(40)}` },
      "payTo",
      `nobody owns the zero address; write your own (it says "0x${"0".repeat(40)}")`,
    ],

    [
      "accepts that are a text",
      { accepts: "base" },
      "accepts",
      'write a list of networks such as ["base"] (it says "base")',
    ],
    ["accepts that are empty", { accepts: [] }, "accepts", 'write at least one network, such as "base"'],
    ["an object without its network", { accepts: [{}] }, "accepts[0].network", MISSING],
    [
      "a network that is not known",
      { accepts: ["base", "sui"] },
      "accepts[1]",
      `"sui" is not a network that is known here; write one of ${networks.flatMap(({ names }) => names).join(", ")}`,
    ],
    [
      "a network in another letter case",
      { accepts: ["Base"] },
      "accepts[0]",
      '"Base" is not a network that is known here; did you mean "base"?',
    ],
    [
      "a network that is misspelt",
      { accepts: [{ network: "base-sepolla" }] },
      "accepts[0]",
      '"base-sepolla" is not a network that is known here; did you mean "base-sepolia"?',
    ],
    [
      "a network under both its names",
      { accepts: ["base", "eip155:8453"] },
      "accepts[1]",
      "accepts[0] already names this network and token; keep one",
    ],

    [
      "facilitators that are a text",
      { facilitators: "https://h" },
      "facilitators",
      'write a list such as ["https://x402.org/facilitator"] (it says "https://h")',
    ],
    [
      "six facilitators",
      { facilitators: Array.from({ length: 6 }, (_, i) => `https://f${i}`) },
      "facilitators",
      "write at most 5",
    ],
    [
      "a facilitator's endpoint",
      { facilitators: ["https://h/x/verify"] },
      "facilitators[0]",
      'the gate appends /verify and /settle itself; write "https://h/x" (it says "https://h/x/verify")',
    ],
    ["a facilitator without TLS", { facilitators: ["http://h"] }, "facilitators[0]", `${safeUrl} (it says "http://h")`],
    [
      "a facilitator that only looks like this machine",
      { facilitators: ["http://127.0.0.1.h"] },
      "facilitators[0]",
      `${safeUrl} (it says "http://127.0.0.1.h")`,
    ],
    [
      "a facilitator that is no URL",
      facilitator({ url: "x402" }),
      "facilitators[0].url",
      `${safeUrl} (it says "x402")`,
    ],
    ["a facilitator that is a number", { facilitators: [1] }, "facilitators[0]", `${urlHint} or "direct" (it says 1)`],
    ["a facilitator without its URL", { facilitators: [{}] }, "facilitators[0]", `${urlHint} or "direct"`],
    [
      "too long a verify",
      facilitator({ verifyTimeoutSeconds: 61 }),
      "facilitators[0].verifyTimeoutSeconds",
      "write at most 60 seconds (it says 61)",
    ],
    [
      "too long a settle",
      facilitator({ settleTimeoutSeconds: 121 }),
      "facilitators[0].settleTimeoutSeconds",
      "write at most 120 seconds (it says 121)",
    ],

    [
      "routes that are a text",
      { routes: "free" },
      "routes",
      'write an object such as { "GET /v1/quotes/*": "$0.001" } (it says "free")',
    ],
    [
      "a route's key without a path",
      { routes: { GET: "free" } },
      "routes.GET",
      'write "/path" or "METHOD host/path", with one space between',
    ],
    [
      "a route's key with a query",
      { routes: { "GET /a?x=1": "$1" } },
      'routes["GET /a?x=1"]',
      'a key has no query; write "GET /a", and a price with "by" where a parameter decides it',
    ],
    [
      "a route's key with a fragment",
      { routes: { "/a#b": "$1" } },
      'routes["/a#b"]',
      'no request has a fragment; write "/a"',
    ],
    ["a route's key beyond ASCII", { routes: { "GET /ä": "$1" } }, 'routes["GET /ä"]', 'write "GET /%C3%A4"'],
    [
      "a route's key that no request has",
      { routes: { "/a//b": "free" } },
      'routes["/a//b"]',
      "no request has such a path (empty_segment)",
    ],
    [
      "a price without its dollar",
      { routes: { "/a": "0.01" } },
      'routes["/a"]',
      'write "$0.01" for so many dollars (it says "0.01")',
    ],
    [
      "a price without its zero",
      { routes: { "/a": "$.01" } },
      'routes["/a"]',
      'write "$0.01" for so many dollars (it says "$.01")',
    ],
    [
      "a price with its dollar behind",
      { routes: { "/a": "1 USDC" } },
      'routes["/a"]',
      'write "$1" for so many dollars (it says "1 USDC")',
    ],
    ["a price that is misspelt", { routes: { "/a": "Free" } }, 'routes["/a"]', 'did you mean "free"? (it says "Free")'],
    ["a price with an exponent", { routes: { "/a": "$1e3" } }, 'routes["/a"]', `${priceHint} (it says "$1e3")`],
    [
      "a price that is a number",
      { routes: { "/a": 0.01 } },
      'routes["/a"]',
      'write "$0.01" for so many dollars (it says 0.01)',
    ],
    ["a price that is null", { routes: { "/a": null } }, 'routes["/a"]', `${priceHint} (it says null)`],
    [
      "a price inside an object that is none",
      route({ price: "cheap" }),
      'routes["/a"].price',
      `${priceHint} (it says "cheap")`,
    ],
    ["a route without its price", { routes: { "/a": {} } }, 'routes["/a"].price', "this key is missing"],
    [
      "a price of nothing",
      { routes: { "/a": "$0.00" } },
      'routes["/a"]',
      'a price is above zero; write "free" where nothing is to be paid (it says "$0.00")',
    ],
    [
      "a price that is too precise",
      { routes: { "/a": "$0.0000001" } },
      'routes["/a"]',
      'USDC has 6 decimals; write at most that many (it says "$0.0000001")',
    ],
    [
      "a price inside an object that is too precise",
      route({ price: "$0.0000001" }),
      'routes["/a"].price',
      'USDC has 6 decimals; write at most that many (it says "$0.0000001")',
    ],
    [
      "a price that nobody has",
      { routes: { "/a": `$${"9".repeat(31)}` } },
      'routes["/a"]',
      `this is more than any token holds; write a smaller price (it says "$${"9".repeat(31)}")`,
    ],
    [
      "a description that is a number",
      route({ description: 1 }),
      'routes["/a"].description',
      "write a text in quotes (it says 1)",
    ],
    [
      "a description that is a page",
      route({ description: "x".repeat(301) }),
      'routes["/a"].description',
      `write at most 300 characters (it says "${"x".repeat(79)}…")`,
    ],
    [
      "a media type without its half",
      route({ mimeType: "json" }),
      'routes["/a"].mimeType',
      'write a media type such as "application/json" (it says "json")',
    ],
    [
      "a route's key that is near one",
      route({ mimetype: "text/plain" }),
      'routes["/a"].mimetype',
      'there is no such key; did you mean "mimeType"?',
    ],
    [
      "a route's key that is not known",
      route({ colour: 1 }),
      'routes["/a"].colour',
      `there is no such key; known are ${knownOfRoute}`,
    ],
    [
      "a route that settles never",
      route({ settle: "never" }),
      'routes["/a"].settle',
      `${settleHint} (it says "never")`,
    ],

    ["another default", { unmatched: "open" }, "unmatched", 'write "closed" or "free" (it says "open")'],
    ["a table that settles never", { settle: "never" }, "settle", `${settleHint} (it says "never")`],
    [
      "a payment's time as a text",
      { maxTimeoutSeconds: "300" },
      "maxTimeoutSeconds",
      'write a number of seconds (it says "300")',
    ],
    [
      "a payment's time with a fraction",
      { maxTimeoutSeconds: 300.5 },
      "maxTimeoutSeconds",
      "write whole seconds (it says 300.5)",
    ],
    [
      "a payment's time beyond a day",
      { maxTimeoutSeconds: 86_401 },
      "maxTimeoutSeconds",
      "write at most 86400 seconds (it says 86401)",
    ],
    ["a buffer that is a text", { bufferBytesMax: "1" }, "bufferBytesMax", 'write a number of bytes (it says "1")'],
    ["a buffer below nothing", { bufferBytesMax: -1 }, "bufferBytesMax", "write 0 or more (it says -1)"],
    ["a buffer with a fraction", { bufferBytesMax: 1.5 }, "bufferBytesMax", "write whole bytes (it says 1.5)"],
    [
      "a buffer beyond 8 MB",
      { bufferBytesMax: 8_388_609 },
      "bufferBytesMax",
      "write at most 8388608 (it says 8388609)",
    ],
  ])("%s", (_, changes, path, remedy) => {
    expect(mistakes(changes)).toEqual([{ path, remedy }]);
  });

  test.each([null, 5, "x", true])("a file that holds %j", (json) => {
    const remedy = "write a JSON object with upstream, payTo, accepts, facilitators and routes";
    expect(parseConfig(json)).toEqual({
      ok: false,
      error: [{ path: "", remedy: `${remedy} (it says ${JSON.stringify(json)})` }],
    });
  });

  test.each<[string, object, readonly string[]]>([
    ["of the table", { upstream: undefined, upstreem: "https://h" }, ["upstreem"]],
    ["of the table, the payee", { payTo: undefined, payto: PAY_TO }, ["payto"]],
    ["of a route", { routes: { "/a": { prize: "$1" } } }, ['routes["/a"].prize']],
    ["of a route, with a dash", { routes: { "/a": { "pri-ce": "$1" } } }, ['routes["/a"]["pri-ce"]']],
    ["of the upstream", { upstream: { URL: "https://h" } }, ["upstream.URL"]],
    ["beside another one", { upstream: { URL: "https://h" }, payTo: undefined }, ["upstream.URL", "payTo"]],
  ])("a key that is needed and misspelt, once: %s", (_, changes, paths) => {
    expect(mistakes(changes).map(({ path }) => path)).toEqual(paths);
  });

  test("an empty table, key by key", () => {
    const keys = ["upstream", "accepts", "facilitators", "routes", "payTo"];
    const error = keys.map((path) => ({ path, remedy: "this key is missing" }));
    expect(parseConfig({})).toEqual({ ok: false, error });
  });
});

describe("limits", () => {
  test.each<[string, object]>([
    ["an upstream's time of 600 seconds", { ...upstream({ timeoutSeconds: 600 }), maxTimeoutSeconds: 635 }],
    ["an upstream's time of one second", upstream({ timeoutSeconds: 1 })],
    ["a buffer of 8 MB", { bufferBytesMax: 8_388_608 }],
    ["a payment's time of a day", { maxTimeoutSeconds: 86_400 }],
    ["a description of 300 characters", route({ description: "x".repeat(300) })],
    ["a facilitator on this machine", { facilitators: ["http://[::1]:4022"] }],
    ["a facilitator on this machine by its number", { facilitators: ["http://127.1.2.3:4022"] }],
  ])("hold for %s", (_, changes) => {
    expect(mistakes(changes)).toEqual([]);
  });
});

describe("a payment's time", () => {
  const budgets = {
    ...upstream({ timeoutSeconds: 7.5 }),
    ...facilitator({ verifyTimeoutSeconds: 2, settleTimeoutSeconds: 3 }),
  };

  test("is enough when it outlasts the upstream, the facilitator and ten seconds more", () => {
    expect(mistakes({ ...budgets, maxTimeoutSeconds: 23 })).toEqual([]);
  });

  test("is too short by a second, and the least is told", () => {
    const remedy = "write at least 23: a payment has to outlast the upstream and the facilitators";
    expect(mistakes({ ...budgets, maxTimeoutSeconds: 22 })).toEqual([{ path: "maxTimeoutSeconds", remedy }]);
  });

  test("has a default that is too short for the slowest upstream", () => {
    const remedy = "write at least 635: a payment has to outlast the upstream and the facilitators";
    expect(mistakes(upstream({ timeoutSeconds: 600 }))).toEqual([{ path: "maxTimeoutSeconds", remedy }]);
  });
});

describe("two routes for the same requests", () => {
  test.each([
    ["in another letter case", "/a", "/A"],
    ["with a trailing slash", "/a", "/a/"],
    ["with encoded letters", "/a", "/%61"],
    ["with a star", "/a/*", "/A/*"],
    ["with a method in common", "GET,POST /a", "POST,PUT /a"],
    ["in the root", "GET /", "GET,POST /"],
  ])("are a mistake %s", (_, one, other) => {
    const remedy = `${JSON.stringify(one)} already stands for these requests; keep one`;
    expect(mistakes({ routes: { [one]: "$1", [other]: "free" } })).toEqual([
      { path: `routes[${JSON.stringify(other)}]`, remedy },
    ]);
  });

  test("are a mistake inside one key", () => {
    const remedy = '"GET,GET /a" already stands for these requests; keep one';
    expect(mistakes({ routes: { "GET,GET /a": "$1" } })).toEqual([{ path: 'routes["GET,GET /a"]', remedy }]);
  });
});

describe("a challenge", () => {
  // Each of these characters takes six bytes of JSON; the media type fills up byte by byte.
  const description = "\u0001".repeat(200);
  const withType = (length: number): object => route({ description, mimeType: `a/${"b".repeat(length)}` });
  const overBy = (length: number): string => mistakes(withType(length))[0]?.remedy ?? "fits";
  const largest = Array.from({ length: 1000 }, (_, i) => i + 1).findLast((length) => overBy(length) === "fits") ?? 0;

  test("that is too large for a header is a mistake, and by how much", () => {
    expect(overBy(largest)).toBe("fits");
    expect(overBy(largest + 1)).toBe(
      `its challenge has ${CHALLENGE_FIXED_BYTES_MAX + 1} bytes and a header has room for ${CHALLENGE_FIXED_BYTES_MAX}; ` +
        "shorten description, mimeType or extensions, or accept fewer networks",
    );
    expect(overBy(largest + 50)).toMatch(`has ${CHALLENGE_FIXED_BYTES_MAX + 50} bytes`);
  });

  test("that just fits makes a header of at most 4096 bytes with the longest URL and reason", () => {
    const [compiled] = parsed(withType(largest)).routes;
    const challenge = compiled?.access.kind === "paid" ? compiled.access.offer.challenge : expect.fail();
    const url = `https://h/${"u".repeat(RESOURCE_URL_BYTES_MAX - 12)}`;
    expect(JSON.stringify(url)).toHaveLength(RESOURCE_URL_BYTES_MAX);
    const header = encodeChallenge(challenge, url, "r".repeat(128));
    expect(header.length).toBeLessThanOrEqual(4096);
    expect(header.length).toBeGreaterThan(4080);
  });
});

test("a table with many mistakes yields each of them at once, in one go", () => {
  const error = mistakes({
    upstream: { url: "ftp://h", timeoutSeconds: 0, headers: { Host: "h" } },
    payTo: "0x1",
    accepts: ["base", "base", "mars"],
    facilitators: ["http://h", "https://h", "https://h/"],
    routes: { a: "$0", "/b": "1", "/c": { price: "$0.0000001", colour: "red" }, "/C/": "free" },
    unmatched: "open",
    maxTimeoutSeconds: 0,
    bufferBytesMax: null,
    extra: true,
  });
  expect(error.map(({ path }) => path).sort()).toEqual(
    [
      "upstream.url",
      "upstream.timeoutSeconds",
      "upstream.headers.Host",
      "payTo",
      "accepts[1]",
      "accepts[2]",
      "facilitators",
      "facilitators[0]",
      "routes.a",
      "routes.a",
      'routes["/b"]',
      'routes["/c"].price',
      'routes["/c"].colour',
      'routes["/C/"]',
      "unmatched",
      "maxTimeoutSeconds",
      "bufferBytesMax",
      "extra",
    ].sort(),
  );
  expect(error.every(({ remedy }) => remedy !== "")).toBe(true);
});

test("a price that no token can express is told once for tokens of one name, and once for each other", () => {
  const remedy = (name: string): string => `${name} has 6 decimals; write at most that many (it says "$0.0000001")`;
  const routes = { "/a": "$0.0000001", "/b": "$0" };
  expect(mistakes({ accepts: ["base", "base-sepolia"], routes })).toEqual([
    { path: 'routes["/a"]', remedy: remedy("USD Coin") },
    { path: 'routes["/a"]', remedy: remedy("USDC") },
    { path: 'routes["/b"]', remedy: 'a price is above zero; write "free" where nothing is to be paid (it says "$0")' },
  ]);
});

test("a price is held against what no token could express where no network is known", () => {
  const routes = {
    "/a": "$0",
    "/b": "$1",
    "/c": "$0.0000001",
    "/d": `$0.${"0".repeat(36)}1`,
    "/e": `$${"9".repeat(31)}`,
  };
  const paths = mistakes({ accepts: ["mars"], routes }).map(({ path }) => path);
  expect(paths).toEqual(["accepts[0]", 'routes["/a"]', 'routes["/d"]', 'routes["/e"]']);
});
