import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Match, Matcher, type Place, type Route } from "../../../src/route/matcher.ts";
import { type Allowance, canonicalPath, fold } from "../../../src/route/path.ts";
import { isContested, isNamedApart } from "../../../src/route/spelling.ts";
import { parseTarget } from "../../../src/route/target.ts";
import { type Kind, routeOf } from "./tables.ts";

const ALL: readonly Allowance[] = ["allowEncodedSlash", "allowSemicolon", "allowDoubleSlash"];

interface Written {
  readonly kind: Kind;
  readonly allows?: readonly Allowance[];
  readonly caseSensitive?: boolean;
}
type Table = { readonly [key: string]: Written };

const routesOf = (table: Table): readonly Route[] =>
  Object.entries(table).map(([key, { kind, allows = [], caseSensitive = false }]) => ({
    ...routeOf([key, kind]),
    allows: new Set(allows),
    caseSensitive,
  }));

const matcherOf = (table: Table): Matcher<Route> => new Matcher(routesOf(table));

/** The key that a request means, what it is refused for, or nothing. */
function ask(table: Table, request: string): string | null {
  const [method = "", path = ""] = request.split(" ");
  const matcher = matcherOf(table);
  const target = parseTarget(`http://h.example${path}`, matcher.allows);
  if (!target.ok) return "flaw" in target.error ? target.error.flaw : target.error.reason;
  return said(matcher.match(method, target.value));
}

function said(match: Match<Route>): string | null {
  if (match.kind === "route") return match.route.key;
  if (match.kind === "refused") return match.flaw;
  return match.kind === "unmatched" ? null : String(match.allow);
}

describe("a path in a spelling that some route allows is read as it is written:", () => {
  test.each<[string, readonly Allowance[], string, readonly string[], number]>([
    ["/f/a%2fb", ["allowEncodedSlash"], "/f/a%2Fb", ["f", "a", "b"], 1],
    ["/f/%61%2F%42", ["allowEncodedSlash"], "/f/a%2FB", ["f", "a", "B"], 1],
    ["/f/a/b%2Fc/d", ["allowEncodedSlash"], "/f/a/b%2Fc/d", ["f", "a", "b", "c", "d"], 2],
    ["/f/caf%c3%a9%2Fx", ["allowEncodedSlash"], "/f/caf%C3%A9%2Fx", ["f", "café", "x"], 1],
    ["/f/a;b=1", ["allowSemicolon"], "/f/a;b=1", ["f", "a"], 1],
    ["/f/a%3bb", ["allowSemicolon"], "/f/a%3Bb", ["f", "a"], 1],
    ["/f/a;;b;/c;d/", ["allowSemicolon"], "/f/a;;b;/c;d/", ["f", "a", "c"], 1],
    ["/f//a", ["allowDoubleSlash"], "/f//a", ["f", "a"], 1],
    ["/f/a//", ["allowDoubleSlash"], "/f/a//", ["f", "a"], 2],
    ["//f///a", ["allowDoubleSlash"], "//f///a", ["f", "a"], 0],
    ["/f/a;x%2Fb", ["allowSemicolon", "allowEncodedSlash"], "/f/a;x%2Fb", ["f", "a", "b"], 1],
    ["/f/a%2Fb;x//c", ALL, "/f/a%2Fb;x//c", ["f", "a", "b", "c"], 1],
  ])("%s", (raw, needs, text, names, plainDepth) => {
    const path = canonicalPath(raw, new Set(ALL));
    expect(path).toMatchObject({ ok: true, value: { text, segments: names.map(fold), spelling: { names } } });
    expect(path.ok && path.value.spelling.oddity).toMatchObject({ plainDepth });
    expect(path.ok && path.value.spelling.oddity?.needs.toSorted()).toEqual(needs.toSorted());
    // Its canonical text is read in the same way, and a URL keeps it.
    expect(canonicalPath(text, new Set(ALL))).toEqual(path);
    expect(new URL(`https://api.example.com${text}?q`).pathname).toBe(text);
  });

  test("and a plain one as it is without them", () => {
    expect(canonicalPath("/f/A/", new Set(ALL))).toEqual(canonicalPath("/f/A/"));
  });
});

