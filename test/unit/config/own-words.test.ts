// What a table says for all of its routes, and a route for itself.

import { describe, expect, test } from "vitest";
import { attemptMs, parseConfig } from "../../../src/config/index.ts";
import { CHALLENGE_FIXED_BYTES_MAX, networks } from "../../../src/x402/index.ts";
import { accessOf, mistakes, paidOf, parsed, requirementsOf, route, table } from "./table.ts";

/** Own members by these names, as JSON has them. */
const withKey = (name: string, value: unknown): object =>
  JSON.parse(`{ ${JSON.stringify(name)}: ${JSON.stringify(value)} }`);

describe("an upstream", () => {
  const upstreams = { main: "https://main.example/v1/", "slow-2": { url: "https://slow.example", timeoutSeconds: 60 } };

  test.each<[string, object, string, number]>([
    ["the table's", {}, "https://legacy.example.com/", 30_000],
    ["a URL of the route's own", { upstream: "https://own.example/" }, "https://own.example/", 30_000],
    [
      "an object of the route's own",
      { upstream: { url: "https://own.example", timeoutSeconds: 2 } },
      "https://own.example/",
      2000,
    ],
    ["a name for a URL", { upstream: "main" }, "https://main.example/v1", 30_000],
    ["a name for an object", { upstream: "slow-2" }, "https://slow.example/", 60_000],
  ])("is %s", (_, of, href, timeoutMs) => {
    for (const price of ["$1", "free"]) {
      const access = accessOf(parsed({ upstreams, ...route({ price, ...of }) }), "GET", "/a");
      if (access.kind === "closed") expect.fail();
      expect([access.upstream.url.href, access.upstream.timeoutMs]).toEqual([href, timeoutMs]);
    }
  });

  test("may be a name for the whole table", () => {
    const config = parsed({ upstreams, upstream: "main", unmatched: "free", ...route({}) });
    expect(paidOf(config).upstream.url.href).toBe("https://main.example/v1");
    expect(config.unmatched).toMatchObject({ kind: "free", upstream: paidOf(config).upstream });
  });

  test("is built once, however many routes write the same", () => {
    const routes = {
      "/a": { price: "$1", upstream: "main" },
      "/b": { price: "$1", upstream: "https://main.example/v1" },
      "/c": { price: "free", upstream: { url: "https://main.example/v1/" } },
      "/d": { price: "free", upstream: "slow-2" },
      "/e": "$1",
    };
    const config = parsed({ upstreams, routes });
    expect(config.upstreams.map(({ url }) => url.hostname)).toEqual([
      "legacy.example.com",
      "main.example",
      "slow.example",
    ]);
    expect(paidOf(config, "/a").upstream).toBe(paidOf(config, "/b").upstream);
  });

  test("that no route uses is not built", () => {
    expect(parsed({ upstreams }).upstreams).toHaveLength(1);
  });

  test.each(["upstream", "client", "api.example.com", "127.0.0.1"])("is asked for the host %s", (host) => {
    expect(parsed({ upstream: { url: "https://a.example", host } }).upstreams).toMatchObject([{ host }]);
  });

  const urlHint = 'write a URL, or an object with "url"';
  const hostHint = 'write "upstream", "client" or the name of a host';
  const baseUrl = "write an http or https URL without query, fragment or user";
  const oneOf = "write a URL or one of main, slow-2";
  const inherited = "choose other names than __proto__, constructor, prototype";
  test.each<[string, object, string, string]>([
    [
      "a name for which there is none",
      { upstreams, ...route({ upstream: "legacy" }) },
      'routes["/a"].upstream',
      `${oneOf} (it says "legacy")`,
    ],
    [
      "a name of the table's for which there is none",
      { upstreams, upstream: "mian" },
      "upstream",
      '"mian" is no name of upstreams; did you mean "main"?',
    ],
    [
      "a name where there are no names",
      route({ upstream: "main" }),
      'routes["/a"].upstream',
      'write a URL; upstreams has no names (it says "main")',
    ],
    [
      "a member that every object has",
      { upstreams, ...route({ upstream: "constructor" }) },
      'routes["/a"].upstream',
      `${oneOf} (it says "constructor")`,
    ],
    [
      "the name of a prototype",
      { upstreams, ...route({ upstream: "__proto__" }) },
      'routes["/a"].upstream',
      `${oneOf} (it says "__proto__")`,
    ],
    [
      "a name as every object has it",
      { upstreams: withKey("constructor", "https://a.example") },
      "upstreams",
      inherited,
    ],
    ["a name as a prototype has it", { upstreams: withKey("__proto__", "https://a.example") }, "upstreams", inherited],
    [
      "a name that reads like a URL",
      { upstreams: { "a:b": "https://a.example" } },
      'upstreams["a:b"]',
      'write a name of letters, digits, - and _ (it says "a:b")',
    ],
    ["names as a list", { upstreams: ["https://a.example"] }, "upstreams", "write an object of upstreams by name"],
    ["a name for a name", { upstreams: { ...upstreams, x: "main" } }, "upstreams.x", `${baseUrl} (it says "main")`],
    ["a name for a number", { upstreams: { x: 1 } }, "upstreams.x", `${urlHint} (it says 1)`],
    ["a name without its URL", { upstreams: { x: {} } }, "upstreams.x.url", "this key is missing"],
    [
      "a host without its scheme",
      route({ upstream: "localhost:9000" }),
      'routes["/a"].upstream',
      `${baseUrl}, or a name from upstreams (it says "localhost:9000")`,
    ],
    [
      "a host to ask for with a port",
      { upstream: { url: "https://a.example", host: "b.example:1" } },
      "upstream.host",
      `${hostHint} (it says "b.example:1")`,
    ],
    [
      "a host to ask for in capitals",
      { upstream: { url: "https://a.example", host: "B.example" } },
      "upstream.host",
      `${hostHint} (it says "B.example")`,
    ],
    [
      "a host to ask for that is a URL",
      { upstream: { url: "https://a.example", host: "https://b" } },
      "upstream.host",
      `${hostHint} (it says "https://b")`,
    ],
    [
      "a host to ask for that is a number",
      { upstream: { url: "https://a.example", host: 1 } },
      "upstream.host",
      `${hostHint} (it says 1)`,
    ],
    [
      "one that a closed route has no use for",
      route({ price: "closed", upstream: "https://a.example" }),
      'routes["/a"].upstream',
      "a route that is closed does not use this; remove it",
    ],
  ])("is a mistake: %s", (_, changes, path, remedy) => {
    expect(mistakes(changes)).toEqual([{ path, remedy }]);
  });
});

