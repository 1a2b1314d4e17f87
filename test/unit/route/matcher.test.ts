import { getHeapStatistics } from "node:v8";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { METHODS } from "../../../src/route/key.ts";
import { type Match, Matcher, type Place, type Route } from "../../../src/route/matcher.ts";
import { type Kind, placeOf, places, routeOf, tables } from "./tables.ts";

type Table = { readonly [key: string]: Kind };

const matcherOf = (table: Table): Matcher<Route> => new Matcher(Object.entries(table).map(routeOf));

/** The key that a request means, or the methods that would be allowed, or nothing. */
function ask(table: Table, request: string): string | readonly string[] | null {
  const [method = "", place = ""] = request.split(" ");
  const match = matcherOf(table).match(method, placeOf(place));
  if (match.kind === "route") return match.route.key;
  return match.kind === "method_not_allowed" ? match.allow : null;
}

describe("a request means the route", () => {
  test.each<[string, Table, string, string]>([
    ["that is its path", { "/a": "free", "/b": "free" }, "GET /b", "/b"],
    ["with a name for one segment", { "/a/:id": "free" }, "GET /a/7", "/a/:id"],
    ["with a name in the middle", { "/a/:id/b": "free", "/a/*": "paid" }, "GET /a/7/b", "/a/:id/b"],
    ["with a literal rather than a name", { "/a/:id": "free", "/a/b": "paid" }, "GET /a/b", "/a/b"],
    ["with a name rather than a star", { "/a/:id": "paid", "/a/*": "free" }, "GET /a/b", "/a/:id"],
    ["that is literal further left", { "/a/:id": "paid", "/:any/b": "free" }, "GET /a/b", "/a/:id"],
    ["that covers, where its literal stands further left", { "/a": "paid", "/:any/b/c": "free" }, "GET /a/b/c", "/a"],
    ["below a name that is priced", { "/a/:id": "paid" }, "GET /a/7/more", "/a/:id"],
    ["of the name where the literal leads nowhere", { "/a/b/c": "free", "/a/:id/d": "paid" }, "GET /a/b/d", "/a/:id/d"],
    ["of the root", { "/": "free", "/b": "free" }, "GET /", "/"],
    ["in another letter case", { "/V1/quotes": "free" }, "GET /v1/QUOTES", "/V1/quotes"],
    ["with a trailing slash", { "/v1/quotes": "free" }, "GET /v1/quotes/", "/v1/quotes"],
    ["that was written with a trailing slash", { "/v1/quotes/": "free" }, "GET /v1/quotes", "/v1/quotes/"],
    ["with encoded letters", { "/v1/quotes": "free" }, "GET /v1/%71uotes", "/v1/quotes"],
    ["that is deeper", { "/a/*": "closed", "/a/b/*": "free", "/*": "free" }, "GET /a/b/c", "/a/b/*"],
    [
      "that is deeper, wherever it stands",
      { "/*": "free", "/a/b/*": "free", "/a/*": "closed" },
      "GET /a/b/c",
      "/a/b/*",
    ],
    ["that is exact before one with a star", { "/a/*": "free", "/a": "paid" }, "GET /a", "/a"],
    [
      "that is exact and priced before a free one with a star",
      { "/a/b": "paid", "/a/b/*": "free" },
      "GET /a/b",
      "/a/b",
    ],
    ["with a star before what a priced path covers", { "/a": "paid", "/a/*": "free" }, "GET /a/b", "/a/*"],
    ["with its method before one without", { "/a": "closed", "GET /a": "paid" }, "GET /a", "GET /a"],
    ["without a method where no other has its own", { "/a": "closed", "GET /a": "paid" }, "POST /a", "/a"],
    ["exact without a method before a star with it", { "/a": "closed", "GET /a/*": "free" }, "GET /a", "/a"],
    ["deeper without a method before one with it", { "/a/b": "closed", "GET /a/*": "free" }, "GET /a/b", "/a/b"],
    ["with one of several methods", { "GET,POST /a": "paid" }, "POST /a", "GET,POST /a"],
    ["of GET when it asks HEAD", { "GET /a": "paid" }, "HEAD /a", "GET /a"],
    ["of GET when it asks HEAD beside one without a method", { "GET /a": "paid", "/a": "free" }, "HEAD /a", "GET /a"],
    ["above a deeper free one that lacks its method", { "POST /a/b": "free", "/a/*": "closed" }, "GET /a/b", "/a/*"],
    ["with a star beside a free one that lacks its method", { "POST /a": "free", "/a/*": "paid" }, "GET /a", "/a/*"],
    ["above a branch that ends nowhere", { "/a/b/c": "free", "/*": "paid" }, "GET /a/b/x", "/*"],
    ["with a star at its own path", { "/a/*": "paid" }, "GET /a", "/a/*"],
    ["with a star below it", { "/a/*": "free" }, "GET /a/b/c/d", "/a/*"],
    ["priced below its path", { "/a": "paid" }, "GET /a/b/c", "/a"],
    ["closed below its path", { "/a": "closed" }, "GET /a/b/c", "/a"],
    ["priced below its path, with its method", { "GET /a": "paid" }, "HEAD /a/b", "GET /a"],
    ["priced below the root", { "/": "paid" }, "GET /anything/at/all", "/"],
    ["of its host before one of every host", { "/a": "free", "h.example/a": "paid" }, "GET h.example/a", "h.example/a"],
    ["of every host where its own names another", { "/a": "free", "p.example/a": "paid" }, "GET h.example/a", "/a"],
    [
      "of its host with a star before a literal of every host",
      { "/a/b": "free", "h.example/*": "paid" },
      "GET h.example/a/b",
      "h.example/*",
    ],
    ["of every host where its own has no such path", { "/a": "free", "h.example/b": "paid" }, "GET h.example/a", "/a"],
    [
      "of every host where a free one of its own lacks its method",
      { "/a": "paid", "POST h.example/a": "free" },
      "GET h.example/a",
      "/a",
    ],
    ["of a host that is an address", { "[::1]/a": "free" }, "GET [::1]/a", "[::1]/a"],
    ["that names the sharp s otherwise", { "/stra%C3%9Fe": "paid" }, "GET /STRASSE", "/stra%C3%9Fe"],
  ])("%s", (_, table, request, key) => {
    expect(ask(table, request)).toBe(key);
  });
});

