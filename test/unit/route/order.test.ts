import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Matcher, type Place, type Route } from "../../../src/route/matcher.ts";
import { compareRoutes, covers, shadowsOf } from "../../../src/route/order.ts";
import { placeOf, places, routeOf, tables } from "./tables.ts";

describe("a table is read", () => {
  test.each<[string, readonly string[]]>([
    ["with a host before none", ["h.example/*", "/a/b/c"]],
    ["with hosts in their own order", ["a.example/", "b.example/"]],
    ["with a literal before a name", ["/a/b", "/a/:x"]],
    ["with a name before a star", ["/a/:x", "/a/*"]],
    ["with the literal that is further left", ["/a/*", "/:x/b/c"]],
    ["with the longer first", ["/a/b/c", "/a/b", "/a"]],
    ["with the path before what lies below it", ["/a", "/a/*"]],
    ["with literals in their own order", ["/a", "/b", "/c/a", "/c/b"]],
    ["with a method before none", ["GET /a", "/a"]],
  ])("%s", (_, keys) => {
    const routes = keys.map((key) => routeOf([key, "paid"]));
    expect(
      routes
        .toReversed()
        .sort(compareRoutes)
        .map(({ key }) => key),
    ).toEqual(keys);
  });

  test("with two methods of one path in either order", () => {
    const [get, post] = [routeOf(["GET /a", "paid"]), routeOf(["POST /a", "paid"])];
    expect([compareRoutes(get, post), compareRoutes(post, get), compareRoutes(get, get)]).toEqual([0, 0, 0]);
  });

  test("in one order, whatever the order of the file", () => {
    const property = fc.property(tables, tables, tables, (one, two, three) => {
      for (const a of one) {
        for (const b of two) {
          expect(Math.sign(compareRoutes(a, b)) + Math.sign(compareRoutes(b, a))).toBe(0);
          for (const c of three) {
            if (compareRoutes(a, b) <= 0 && compareRoutes(b, c) <= 0)
              expect(compareRoutes(a, c)).toBeLessThanOrEqual(0);
          }
        }
      }
    });
    fc.assert(property, { numRuns: 50 });
  });
});

describe("a route covers", () => {
  test.each<[string, "free" | "paid", string, boolean]>([
    ["/a", "free", "/a", true],
    ["/a", "free", "/a/b", false],
    ["/a", "paid", "/a/b/c", true],
    ["/a/*", "free", "/a", true],
    ["/a/*", "free", "/a/b/c", true],
    ["/a/*", "free", "/b", false],
    ["/a/b", "paid", "/a", false],
    ["/:x/b", "free", "/a/b", true],
    ["/:x/b", "free", "/a/c", false],
    ["/:x", "paid", "/", false],
    ["h.example/a", "free", "h.example/a", true],
    ["h.example/a", "free", "p.example/a", false],
    ["/a", "free", "p.example/a", true],
    ["GET /a", "free", "/a", true],
  ])("%s, which is %s: %s is %j", (key, kind, place, isCovered) => {
    expect(covers(routeOf([key, kind]), placeOf(place))).toBe(isCovered);
  });
});

/** As a reader of the sorted table would look it up. Of one pattern, `/*` has what lies below the path. */
function firstOf(routes: readonly Route[], place: Place): readonly Route[] {
  const isLate = ({ segments, rest }: Route): number => Number(!rest && place.segments.length > segments.length);
  const pattern = ({ host, segments }: Route): string => JSON.stringify([host, segments]);
  const byPattern = Map.groupBy(
    routes.toSorted(compareRoutes).filter((route) => covers(route, place)),
    pattern,
  );
  return [...byPattern.values()].flatMap((same) => same.sort((a, b) => isLate(a) - isLate(b)));
}

test("the first route of a sorted table that covers a request and has its method is what is meant, up to a barrier", () => {
  const seen = { route: 0, method_not_allowed: 0, unmatched: 0 };
  const property = fc.property(
    tables,
    fc.constantFrom("GET", "POST", "PUT", "PATCH"),
    places,
    (routes, method, place) => {
      const match = new Matcher(routes).match(method, place);
      const covering = firstOf(routes, place);
      const first = covering.find(({ methods }) => methods?.includes(method) ?? true);
      // No route of these takes a spelling of its own.
      if (match.kind === "refused") return expect.fail(match.flaw);
      seen[match.kind]++;
      if (match.kind === "route") expect(match.route).toBe(first);
      if (match.kind === "unmatched") expect(covering).toEqual([]);
      // Of what stands before the first with the method, or of what covers at all, something is priced or closed.
      const before = first ? covering.slice(0, covering.indexOf(first)) : covering;
      if (match.kind === "method_not_allowed" && first)
        expect(before.some(({ access }) => access.kind !== "free")).toBe(true);
      if (match.kind === "method_not_allowed" && !first) expect(before).not.toEqual([]);
    },
  );
  fc.assert(property, { numRuns: 3000 });
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
});

test("a route is shadowed by those that are meant wherever it could be, and by none where it is meant", () => {
  const seen = { shadowed: 0, reached: 0 };
  const property = fc.property(tables, places, (routes, place) => {
    const matcher = new Matcher(routes);
    for (const route of matcher.hasTwins ? [] : routes) {
      const isShadowed = shadowsOf(route, routes, matcher, [], 3) !== null;
      seen[isShadowed ? "shadowed" : "reached"]++;
      const method = route.methods?.[0] ?? "PATCH";
      const match = matcher.match(method, place);
      if (isShadowed) expect(match.kind === "route" && match.route === route).toBe(false);
      const own = { hostname: route.host ?? "x.example", segments: route.segments.map((segment) => segment ?? "~") };
      const isAlone = route.methods !== null && !route.rest;
      if (isAlone) expect(matcher.match(method, own)).toMatchObject({ kind: "route", route: { key: route.key } });
    }
  });
  fc.assert(property, { numRuns: 5000 });
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(5);
});

describe("what shadows a route", () => {
  const shadows = (keys: readonly string[], hosts: readonly string[] = []): readonly string[] | null => {
    const routes = keys.map((key) => routeOf([key, "paid"]));
    const last = routes.at(-1) ?? expect.fail();
    const found = shadowsOf(last, routes, new Matcher(routes), hosts, 2);
    return found && Array.from(found, ({ key }) => key);
  };

  test.each<[string, readonly string[], readonly string[], readonly string[] | null]>([
    ["nothing, where it is reached", ["/a"], [], null],
    ["nothing, where a method is left to it", ["GET /a", "/a"], [], null],
    ["nothing, where a host is left to it", ["a.example/*", "/a"], ["a.example", "b.example"], null],
    ["what takes its path and what lies below", ["/x", "/x/:a", "/x/*"], [], ["/x", "/x/:a"]],
    ["what takes it on the only host", ["a.example/*", "/a"], ["a.example"], ["a.example/*"]],
    ["what lets its method not past", ["GET a.example/*", "POST /a"], ["a.example"], ["GET a.example/*"]],
    ["no route, where its host is not served", ["b.example/a"], ["a.example"], []],
  ])("is %s", (_, keys, hosts, expected) => {
    expect(shadows(keys, hosts)).toEqual(expected);
  });
});