describe("a facilitator", () => {
  const own = { url: "https://own.example/", verifyTimeoutSeconds: 1, settleTimeoutSeconds: 2 };

  test("is the table's, or the route's own", () => {
    const config = parsed({ routes: { "/a": "$1", "/b": { price: "$1", facilitators: [own] } } });
    const [first, second] = config.facilitators;
    expect(second).toEqual({
      kind: "http",
      url: "https://own.example",
      verifyTimeoutMs: 1000,
      settleTimeoutMs: 2000,
      auth: null,
      feePayer: null,
      facilitatorAddress: null,
    });
    expect(paidOf(config, "/a").offer.facilitators).toEqual([first]);
    expect(paidOf(config, "/b").offer.facilitators).toEqual([second]);
  });

  test("is built once, however many routes write the same", () => {
    const facilitators = ["https://x402.org/facilitator/"];
    expect(parsed(route({ facilitators })).facilitators).toHaveLength(1);
  });

  test.each<[string, object, string, string]>([
    [
      "one that stands there twice",
      { facilitators: [own, "https://own.example"] },
      ".facilitators",
      '"https://own.example" stands here twice; keep one',
    ],
    [
      "without TLS",
      { facilitators: ["http://h"] },
      ".facilitators[0]",
      'write an https URL without query, fragment or user (http only for this machine) (it says "http://h")',
    ],
    [
      "a wrong one, once, though the table's would not leave enough time",
      { facilitators: [{ ...own, settleTimeoutSeconds: 121 }], maxTimeoutSeconds: 20 },
      ".facilitators[0].settleTimeoutSeconds",
      "write at most 120 seconds (it says 121)",
    ],
  ])("is a mistake: %s", (_, changes, place, remedy) => {
    expect(mistakes(route(changes))).toEqual([{ path: `routes["/a"]${place}`, remedy }]);
  });
});