describe("every allowance together lets nothing else through:", () => {
  test.each([
    ["/f/..%2Fpaid", "dot_at_segment_end"],
    ["/f/a%2F..%2Fpaid", "dot_at_segment_end"],
    ["/f/a%2F.", "dot_at_segment_end"],
    ["/f/a%2F%2e%2e/paid", "dot_at_segment_end"],
    ["/f/..;/paid", "dot_at_segment_end"],
    ["/f/..;x=1/paid", "dot_at_segment_end"],
    ["/f/.;/paid", "dot_at_segment_end"],
    ["/f/a;../paid", "dot_at_segment_end"],
    ["/f/%2e%2e%3b/paid", "dot_at_segment_end"],
    ["/f//../paid", "dot_at_segment_end"],
    ["/f/a;x=%2F..", "dot_at_segment_end"],
    ["/f/%2Fpaid", "empty_segment"],
    ["/f/a%2F%2Fb", "empty_segment"],
    ["/f/a%2F", "empty_segment"],
    ["/f/;/paid", "empty_segment"],
    ["/f/;x", "empty_segment"],
    ["/f/a%2F;x", "empty_segment"],
    ["/f/%3B", "empty_segment"],
    ["/f/a%252Fb", "encoded_delimiter"],
    ["/f/a;b%5Cc", "encoded_delimiter"],
    ["/f/a%2Fb%3Fc", "encoded_delimiter"],
    ["/f/a%2Fb%23c", "encoded_delimiter"],
    ["/f/a%2Fb%5C", "encoded_delimiter"],
    ["/f//a\\b", "backslash"],
    ["/f//a%0a", "control_character"],
    ["/f/a;b%00", "control_character"],
    ["/f//a%20", "space_at_segment_edge"],
    ["/f/a%20;b", "space_at_segment_edge"],
    ["/f/a%2F%20b", "space_at_segment_edge"],
    ["/f//%EF%BC%8F", "not_nfkc"],
    ["/f/a%2F%ff", "not_utf8"],
    ["/f/a;%zz", "bad_percent_encoding"],
    ["/f//é", "not_ascii"],
  ])("%s is %s", (raw, flaw) => {
    expect(canonicalPath(raw, new Set(ALL))).toEqual({ ok: false, error: flaw });
  });

  test.each<[Allowance, readonly string[]]>([
    ["allowEncodedSlash", ["/f/a;b", "/f//a", "/f/a%3Bb", "/f/a%2Fb;c", "/f/a%2Fb//c"]],
    ["allowSemicolon", ["/f/a%2Fb", "/f//a", "/f/a;b%2Fc", "/f/a;b//c"]],
    ["allowDoubleSlash", ["/f/a%2Fb", "/f/a;b", "/f//a;b", "/f//a%2Fb", "/f//a%3Bb"]],
  ])("%s alone allows none of the others", (allowance, paths) => {
    for (const raw of paths) expect(canonicalPath(raw, new Set([allowance]))).toMatchObject({ ok: false });
  });
});

const slash = (kind: Kind): Written => ({ kind, allows: ["allowEncodedSlash"] });
const semicolon = (kind: Kind): Written => ({ kind, allows: ["allowSemicolon"] });
const double = (kind: Kind): Written => ({ kind, allows: ["allowDoubleSlash"] });
const free: Written = { kind: "free" };
const paid: Written = { kind: "paid" };