describe("a request means no route", () => {
  test.each<[string, Table, string]>([
    ["of an empty table", {}, "GET /"],
    ["below a free path", { "/a": "free" }, "GET /a/b"],
    ["below a free root", { "/": "free" }, "GET /b"],
    ["above a path", { "/a/b": "paid" }, "GET /a"],
    ["above a star", { "/a/b/*": "paid" }, "GET /a"],
    ["beside a path", { "/a": "paid" }, "GET /ab"],
    ["by the name of an object's own members", { "/a": "paid" }, "GET /__proto__"],
    ["on a host that no key names", { "p.example/a": "paid" }, "GET h.example/a"],
    ["on a host by the name of an object's own members", { "p.example/a": "paid" }, "GET __proto__/a"],
  ])("%s", (_, table, request) => {
    expect(ask(table, request)).toBeNull();
  });
});

describe("a request whose path is known, but not with its method, is told the methods", () => {
  test.each<[string, Table, string, readonly string[]]>([
    ["of a priced path", { "GET /a": "paid" }, "POST /a", ["GET", "HEAD"]],
    ["of a closed path", { "POST /a": "closed" }, "GET /a", ["POST"]],
    ["of a free path", { "PUT /a": "free" }, "GET /a", ["PUT"]],
    ["of a path below a priced one", { "POST /a": "paid" }, "GET /a/b/c", ["POST"]],
    ["of a star", { "DELETE,PATCH /a/*": "free" }, "GET /a/b", ["PATCH", "DELETE"]],
    ["of a star at its own path", { "POST /a/*": "free" }, "GET /a", ["POST"]],
    [
      "of every route on the way",
      { "POST /a": "paid", "PUT /a/*": "free", "GET /a/b": "free" },
      "PATCH /a/b",
      ["GET", "HEAD", "POST", "PUT"],
    ],
    ["once each", { "POST /a": "paid", "POST /a/b": "paid" }, "GET /a/b", ["POST"]],
    ["for HEAD without GET", { "POST /a": "paid" }, "HEAD /a", ["POST"]],
    ["for a method in small letters", { "GET /a": "paid" }, "get /a", ["GET", "HEAD"]],
  ])("%s", (_, table, request, allow) => {
    expect(ask(table, request)).toEqual(allow);
  });

  test.each<[string, Table, string, readonly string[]]>([
    ["a free star above it", { "GET /a": "paid", "/*": "free" }, "POST /a", ["GET", "HEAD"]],
    ["a closed star above it", { "GET /a": "paid", "/*": "closed" }, "POST /a", ["GET", "HEAD"]],
    ["a free star at its own path", { "GET /a": "paid", "/a/*": "free" }, "POST /a", ["GET", "HEAD"]],
    ["a free star above its star", { "GET /a/*": "paid", "/*": "free" }, "POST /a/b", ["GET", "HEAD"]],
    ["a free star above what it covers", { "GET /a": "closed", "/*": "free" }, "POST /a/b", ["GET", "HEAD"]],
    [
      "a free path of another method",
      { "GET /a": "paid", "PUT /a": "free", "/*": "free" },
      "POST /a",
      ["GET", "HEAD", "PUT"],
    ],
    ["a free star of every host", { "GET h.example/a": "paid", "/*": "free" }, "POST h.example/a", ["GET", "HEAD"]],
  ])("and a priced or closed place does not fall through to %s", (_, table, request, allow) => {
    expect(ask(table, request)).toEqual(allow);
  });

  const ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
  test.each<[string, Table, string, readonly string[]]>([
    ["a route without a method", { "/a": "paid" }, "TRACE /a", ALL],
    ["a free route without a method", { "/*": "free" }, "BREW /a", ALL],
    ["a route with methods", { "GET,PUT /a": "paid" }, "CONNECT /a", ["GET", "HEAD", "PUT"]],
    ["a path that has no route", {}, "TRACE /a", ALL],
    ["the name of an object's own member", { "/a": "paid" }, "constructor /a", ALL],
  ])("and a method that nobody can price does not pass to %s", (_, table, request, allow) => {
    expect(ask(table, request)).toEqual(allow);
  });

  test("not those of a free path above it", () => {
    expect(ask({ "POST /a": "free" }, "GET /a/b")).toBeNull();
  });
});