describe("a payment's time", () => {
  const slow = { url: "https://slow.example", timeoutSeconds: 600 };
  const least = (seconds: number): string =>
    `write at least ${seconds}: a payment has to outlast the upstream and the facilitators`;
  const metered = { upto: "$1", meter: [{ usd: "1", per: "1K", of: "usage.tokens" }] };

  test("is the table's, or the route's own", () => {
    const config = parsed({
      maxTimeoutSeconds: 90,
      routes: { "/a": "$1", "/b": { price: "$1", maxTimeoutSeconds: 700 } },
    });
    const times = ["/a", "/b"].map((url) => paidOf(config, url).offer.terms[0]?.requirements.maxTimeoutSeconds);
    expect(times).toEqual([90, 700]);
  });

  test("outlasts verify, the upstream and settle", () => {
    const { upstream, offer } = paidOf(parsed(route({})));
    expect(attemptMs(upstream, offer)).toBe(55_000);
  });

  test.each<[string, object, readonly [string, string][]]>([
    ["enough for the route's own upstream", { upstream: slow, maxTimeoutSeconds: 635 }, []],
    ["too short for it", { upstream: slow, maxTimeoutSeconds: 634 }, [["", least(635)]]],
    ["the table's, which is too short for it", { upstream: slow }, [["", least(635)]]],
    ["too short for the table's upstream", { maxTimeoutSeconds: 64 }, [["", least(65)]]],
    ["enough for a stream that is metered", { price: metered, maxTimeoutSeconds: 80 }, []],
    ["too short for that", { price: metered, maxTimeoutSeconds: 79 }, [["", least(80)]]],
    [
      "too short for what is settled behind its answer",
      { settle: "async", maxUnsettled: "$1", maxTimeoutSeconds: 79 },
      [["", least(80)]],
    ],
    [
      "of a slow facilitator",
      { facilitators: [{ url: "https://f", settleTimeoutSeconds: 120 }], maxTimeoutSeconds: 164 },
      [["", least(165)]],
    ],
    [
      "wrong, which is told once",
      { upstream: slow, maxTimeoutSeconds: "300" },
      [["", 'write a number of seconds (it says "300")']],
    ],
  ])("is, on a route: %s", (_, changes, told) => {
    expect(mistakes(route(changes))).toEqual(
      told.map(([, remedy]) => ({ path: 'routes["/a"].maxTimeoutSeconds', remedy })),
    );
  });

  test("of the table's that is too short for a stream that is metered is told of the route", () => {
    const routes = { "/a": "$1", "/b": metered };
    expect(mistakes({ maxTimeoutSeconds: 79, routes })).toEqual([
      { path: 'routes["/b"].maxTimeoutSeconds', remedy: least(80) },
    ]);
  });

  test("does not matter to a route that is free", () => {
    expect(mistakes(route({ price: "free", upstream: slow }))).toEqual([]);
  });
});

describe("what is sold", () => {
  const routes = { "/a": "$1", "/b": { price: "$1", chargeOn: [404, 206] } };
  const sold = (url: string, changes = {}) => [...paidOf(parsed({ routes, ...changes }), url).offer.chargeOn];

  test("is every success but a part, unless the table or the route says otherwise", () => {
    expect(sold("/a")).toHaveLength(99);
    expect(sold("/a")).not.toContain(206);
    expect(sold("/a", { chargeOn: [200] })).toEqual([200]);
    expect(sold("/b", { chargeOn: [200] })).toEqual([404, 206]);
  });

  test("is a part too where the route takes ranges, if the whole is", () => {
    const ofRoute = (words: object, changes = {}) => {
      const { ranges, chargeOn } = paidOf(
        parsed({ routes: { "/a": { price: "$1", ...words } }, ...changes }),
        "/a",
      ).offer;
      return { ranges, chargeOn: [...chargeOn] };
    };
    expect(ofRoute({}, { chargeOn: [200] })).toEqual({ ranges: false, chargeOn: [200] });
    expect(ofRoute({ ranges: false }, { chargeOn: [200] })).toEqual({ ranges: false, chargeOn: [200] });
    expect(ofRoute({ ranges: true }, { chargeOn: [200] })).toEqual({ ranges: true, chargeOn: [200, 206] });
    expect(ofRoute({ ranges: true, chargeOn: [200, 404] })).toEqual({ ranges: true, chargeOn: [200, 404, 206] });
    expect(ofRoute({ ranges: true, chargeOn: [404] })).toEqual({ ranges: true, chargeOn: [404] });
  });

  test("is not changed for other routes by one that takes ranges", () => {
    const routes = { "/a": { price: "$1", ranges: true }, "/b": "$1", "/c": { price: "$1", chargeOn: [200] } };
    const config = parsed({ routes: { ...routes, "/d": { price: "$1", chargeOn: [200], ranges: true } } });
    const sellsParts = (url: string) => paidOf(config, url).offer.chargeOn.has(206);
    expect(["/a", "/b", "/c", "/d"].map(sellsParts)).toEqual([true, false, false, true]);
  });
});

