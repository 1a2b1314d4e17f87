import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { METHODS, parseRouteKey } from "../../../src/route/key.ts";
import { type Access, type Match, Matcher, type Route } from "../../../src/route/matcher.ts";
import { canonicalPath } from "../../../src/route/path.ts";

type Kind = Access["kind"];

const accesses: { readonly [kind in Kind]: Access } = {
  free: { kind: "free" },
  closed: { kind: "closed" },
  paid: { kind: "paid", offer: { terms: [], chargeOn: new Set(), challenge: { tail: "", fixedBytes: 0, v1: [] } } },
};

const routeOf = ([key, kind]: readonly [key: string, kind: Kind]): Route => {
  const parsed = parseRouteKey(key);
  return parsed.ok
    ? { key, ...parsed.value, access: accesses[kind], below: kind !== "free" }
    : expect.fail(parsed.error);
};

const segmentsOf = (path: string): readonly string[] => {
  const canonical = canonicalPath(path);
  return canonical.ok ? canonical.value.segments : expect.fail(canonical.error);
};

/** The key that a request means, or the methods that would be allowed, or nothing. */
function ask(table: { readonly [key: string]: Kind }, request: string): string | readonly string[] | null {
  const [method = "", path = ""] = request.split(" ");
  const match = new Matcher(Object.entries(table).map(routeOf)).match(method, segmentsOf(path));
  if (match.kind === "route") return match.route.key;
  return match.kind === "method_not_allowed" ? match.allow : null;
}

describe("a request means the route", () => {
  test.each<[string, { readonly [key: string]: Kind }, string, string]>([
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
    ["that names the sharp s otherwise", { "/stra%C3%9Fe": "paid" }, "GET /STRASSE", "/stra%C3%9Fe"],
  ])("%s", (_, table, request, key) => {
    expect(ask(table, request)).toBe(key);
  });
});

describe("a request means no route", () => {
  test.each<[string, { readonly [key: string]: Kind }, string]>([
    ["of an empty table", {}, "GET /"],
    ["below a free path", { "/a": "free" }, "GET /a/b"],
    ["below a free root", { "/": "free" }, "GET /b"],
    ["above a path", { "/a/b": "paid" }, "GET /a"],
    ["above a star", { "/a/b/*": "paid" }, "GET /a"],
    ["beside a path", { "/a": "paid" }, "GET /ab"],
    ["by the name of an object's own members", { "/a": "paid" }, "GET /__proto__"],
  ])("%s", (_, table, request) => {
    expect(ask(table, request)).toBeNull();
  });
});

describe("a request whose path is known, but not with its method, is told the methods", () => {
  test.each<[string, { readonly [key: string]: Kind }, string, readonly string[]]>([
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

  test.each<[string, { readonly [key: string]: Kind }, string, readonly string[]]>([
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
  ])("and a priced or closed place does not fall through to %s", (_, table, request, allow) => {
    expect(ask(table, request)).toEqual(allow);
  });

  const ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
  test.each<[string, { readonly [key: string]: Kind }, string, readonly string[]]>([
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

/** The rule as it is written, place by place from the most specific one; every route is tried. */
function naiveMatch(routes: readonly Route[], method: string, path: readonly string[]): Match {
  const verbs = METHODS.filter((verb) => naiveRoute(routes, verb, path) !== null);
  const withHead = (list: readonly string[]) => list.flatMap((verb) => (verb === "GET" ? ["GET", "HEAD"] : [verb]));
  const allow = withHead(verbs);
  const verb = method === "HEAD" ? "GET" : method;
  if (!METHODS.includes(verb))
    return { kind: "method_not_allowed", allow: allow.length > 0 ? allow : withHead(METHODS) };
  const route = naiveRoute(routes, verb, path);
  if (route) return { kind: "route", route };
  return allow.length > 0 ? { kind: "method_not_allowed", allow } : { kind: "unmatched" };
}

function naiveRoute(routes: readonly Route[], verb: string, path: readonly string[]): Route | null {
  const places = Map.groupBy(
    routes.filter((route) => covers(route, path)),
    ({ segments, rest }) => JSON.stringify([segments, rest]),
  );
  const ordered = [...places.values()].sort(([a], [b]) => (a && b ? compare(ranks(a, path), ranks(b, path)) : 0));
  for (const place of ordered) {
    const route = place.find(({ methods }) => methods?.includes(verb)) ?? place.find(({ methods }) => methods === null);
    if (route) return route;
    if (place.some(({ access }) => access.kind !== "free")) return null;
  }
  return null;
}

function covers({ segments, rest, below }: Route, path: readonly string[]): boolean {
  const isLong = path.length > segments.length;
  const isAlong = segments.every((segment, i) => i < path.length && (segment === null || segment === path[i]));
  return isAlong && (!isLong || rest || below);
}

/** From the left: a literal, then a name, then `/*`, then what is covered without it. */
const ranks = ({ segments, rest }: Route, path: readonly string[]): readonly number[] => [
  ...segments.map((segment) => (segment === null ? 1 : 0)),
  rest ? 2 : path.length === segments.length ? 0 : 3,
];

function compare(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((rank, at) => rank !== b[at]);
  return i < 0 ? 0 : (a[i] ?? 0) - (b[i] ?? 0);
}

test("the tree agrees with trying every route", () => {
  const path = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 4 });
  const methods = fc.option(fc.uniqueArray(fc.constantFrom("GET", "POST", "PUT"), { minLength: 1 }));
  const kind = fc.constantFrom<Kind>("free", "closed", "paid");
  const pattern = fc.array(fc.constantFrom("a", "b", "c", null), { maxLength: 4 });
  const route = fc
    .record({ methods, segments: pattern, rest: fc.boolean(), kind, isExact: fc.boolean() })
    .map(({ methods, segments, rest, kind, isExact }): Route => {
      const names = segments.map((segment) => segment ?? ":name");
      const key = `${methods ? `${methods} ` : ""}/${[...names, ...(rest ? ["*"] : [])].join("/")}`;
      return { key, methods, segments, rest, access: accesses[kind], below: kind !== "free" && !isExact };
    });
  // Two routes at one place are a mistake of the table.
  const places = ({ methods, segments, rest }: Route) =>
    (methods ?? ["*"]).map((one) => `${one} ${JSON.stringify(segments)} ${rest}`);
  const table = fc.array(route, { maxLength: 10 }).map((routes) => {
    const taken = new Set<string>();
    return routes.filter((one) => {
      const isFree = places(one).every((place) => !taken.has(place));
      if (isFree) for (const place of places(one)) taken.add(place);
      return isFree;
    });
  });
  fc.assert(
    fc.property(
      table,
      fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "TRACE"),
      path,
      (routes, method, segments) => {
        expect(new Matcher(routes).match(method, segments)).toEqual(naiveMatch(routes, method, segments));
      },
    ),
    { numRuns: 3000 },
  );
});

describe("with ten thousand routes", () => {
  const tableOf = (count: number) =>
    Array.from({ length: count }, (_, i) => routeOf([`GET /v1/things-${i}/:id/parts`, "paid"]));
  const few = new Matcher(tableOf(10));
  const many = new Matcher(tableOf(10_000));

  /** Every look into a node is a look into one of its maps. */
  function looksOf(matcher: Matcher, path: string): number {
    const segments = segmentsOf(path);
    const get = vi.spyOn(Map.prototype, "get");
    matcher.match("GET", segments);
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
    expect(many.match("GET", segmentsOf("/v1/things-9999/a/parts"))).toMatchObject({ kind: "route" });
  });
});