describe("a place", () => {
  const matcher = matcherOf({ "GET /a": "paid", "POST /a": "free", "/free/*": "free", "PUT /free/x": "closed" });

  test.each<[string, readonly string[]]>([
    ["/a", ["GET", "HEAD", "POST"]],
    ["/a/below", ["GET", "HEAD"]],
    ["/free/x", ["PUT"]],
    ["/nothing", []],
  ])("%s has its methods", (place, methods) => {
    expect(matcher.methods(placeOf(place))).toEqual(methods);
  });

  test.each([
    ["/free/y", true],
    ["/nothing", true],
    ["/a", false],
    ["/free/x", false],
  ])("%s is free, whatever the method: %j", (place, isFree) => {
    expect(matcher.every(placeOf(place), ({ access }) => access.kind === "free")).toBe(isFree);
  });
});

/** The rule as it is written, place by place from the most specific one; every route is tried. */
function naiveMatch(routes: readonly Route[], method: string, place: Place): Match<Route> {
  const verbs = METHODS.filter((verb) => naiveRoute(routes, verb, place) !== null);
  const withHead = (list: readonly string[]) => list.flatMap((verb) => (verb === "GET" ? ["GET", "HEAD"] : [verb]));
  const allow = withHead(verbs);
  const verb = method === "HEAD" ? "GET" : method;
  if (!METHODS.includes(verb))
    return { kind: "method_not_allowed", allow: allow.length > 0 ? allow : withHead(METHODS) };
  const route = naiveRoute(routes, verb, place);
  if (route) return { kind: "route", route };
  return allow.length > 0 ? { kind: "method_not_allowed", allow } : { kind: "unmatched" };
}

function naiveRoute(routes: readonly Route[], verb: string, place: Place): Route | null {
  const spots = Map.groupBy(
    routes.filter((route) => isAbove(route, place)),
    ({ host, segments, rest }) => JSON.stringify([host, segments, rest]),
  );
  const ordered = [...spots.values()].sort(([a], [b]) => (a && b ? compare(ranks(a, place), ranks(b, place)) : 0));
  for (const spot of ordered) {
    const route = spot.find(({ methods }) => methods?.includes(verb)) ?? spot.find(({ methods }) => methods === null);
    if (route) return route;
    if (spot.some(({ access }) => access.kind !== "free")) return null;
  }
  return null;
}

