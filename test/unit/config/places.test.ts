import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Matcher, METHODS, parseRouteKey, type Route } from "../../../src/route/index.ts";
import { PLAIN } from "../route/tables.ts";
import { mistakes } from "./table.ts";

const placeOf = (key: string): string => `routes[${JSON.stringify(key)}]`;
const routesOf = (routes: { readonly [key: string]: string }, hosts?: readonly string[]) => ({
  routes,
  ...(hosts && { hosts }),
});

describe("two routes for the same requests are a mistake of the second", () => {
  test.each([
    ["on one host", "h.example/a", "H.example/a"],
    ["with a name for a segment", "/a/:x/b", "/a/:y/b"],
    ["with a star below a name", "/a/:x/*", "/a/:y/*"],
    ["with one method of several", "h.example/a", "h.example/%61"],
    ["among the methods of both", "GET,POST h.example/a/*", "PUT,POST h.example/a/*"],
  ])("%s", (_, one, other) => {
    const remedy = `${JSON.stringify(one)} already stands for these requests; keep one`;
    expect(mistakes(routesOf({ [one]: "$1", [other]: "free" }))).toEqual([{ path: placeOf(other), remedy }]);
  });

  test("of the third too, and names the one before it", () => {
    expect(mistakes(routesOf({ "/a": "$1", "/A": "$2", "/a/": "$3" }))).toEqual([
      { path: placeOf("/A"), remedy: '"/a" already stands for these requests; keep one' },
      { path: placeOf("/a/"), remedy: '"/A" already stands for these requests; keep one' },
    ]);
  });

  test("also where its price is wrong", () => {
    expect(mistakes(routesOf({ "/a": "$1", "/A": "1" })).map(({ path }) => path)).toEqual([
      placeOf("/A"),
      placeOf("/A"),
    ]);
  });
});

describe("two routes stand beside each other", () => {
  test.each([
    ["on two hosts", "a.example/a", "b.example/a"],
    ["on a host and on every one", "a.example/a", "/a"],
    ["with two methods", "GET /a", "POST /a"],
    ["with a method and with every one", "GET /a", "/a"],
    ["with a path and what lies below it", "/a", "/a/*"],
    ["with the root and a name", "/", "/:a"],
    ["with a name and two", "/:a", "/:a/:b"],
    ["with a name and a colon", "/:a", "/%3A"],
    ["with a star and a name", "/*", "/:a/*"],
  ])("%s", (_, one, other) => {
    expect(mistakes(routesOf({ [one]: "free", [other]: "free" }))).toEqual([]);
  });
});

const SIX = { "GET,POST,PUT /a": "$1", "PATCH /a": "$2", "DELETE,OPTIONS /a": "closed" };

describe("a route that no request reaches is a mistake:", () => {
  test.each<[string, { readonly [key: string]: string }, readonly string[] | undefined, string, string]>([
    [
      "a star below a path and a name that cover what it covers",
      { "/x": "$1", "/x/:a": "$2", "/x/*": "free" },
      undefined,
      "/x/*",
      '"/x" and "/x/:a" come first; remove this, or them',
    ],
    [
      "every method beside keys that list them all",
      { ...SIX, "/a": "closed" },
      undefined,
      "/a",
      '"GET,POST,PUT /a" and "PATCH /a" and "DELETE,OPTIONS /a" come first; remove this, or them',
    ],
    [
      "the root's star below the root and a name, which are priced",
      { "/": "$1", "/:a": "$1", "/*": "closed" },
      undefined,
      "/*",
      '"/" and "/:a" come first; remove this, or them',
    ],
    [
      "a host that is not listed",
      { "b.example/a": "$1" },
      ["a.example"],
      "b.example/a",
      "hosts does not list b.example; add it there, or remove this",
    ],
    [
      "no host, where every listed one has a star of its own",
      { "a.example/*": "$1", "b.example/*": "free", "GET /a": "$2" },
      ["https://a.example", "b.example:8443"],
      "GET /a",
      '"a.example/*" and "b.example/*" come first; remove this, or them',
    ],
    [
      "a method that a priced star on the only host does not have",
      { "GET a.example/*": "$1", "POST /a": "free" },
      ["a.example"],
      "POST /a",
      '"GET a.example/*" comes first; remove one of them',
    ],
    [
      "a method that a closed star on the only host does not have, above a free path",
      { "GET a.example/a": "free", "GET a.example/*": "closed", "POST /a": "free" },
      ["a.example"],
      "POST /a",
      '"GET a.example/*" comes first; remove one of them',
    ],
  ])("%s", (_, routes, hosts, key, why) => {
    expect(mistakes(routesOf(routes, hosts))).toEqual([
      { path: placeOf(key), remedy: `no request comes here: ${why}` },
    ]);
  });
});

describe("a host that is a path without its slash is told how to write it", () => {
  test.each<[string, (readonly string[])?]>([["GET v1/quotes/:symbol"], ["v1/*"], ["V1/*", ["a.example"]]])(
    "%s",
    (key, hosts) => {
      const [, method = "", path = ""] = /^(GET )?(.*)$/.exec(key) ?? [];
      const remedy = `"v1" would be a host; write "${method}/${path}", or name it in hosts`;
      expect(mistakes(routesOf({ [key]: "$1" }, hosts))).toEqual([{ path: placeOf(key), remedy }]);
    },
  );

  test("get/v1", () => {
    const remedy = '"get" would be a host; write "GET /v1", or name it in hosts';
    expect(mistakes(routesOf({ "get/v1": "$1" }))).toEqual([{ path: placeOf("get/v1"), remedy }]);
  });

  test.each<[string, (readonly string[])?]>([
    ["localhost/a"],
    ["[::1]/a"],
    ["127.0.0.1/a"],
    ["gate/a", ["http://gate:8080"]],
  ])("and %s is one", (key, hosts) => {
    expect(mistakes(routesOf({ [key]: "$1" }, hosts))).toEqual([]);
  });
});