describe("the mode", () => {
  test.each<[string, object, object, string]>([
    ["enforce by default", {}, {}, "enforce"],
    ["the table's", { mode: "observe" }, {}, "observe"],
    ["the route's own", {}, { mode: "observe" }, "observe"],
    ["the route's own, back to enforce", { mode: "observe" }, { mode: "enforce" }, "enforce"],
  ])("is %s", (_, changes, of, mode) => {
    expect(paidOf(parsed({ ...changes, ...route(of) })).offer.mode).toBe(mode);
  });

  test.each<[string, object, string]>([
    ["of the table", { mode: "off" }, "mode"],
    ["of a route", route({ mode: "off" }), 'routes["/a"].mode'],
  ])("is a mistake %s where it is none", (_, changes, path) => {
    expect(mistakes(changes)).toEqual([{ path, remedy: 'write "enforce" or "observe" (it says "off")' }]);
  });
});

describe("a body's limit", () => {
  test.each<[string, object, object, number | null]>([
    ["none by default", {}, {}, null],
    ["the table's", { bodyBytesMax: 10 }, {}, 10],
    ["the route's own", { bodyBytesMax: 10 }, { bodyBytesMax: 500_000_000 }, 500_000_000],
    ["the route's own, which is nothing", { bodyBytesMax: 10 }, { bodyBytesMax: 0 }, 0],
  ])("is %s", (_, changes, of, bodyBytesMax) => {
    for (const price of ["$1", "free"]) {
      expect(accessOf(parsed({ ...changes, ...route({ price, ...of }) }), "GET", "/a")).toMatchObject({ bodyBytesMax });
    }
  });

  test("is the table's for what no route names", () => {
    expect(parsed({ unmatched: "free", bodyBytesMax: 7 }).unmatched).toMatchObject({ bodyBytesMax: 7 });
  });

  test.each<[unknown, string]>([
    [-1, "write 0 or more (it says -1)"],
    [0.5, "write whole bytes (it says 0.5)"],
    ["1 MB", 'write a number of bytes (it says "1 MB")'],
    [500_000_001, "write at most 500000000 (it says 500000001)"],
  ])("is a mistake: %j", (bodyBytesMax, remedy) => {
    expect(mistakes({ bodyBytesMax })).toEqual([{ path: "bodyBytesMax", remedy }]);
    expect(mistakes(route({ bodyBytesMax }))).toEqual([{ path: 'routes["/a"].bodyBytesMax', remedy }]);
  });
});

describe("contract wallets", () => {
  test.each<[string, object, object, boolean]>([
    ["not by default", {}, {}, false],
    ["where the table says so", { contractWallets: true }, {}, true],
    ["where the route says so", {}, { contractWallets: true }, true],
    ["not where the route says no", { contractWallets: true }, { contractWallets: false }, false],
  ])("may pay: %s", (_, changes, of, contractWallets) => {
    const { terms } = paidOf(parsed({ ...changes, ...route(of) })).offer;
    expect(terms).toMatchObject([{ contractWallets }]);
  });

  test("are allowed with true or false alone", () => {
    const remedy = 'write true or false (it says "yes")';
    expect(mistakes({ contractWallets: "yes" })).toEqual([{ path: "contractWallets", remedy }]);
    expect(mistakes(route({ contractWallets: "yes" }))).toEqual([{ path: 'routes["/a"].contractWallets', remedy }]);
  });
});