describe("a spelling that a route allows means", () => {
  test.each<[string, Table, string, string | null]>([
    ["that route", { "/f/*": slash("free") }, "GET /f/a%2Fb", "/f/*"],
    ["that route, priced", { "/f": semicolon("paid") }, "GET /f/a;b", "/f"],
    ["that route, deeper", { "/f/*": double("free") }, "GET /f/a//b", "/f/*"],
    ["that route in another letter case", { "/f/*": slash("free") }, "GET /F/a%2Fb", "/f/*"],
    ["that route behind a name", { "/f/:id/x/*": slash("free") }, "GET /f/7/x/a%2Fb", "/f/:id/x/*"],
    ["that route for HEAD", { "GET /f/*": slash("paid") }, "HEAD /f/a%2Fb", "GET /f/*"],
    ["the route of its method", { "GET /f/*": slash("free"), "POST /f/*": paid }, "GET /f/a%2Fb", "GET /f/*"],
    ["that route with all that it allows", { "/f/*": { kind: "free", allows: ALL } }, "GET /f//a;x%2Fb", "/f/*"],
    // A refusal, which names the spelling.
    ["nothing of another route", { "/f/*": slash("free"), "/g/*": free }, "GET /g/a%2Fb", "encoded_delimiter"],
    ["nothing of a route above", { "/f/*": slash("free"), "/*": free }, "GET /g/a%2Fb", "encoded_delimiter"],
    ["nothing unmatched", { "/f/*": slash("free") }, "GET /g/a%2Fb", "encoded_delimiter"],
    ["nothing in the key's own names", { "/f/*": slash("free") }, "GET /f%2Fa", "encoded_delimiter"],
    [
      "nothing in the key's own names, further left",
      { "/f/g/*": slash("free") },
      "GET /f%2Fg/a%2Fb",
      "encoded_delimiter",
    ],
    ["nothing in the name of a segment", { "/f/:id": slash("paid") }, "GET /f/a%2Fb", "encoded_delimiter"],
    ["nothing at the key's own path", { "/f/*": double("free") }, "GET /f//", "empty_segment"],
    ["nothing at the root", { "/f/*": double("free"), "/": free }, "GET //", "empty_segment"],
    ["nothing before the key", { "/f/*": double("free") }, "GET //f/a", "empty_segment"],
    ["nothing behind parameters of the key", { "/f/*": semicolon("free") }, "GET /f;x/a", "semicolon"],
    [
      "nothing for another method",
      { "GET /f/*": slash("free"), "POST /f/*": paid },
      "POST /f/a%2Fb",
      "encoded_delimiter",
    ],
    ["nothing for a method that no route has", { "GET /f/*": slash("free") }, "PUT /f/a%2Fb", "encoded_delimiter"],
    ["nothing for a method that nobody can price", { "/f/*": slash("free") }, "TRACE /f/a%2Fb", "encoded_delimiter"],
    ["nothing that needs more", { "/f/*": slash("free"), "/g/*": semicolon("free") }, "GET /f/a%2Fb;c", "semicolon"],
    [
      "nothing of what another route allows",
      { "/f/*": slash("free"), "/g/*": semicolon("free") },
      "GET /f/a;b",
      "semicolon",
    ],
    ["nothing of a priced route below", { "/f/*": slash("free"), "/f/p": paid }, "GET /f/p%2Fx", "encoded_delimiter"],
    ["nothing of a priced route below, merged", { "/f/*": double("free"), "/f/p": paid }, "GET /f//p", "empty_segment"],
    ["nothing of a barrier below", { "/f/*": double("free"), "POST /f/p": paid }, "GET /f//p", "empty_segment"],
    [
      "nothing of a route below that allows it there",
      { "/f/*": slash("free"), "/f/p/*": slash("paid") },
      "GET /f/p%2Fx",
      "encoded_delimiter",
    ],
    [
      "the route below, where that is written plainly",
      { "/f/*": slash("free"), "/f/p/*": slash("paid") },
      "GET /f/p/x%2Fy",
      "/f/p/*",
    ],
  ])("%s", (_, table, request, expected) => {
    expect(ask(table, request)).toBe(expected);
  });

  test("nothing where no route of the table allows it", () => {
    expect(ask({ "/f/*": free }, "GET /f/a%2Fb")).toBe("encoded_delimiter");
  });

  test("the methods of its route alone, to a browser that asks", () => {
    const matcher = matcherOf({ "GET /f/*": slash("paid"), "POST /f/*": paid });
    const target = parseTarget("http://h/f/a%2Fb", matcher.allows);
    if (!target.ok) return expect.fail();
    expect(matcher.methods(target.value)).toEqual(["GET", "HEAD"]);
    expect(matcher.every(target.value, () => true)).toBe(false);
  });
});

const cased = (kind: Kind): Written => ({ kind, caseSensitive: true });