function isAbove({ host, segments, rest, below }: Route, { hostname, segments: path }: Place): boolean {
  const isLong = path.length > segments.length;
  const isAlong = segments.every((segment, i) => i < path.length && (segment === null || segment === path[i]));
  return (host ?? hostname) === hostname && isAlong && (!isLong || rest || below);
}

/** A host before none; then from the left a literal, a name, `/*`, and what is covered without it. */
const ranks = ({ host, segments, rest }: Route, place: Place): readonly number[] => [
  host === null ? 1 : 0,
  ...segments.map((segment) => (segment === null ? 1 : 0)),
  rest ? 2 : place.segments.length === segments.length ? 0 : 3,
];

function compare(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((rank, at) => rank !== b[at]);
  return i < 0 ? 0 : (a[i] ?? 0) - (b[i] ?? 0);
}

test("the tree agrees with trying every route", () => {
  const methods = fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "TRACE");
  const property = fc.property(tables, methods, places, (routes, method, place) => {
    expect(new Matcher(routes).match(method, place)).toEqual(naiveMatch(routes, method, place));
  });
  fc.assert(property, { numRuns: 3000 });
});

describe("a match allocates nothing", () => {
  const matcher = matcherOf({
    "/free": "free",
    "GET /paid/:id": "paid",
    "h.example/host/*": "closed",
    "POST /deep/a/b/c": "paid",
  });
  const requests = [
    "GET /free",
    "HEAD /paid/7",
    "GET h.example/host/x",
    "GET /nothing/at/all",
    "PUT /paid/7",
    "TRACE /free",
  ];

  /**
   * By one call, on average, in the first round that tells of none: the runtime itself allocates while it compiles, and
   * may set aside a buffer of some 256 KB with each look at its statistics.
   */
  function bytesOf(call: () => unknown): number {
    const calls = 500_000;
    let kept: unknown;
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 8 && least >= 1; round++) {
      const before = getHeapStatistics().total_allocated_bytes;
      for (let i = 0; i < calls; i++) kept = call();
      least = Math.min(least, (getHeapStatistics().total_allocated_bytes - before) / calls);
    }
    expect(kept).toBeDefined();
    return least;
  }

  test.each(requests)("%s", (request) => {
    const [method = "", text = ""] = request.split(" ");
    const place = placeOf(text);
    expect(bytesOf(() => matcher.match(method, place))).toBeLessThan(1);
  });

  test("which the same measure would tell of one that does", () => {
    const place = placeOf("/free");
    const box: { kept: unknown } = { kept: null };
    const wasteful = () => (box.kept = { match: matcher.match("GET", place) });
    expect(bytesOf(wasteful)).toBeGreaterThan(10);
  });
});

describe("with ten thousand routes", () => {
  const tableOf = (count: number) =>
    Array.from({ length: count }, (_, i) => routeOf([`GET /v1/things-${i}/:id/parts`, "paid"]));
  const few = new Matcher(tableOf(10));
  const many = new Matcher(tableOf(10_000));

  /** Every look into a node is a look into one of its maps. */
  function looksOf(matcher: Matcher<Route>, path: string): number {
    const place = placeOf(path);
    const get = vi.spyOn(Map.prototype, "get");
    matcher.match("GET", place);
    const { length } = get.mock.calls;
    get.mockRestore();
    return length;
  }

  test.each([
    ["a hit", "/v1/things-7/a/parts"],
    ["what a hit covers", "/v1/things-7/a/parts/b/c"],
    ["a miss", "/v1/nothing/a"],
    ["a shared prefix", "/v1/things-7/a"],
  ])("%s takes as many looks as with ten", (_, path) => {
    const looks = looksOf(many, path);
    expect(looks).toBe(looksOf(few, path));
    expect(looks).toBeGreaterThan(0);
  });

  test("the last one is found like the first", () => {
    expect(many.match("GET", placeOf("/v1/things-9999/a/parts"))).toMatchObject({ kind: "route" });
  });
});