describe("WebSockets", () => {
  test("are sold where a route says so, and paid first there whatever the table says", () => {
    const routes = { "/a": { price: "$1", websocket: true }, "/b": "$1", "GET /c": { price: "$1", websocket: false } };
    const config = parsed({ settle: "async", maxUnsettled: "$1", routes });
    expect(paidOf(config).offer).toMatchObject({ webSocket: true, settle: "before", upfront: null });
    expect(requirementsOf(config)).toEqual([
      expect.objectContaining({ extra: expect.objectContaining({ paymentFlow: "upfront" }) }),
    ]);
    for (const url of ["/b", "/c"])
      expect(paidOf(config, url).offer).toMatchObject({ webSocket: false, settle: "async" });
  });

  test.each(["GET /a", "GET,POST /a", "api.example.com/a"])("are opened with GET, so %s may sell them", (key) => {
    const routes = { [key]: { price: "$1", websocket: true, settle: "before" } };
    expect(mistakes({ routes })).toEqual([]);
  });

  test("cannot be opened with another method", () => {
    const remedy = "a WebSocket is opened with GET, which this key does not name; remove this";
    const routes = { "POST /a": { price: "$1", websocket: true }, "PUT /a": { price: "$1", websocket: false } };
    expect(mistakes({ routes })).toEqual([{ path: 'routes["POST /a"].websocket', remedy }]);
  });

  test.each(["after", "async"])("cannot be paid another way than first (%s)", (settle) => {
    const remedy = 'write "before" or remove this: a WebSocket is paid when it is opened';
    expect(mistakes(route({ websocket: true, settle }))).toEqual([{ path: 'routes["/a"].settle', remedy }]);
  });
});

describe("extensions", () => {
  const bazaar = { bazaar: { info: { input: [1, null] }, schema: {} } };
  /** Without what the gate advertises itself. */
  const offerOf = (changes: object) => paidOf(parsed({ paymentIdentifier: "off", ...route({}), ...changes })).offer;
  const tailOf = (changes: object) => offerOf(changes).challenge.tail;

  test("that the gate does not know are advertised as they are", () => {
    expect(tailOf({ extensions: bazaar })).toContain(`"extensions":${JSON.stringify(bazaar)}`);
    expect(offerOf({ extensions: bazaar }).extensions).toEqual(bazaar);
  });

  test("of a route stand in place of the table's", () => {
    const tail = tailOf({ extensions: bazaar, ...route({ extensions: { mine: {} } }) });
    expect(tail).toContain('"extensions":{"mine":{}}');
    expect(tail).not.toContain("bazaar");
    expect(tailOf({ extensions: bazaar, ...route({ extensions: {} }) })).not.toContain("extensions");
  });

  const hint = "write an object of extensions by their names";
  const promise = "the gate would have to keep what this one promises, and does not yet";
  test.each(["sign-in-with-x", "offer-receipt"])("that promise something of the gate are a mistake: %s", (name) => {
    const extensions = { [name]: {} };
    expect(mistakes({ extensions })).toEqual([{ path: `extensions["${name}"]`, remedy: promise }]);
    expect(mistakes(route({ extensions }))).toEqual([{ path: `routes["/a"].extensions["${name}"]`, remedy: promise }]);
  });

  test.each(["eip2612GasSponsoring", "erc20ApprovalGasSponsoring"])(
    "that promise something of the facilitators are a mistake: %s",
    (name) => {
      const remedy = "remove this: the gate advertises it where a facilitator lists it";
      const extensions = { [name]: {} };
      expect(mistakes({ extensions })).toEqual([{ path: `extensions.${name}`, remedy }]);
      expect(mistakes(route({ extensions }))).toEqual([{ path: `routes["/a"].extensions.${name}`, remedy }]);
    },
  );

  test("that name the call are the gate's own key: one that is written is told of it", () => {
    const remedy = 'write "paymentIdentifier": "optional" or "required" instead';
    const extensions = { "payment-identifier": {} };
    expect(mistakes({ extensions })).toEqual([{ path: 'extensions["payment-identifier"]', remedy }]);
    expect(mistakes(route({ extensions }))).toEqual([
      { path: 'routes["/a"].extensions["payment-identifier"]', remedy },
    ]);
  });

  test.each<[string, unknown, string, string]>([
    ["a list", ["bazaar"], "", hint],
    ["a text", "bazaar", "", `${hint} (it says "bazaar")`],
    ["a name for a text", { bazaar: "yes" }, ".bazaar", `${hint} (it says "yes")`],
    ["a name for a list", { bazaar: [] }, ".bazaar", hint],
    [
      "a name as every object has it",
      withKey("constructor", {}),
      "",
      "choose other names than __proto__, constructor, prototype",
    ],
    [
      "a name as a prototype has it",
      withKey("__proto__", {}),
      "",
      "choose other names than __proto__, constructor, prototype",
    ],
  ])("are a mistake: %s", (_, extensions, place, remedy) => {
    expect(mistakes({ extensions })).toEqual([{ path: `extensions${place}`, remedy }]);
    expect(mistakes(route({ extensions }))).toEqual([{ path: `routes["/a"].extensions${place}`, remedy }]);
  });

  const large = { large: { text: "e".repeat(CHALLENGE_FIXED_BYTES_MAX) } };
  const room = `a header has room for ${CHALLENGE_FIXED_BYTES_MAX}`;
  const tooMuch = `a challenge with these is too large: ${room} bytes; shorten extensions, or accept fewer networks`;
  test("of a route that are too large for a header are told where they stand", () => {
    const [told, ...others] = mistakes(route({ extensions: large }));
    expect(others).toEqual([]);
    expect(told?.path).toBe('routes["/a"]');
    expect(told?.remedy).toMatch(
      new RegExp(
        `^its challenge has \\d+ bytes and ${room}; shorten description, mimeType or extensions, or accept fewer networks$`,
      ),
    );
  });

  test("of the table that are too large are told once, not for each route", () => {
    const routes = { "/a": "$1", "/b": "$20", "/c": { price: "$3", description: "Goods" }, "/d": "free" };
    expect(mistakes({ extensions: large, routes })).toEqual([{ path: "extensions", remedy: tooMuch }]);
  });

  test("of the table that are too large do no harm where no route asks with them", () => {
    expect(mistakes({ extensions: large, ...route({ extensions: {} }) })).toEqual([]);
  });

  test("that are none, beside more networks than a header has room for: told once, where they are accepted", () => {
    const accepts = networks.map(({ network }) => network).filter((network) => network.startsWith("eip155:"));
    expect(mistakes({ accepts, routes: { "/a": "$1", "/b": "$2" } })).toEqual([{ path: "accepts", remedy: tooMuch }]);
  });
});