describe("where a key is case-sensitive, a request means", () => {
  const twins: Table = { "/r/AbC": cased("paid"), "/r/abc": cased("free"), "/r/*": free };
  test.each<[string, Table, string, string | null]>([
    ["the key in its own letter case", twins, "GET /r/AbC", "/r/AbC"],
    ["its twin", twins, "GET /r/abc", "/r/abc"],
    ["the key with an encoded letter", twins, "GET /r/%41bC", "/r/AbC"],
    ["the key below it, in any letter case there", twins, "GET /r/AbC/X", "/r/AbC"],
    ["nothing in a third letter case", twins, "GET /r/ABC", "letter_case"],
    ["nothing below a third letter case", twins, "GET /r/ABC/x", "letter_case"],
    ["nothing where a name before it differs", twins, "GET /R/AbC", "letter_case"],
    ["a less specific key elsewhere", twins, "GET /r/other", "/r/*"],
    [
      "nothing for another method of a priced key",
      { "GET /r/A": cased("paid"), "/*": free },
      "POST /r/a",
      "letter_case",
    ],
    ["405 in its own letter case", { "GET /r/A": cased("paid"), "/*": free }, "POST /r/A", "GET,HEAD"],
    ["nothing for a method that nobody can price", { "/r/A": cased("paid") }, "TRACE /r/a", "letter_case"],
    ["any segment where it has a name", { "/:id/A": cased("free") }, "GET /X/A", "/:id/A"],
    ["nothing of a capital that was folded", { "/r/stra%C3%9Fe": cased("free") }, "GET /r/STRASSE", "letter_case"],
  ])("%s", (_, table, request, expected) => {
    expect(ask(table, request)).toBe(expected);
  });

  test("the key itself, for a place that nobody wrote", () => {
    const place: Place = { hostname: "h", segments: ["r", "a"] };
    expect(said(matcherOf({ "/r/a": cased("paid") }).match("GET", place))).toBe("/r/a");
    expect(said(matcherOf({ "/r/A": cased("paid") }).match("GET", place))).toBe("letter_case");
  });
});

describe("of two keys the second", () => {
  test.each<[string, string, string, boolean]>([
    ["takes a part of the first", "/f/*", "/f/a", true],
    ["takes a part of a priced first", "/f", "/f/a", true],
    ["takes a part, behind a name", "/f/*", "/f/:a/x", true],
    ["takes all that lies below", "/f", "/f/*", false],
    ["takes the path itself alone", "/f/*", "/f", false],
    ["is less specific", "/f/*", "/*", false],
    ["is less specific by a name", "/f/g/*", "/:a/g/h", false],
    ["is more specific by a name", "/:a/g/*", "/f/g/h", true],
    ["is more specific in one of its names", "/:a/g/*", "/f/*", true],
    ["lies elsewhere", "/f/*", "/g/a", false],
    ["is the same for another method", "GET /f/*", "POST /f/*", false],
    ["is below for another method", "GET /f/*", "POST /f/a", true],
    ["is on a host of its own", "/f/*", "h.example/f/a", true],
    ["takes all of a host of its own", "/f/*", "h.example/*", false],
    ["is on every host", "h.example/f/*", "/f/a", false],
    ["is on another host", "h.example/f/*", "p.example/f/a", false],
    ["is as long and less specific", "/f/a/*", "/f/:x/*", false],
    ["is longer behind a name", "/:x/*", "/:y/:z/*", true],
  ])("%s: %s, %s", (_, first, second, expected) => {
    const [route, other] = [routeOf([first, "paid"]), routeOf([second, "paid"])];
    expect(isContested(route, other)).toBe(expected);
  });

  test.each<[string, string, boolean]>([
    ["/R/a", "/r/b", false],
    ["/R/*", "/r/b", true],
    ["/R/a", "/r/*", true],
    ["/R", "/r/b", true],
    ["/R/a", "/r/:id", true],
    ["/R/:id", "/R/*", false],
    ["/R/a", "/*", false],
    ["h.example/R/a", "p.example/r/a", false],
  ])("has a name in another letter case where both could be meant: %s, %s is %j", (first, second, expected) => {
    const [route, other] = [routeOf([first, "paid"]), routeOf([second, "paid"])];
    expect(isNamedApart(route, other)).toBe(expected);
    expect(isNamedApart(other, route)).toBe(expected);
  });

  test("has no name in another letter case where it is free and ends above", () => {
    expect(isNamedApart(routeOf(["/R", "free"]), routeOf(["/r/b", "free"]))).toBe(false);
  });
});