describe("a route is reached", () => {
  test.each<[string, { readonly [key: string]: string }, (readonly string[])?]>([
    ["below a free path and a free name, which cover nothing more", { "/x": "free", "/x/:a": "free", "/x/*": "$1" }],
    ["with a star where the name above it is exact", { "/x": "$1", "/x/:a": "free", "/x/*": "$2" }],
    ["with one method that the others lack", { "GET,POST,PUT /a": "$1", "PATCH,DELETE /a": "$2", "/a": "closed" }],
    [
      "below the path of keys that list all six, one of which is free",
      { ...SIX, "DELETE,OPTIONS /a": "free", "/a": "$1" },
    ],
    ["with a name where only some literals are taken", { "/a": "$1", "/b": "$1", "/:x": "$2" }],
    ["with a star behind a deeper one", { "/a/b/*": "$1", "/a/*": "$2", "/*": "free" }],
    [
      "without a host where one of two listed hosts has no star",
      { "a.example/*": "$1", "/a": "$1" },
      ["a.example", "b.example"],
    ],
    ["without a host where every host is served", { "a.example/*": "$1", "/*": "$2" }],
    ["on a host that is listed with a port", { "a.example/*": "$1" }, ["a.example:8443"]],
    ["on an address that is listed with a port", { "[::1]/*": "$1" }, ["[::1]:8443"]],
    ["by HEAD's method where it says so", { "GET /a": "$1", "POST,PUT,PATCH,DELETE,OPTIONS /a": "closed" }],
    ["with one of its methods alone", { "GET,PUT /x": "free", "GET /x/:a": "free", "GET,POST /x/*": "free" }],
  ])("%s", (_, routes, hosts) => {
    expect(mistakes(routesOf(routes, hosts))).toEqual([]);
  });
});

type Written = readonly [key: string, value: { readonly price: string; readonly exact?: boolean }];

/** As the table compiles it, also where it is refused. */
function routeOf([key, { price, exact = false }]: Written): Route {
  const place = parseRouteKey(key, ".faregate");
  if (!place.ok) return expect.fail(place.error);
  const kind = price === "free" || price === "closed" ? price : "paid";
  return { key, ...place.value, access: { kind }, below: kind !== "free" && !exact, ...PLAIN };
}

/** Every path of a small table: its literals and a stranger, and deeper than any pattern. */
const paths: (readonly string[])[] = [[]];
for (const path of paths) if (path.length < 4) paths.push(...["a", "b", "stranger"].map((name) => [...path, name]));

function isReached(route: Route, matcher: Matcher<Route>, hosts: readonly string[]): boolean {
  return hosts.some((hostname) =>
    METHODS.some((method) =>
      paths.some((segments) => {
        const match = matcher.match(method, { hostname, segments });
        return match.kind === "route" && match.route === route;
      }),
    ),
  );
}

test("a route is told to be unreachable where no request of all comes to it, and only there", () => {
  const methods = fc.constantFrom(
    "",
    "",
    "GET ",
    "GET,POST ",
    "POST,PUT,PATCH ",
    "GET,POST,PUT ",
    "PATCH,DELETE,OPTIONS ",
  );
  const host = fc.constantFrom("", "", "", "p.example", "q.example");
  const segments = fc.array(fc.constantFrom("a", "b", ":x"), { maxLength: 3 });
  const key = fc.record({ methods, host, segments, rest: fc.boolean() }).map(({ methods, host, segments, rest }) => {
    return `${methods}${host}/${[...segments, ...(rest ? ["*"] : [])].join("/")}`;
  });
  const value = fc.record({ price: fc.constantFrom("free", "closed", "$1"), exact: fc.boolean() });
  const entries = fc.uniqueArray(fc.tuple(key, value), { maxLength: 8, selector: ([one]) => one });
  const hosts = fc.constantFrom(undefined, ["p.example"], ["p.example", "q.example"], ["p.example", "r.example"]);
  let unreachable = 0;
  let whole = 0;

  const property = fc.property(entries, hosts, (entries, listed) => {
    const written = entries.map(([key, { price, exact }]): Written => {
      return [key, exact && price !== "free" && !key.endsWith("*") ? { price, exact } : { price }];
    });
    const told = mistakes({ routes: Object.fromEntries(written), ...(listed && { hosts: listed }) });
    fc.pre(!told.some(({ remedy }) => remedy.includes("already stands")));
    const wrong = new Set(told.map(({ path }) => path));
    const routes = written.map(routeOf);
    const matcher = new Matcher(routes);
    const served = listed ?? ["p.example", "q.example", "stranger.example"];
    for (const route of routes) {
      const isTold = wrong.has(placeOf(route.key));
      expect([route.key, isReached(route, matcher, served)]).toEqual([route.key, !isTold]);
      if (isTold) unreachable++;
      else whole++;
    }
  });
  fc.assert(property, { numRuns: 400 });
  // Both sides of the claim were seen.
  expect(Math.min(unreachable, whole)).toBeGreaterThan(20);
});