describe("the public hosts", () => {
  test.each<[string, readonly string[], readonly object[]]>([
    ["a name", ["api.example.com"], [{ host: "api.example.com", proto: null }]],
    ["a name with a port", ["api.example.com:8443"], [{ host: "api.example.com:8443", proto: null }]],
    ["an origin", ["https://api.example.com"], [{ host: "api.example.com", proto: "https" }]],
    ["an origin with a port", ["http://api.example.com:8080"], [{ host: "api.example.com:8080", proto: "http" }]],
    [
      "an address",
      ["127.0.0.1:8787", "[::1]:8787"],
      [
        { host: "127.0.0.1:8787", proto: null },
        { host: "[::1]:8787", proto: null },
      ],
    ],
  ])("may be %s", (_, hosts, compiled) => {
    expect(parsed({ hosts }).hosts).toEqual(compiled);
  });

  const hint = 'write a host such as "api.example.com", or its origin such as "https://api.example.com"';
  test.each([
    "API.example.com",
    "https://API.example.com",
    "https://api.example.com/",
    "api.example.com/v1",
    "https://api.example.com:443",
    "http://api.example.com:80",
    "api.example.com:443",
    "api.example.com:",
    "api.example.com:99999",
    "api.example.com.",
    "*.example.com",
    "https://*.example.com",
    "ftp://api.example.com",
    "user@api.example.com",
    "api.example.com?",
    "bücher.example",
    "a b.example",
    "",
  ])("are a mistake: %j", (host) => {
    expect(mistakes({ hosts: ["a.example", host] })).toEqual([
      { path: "hosts[1]", remedy: `${hint} (it says ${JSON.stringify(host)})` },
    ]);
  });

  test.each<[string, unknown, string, string]>([
    ["a text", "a.example", "hosts", 'write a list such as ["api.example.com"] (it says "a.example")'],
    ["no host", [], "hosts", "write at least one host, or leave this key out to serve every one"],
    ["a number", [1], "hosts[0]", "write a text in quotes (it says 1)"],
    [
      "one host twice",
      ["a.example", "b.example", "a.example"],
      "hosts[2]",
      "hosts[0] already names this host; keep one",
    ],
    [
      "two origins of one host",
      ["https://a.example", "http://a.example"],
      "hosts[1]",
      "hosts[0] already names this host; keep one",
    ],
  ])("are a mistake: %s", (_, hosts, path, remedy) => {
    expect(mistakes({ hosts })).toEqual([{ path, remedy }]);
  });
});