/** What origins do with a path that has such spellings, in every order, once and twice. */
const HABITS: readonly ((path: string) => string)[] = [
  (path) => path.replace(/%2F/gi, "/"),
  (path) => path.replace(/%3B/gi, ";"),
  (path) => path.replace(/;[^/]*/g, ""),
  (path) => path.replace(/;.*/s, ""),
  (path) => path.replace(/\/{2,}/g, "/"),
  (path) => path.toLowerCase(),
];

function readingsOf(path: string): ReadonlySet<string> {
  const readings = new Set([path]);
  for (const reading of readings) for (const habit of HABITS) readings.add(habit(reading));
  return readings;
}

const placeText = ({ methods, host, segments, rest }: Route): string => JSON.stringify([methods, host, segments, rest]);

/** The segments of a reading as an origin's router sees them: a slash that it did not decode is part of a name. */
const placeOf = (reading: string): Place => ({
  hostname: "h.example",
  segments: reading
    .split("/")
    .slice(1)
    .filter((part, i, parts) => part !== "" || i < parts.length - 1)
    .map((part) => fold(decodeURIComponent(part))),
});

test("whatever an origin makes of a spelling that is let through means the one route that it was let through for", () => {
  const literal = fc.constantFrom("a", "b", "c");
  const key = fc
    .tuple(
      fc.constantFrom("", "", "GET ", "POST "),
      fc.constantFrom("", "", "", "h.example", "p.example"),
      fc.array(fc.oneof({ weight: 4, arbitrary: literal }, fc.constant(":x")), { minLength: 1, maxLength: 3 }),
    )
    .map(([method, host, segments]) => `${method}${host}/${segments.join("/")}`);
  const written = fc.record({
    kind: fc.constantFrom<Kind>("free", "paid", "closed"),
    isStar: fc.boolean(),
    allows: fc.subarray([...ALL]),
  });
  const delimiter = fc.constantFrom("/", "/", "%2F", "%2f", ";", "%3B", "//");
  const name = fc.oneof({ weight: 12, arbitrary: literal }, fc.constantFrom("", "..", "=", "A"));
  const path = fc
    .tuple(literal, fc.array(fc.tuple(delimiter, name), { minLength: 1, maxLength: 5 }))
    .map(([first, rest]) => `/${first}${rest.flat().join("")}`);
  let passed = 0;

  const property = fc.property(
    fc.uniqueArray(fc.tuple(key, written), { minLength: 1, maxLength: 6, selector: ([one]) => one }),
    fc.array(path, { minLength: 20, maxLength: 20 }),
    (entries, paths) => {
      const routes = entries
        .flatMap(([one, { kind, isStar, allows }]) => {
          const route = routeOf([isStar ? `${one}/*` : one, kind]);
          const isOpen = kind !== "closed" && (route.rest || route.below);
          return [{ ...route, allows: new Set(isOpen ? allows : []) }];
        })
        .filter((route, i, all) => all.findIndex((one) => placeText(one) === placeText(route)) === i);
      // As the table is checked.
      const contested = routes.filter((route) => routes.some((other) => other !== route && isContested(route, other)));
      const sound = routes.map((route) =>
        contested.includes(route) ? { ...route, allows: new Set<Allowance>() } : route,
      );
      const matcher = new Matcher(sound);
      for (const raw of paths) {
        const target = parseTarget(`http://h.example${raw}`, matcher.allows);
        if (!target.ok || target.value.spelling.oddity === null) continue;
        const match = matcher.match("GET", target.value);
        if (match.kind !== "route") {
          expect(match.kind).toBe("refused");
          continue;
        }
        passed++;
        for (const reading of readingsOf(target.value.path)) {
          expect([raw, reading, said(matcher.match("GET", placeOf(reading)))]).toEqual([raw, reading, match.route.key]);
        }
      }
    },
  );
  fc.assert(property, { numRuns: 3000, seed: 20_261_125 });
  expect(passed).toBeGreaterThan(300);
});