describe("the prefix of Faregate's own endpoints", () => {
  test.each([
    [undefined, ".faregate"],
    ["/.faregate/", ".faregate"],
    ["/_pay", "_pay"],
    ["/x402/", "x402"],
  ])("is %j", (prefix, segment) => {
    expect(parsed({ prefix }).prefix).toBe(segment);
  });

  test("leaves the old place to routes when it is moved, and takes the new one from them", () => {
    const routes = { "/.faregate/x": "free", "/_pay/x": "free", "GET /_PAY": "$1", "api.example.com/_pay/*": "closed" };
    const remedy = "paths below /_pay/ are Faregate's own";
    const paths = ["/_pay/x", "GET /_PAY", "api.example.com/_pay/*"].map((key) => `routes[${JSON.stringify(key)}]`);
    expect(mistakes({ prefix: "/_pay/", routes })).toEqual(paths.map((path) => ({ path, remedy })));
  });

  test.each(["", "/", "//", "/a/b/", "pay", "/Pay/", "/pay./", "/../", "/p%61y/", "/a b/", "/*", "/:name", "/pay//"])(
    "is a mistake: %j",
    (prefix) => {
      const remedy = `write one segment such as "/.faregate/" (it says ${JSON.stringify(prefix)})`;
      expect(mistakes({ prefix, routes: { "/pay/x": "free", "/": "$1" } })).toEqual([{ path: "prefix", remedy }]);
    },
  );
});

describe("a route's word that does nothing is a mistake", () => {
  const words = {
    description: "Goods",
    mimeType: "text/plain",
    accepts: ["base"],
    payTo: table.payTo,
    facilitators: ["https://f.example"],
    settle: "after",
    maxUnsettled: "$1",
    chargeOn: [200],
    ranges: false,
    maxTimeoutSeconds: 300,
    extensions: {},
    paymentIdentifier: "optional",
    contractWallets: false,
    mode: "enforce",
  };
  const cases = Object.entries(words).flatMap(([name, value]) =>
    ["free", "closed"].map((price) => [name, price, value] as const),
  );
  test.each([...cases, ["upstream", "closed", "https://a.example"], ["bodyBytesMax", "closed", 1]] as const)(
    "%s, where it is %s",
    (name, price, value) => {
      const remedy = `a route that is ${price} does not use this; remove it`;
      expect(mistakes(route({ price, [name]: value }))).toEqual([{ path: `routes["/a"].${name}`, remedy }]);
    },
  );
});

test("a route by the name of every object's member is told what a key looks like", () => {
  const remedy = 'write "/path" or "METHOD host/path", with one space between';
  const routes = JSON.parse('{ "constructor": "free", "__proto__": "$1", "/a": "$1" }');
  expect(mistakes({ routes })).toEqual([
    { path: "routes.constructor", remedy },
    { path: "routes.__proto__", remedy },
  ]);
});

test("a key of the table by the name of every object's member is told that there is none", () => {
  const error = [
    { path: "__proto__", remedy: expect.stringMatching(/^there is no such key; known are \$schema, upstream,/) },
  ];
  expect(parseConfig(JSON.parse(`{ "__proto__": 1, ${JSON.stringify(table).slice(1)}`))).toEqual({ ok: false, error });
});

test("equal words are one offer, and each route keeps its own place", () => {
  const config = parsed({
    routes: { "/a": "$1", "/b": "$1", "/c": "$2", "/d": { price: "$1", description: "D" } },
  });
  const [a, b, c, d] = ["/a", "/b", "/c", "/d"].map((url) => paidOf(config, url).offer);
  expect(a).toBe(b);
  expect(new Set([a, c, d]).size).toBe(3);
});

test("a mistake that several routes share is told for each of them", () => {
  const remedy = 'USDC has 6 decimals; write at most that many (it says "$0.0000001")';
  expect(mistakes({ routes: { "/a": "$0.0000001", "/b": "$0.0000001" } })).toEqual([
    { path: 'routes["/a"]', remedy },
    { path: 'routes["/b"]', remedy },
  ]);
});
