import { describe, expect, test } from "vitest";

import { parseRouteKey, type RouteKey } from "../../../src/route/key.ts";

const OWN = ".faregate";

const unclear = (segment: string): string =>
  `"${segment}" is no name for a segment; write one such as ":symbol", or "%3A" for a colon in the path`;

describe("a route's key", () => {
  test.each<[string, Omit<RouteKey, "names"> & Partial<RouteKey>]>([
    ["/", { methods: null, host: null, segments: [], rest: false }],
    ["/*", { methods: null, host: null, segments: [], rest: true }],
    ["/v1/quotes", { methods: null, host: null, segments: ["v1", "quotes"], rest: false }],
    ["/V1/Quotes/", { methods: null, host: null, segments: ["v1", "quotes"], names: ["V1", "Quotes"], rest: false }],
    ["/V%31/:Id/*", { methods: null, host: null, segments: ["v1", null], names: ["V1", null], rest: true }],
    ["/v1/*", { methods: null, host: null, segments: ["v1"], rest: true }],
    ["GET /v1", { methods: ["GET"], host: null, segments: ["v1"], rest: false }],
    ["GET,POST /v1/*", { methods: ["GET", "POST"], host: null, segments: ["v1"], rest: true }],
    ["OPTIONS /", { methods: ["OPTIONS"], host: null, segments: [], rest: false }],
    ["/caf%C3%A9", { methods: null, host: null, segments: ["café"], rest: false }],
    ["/.well-known/x402", { methods: null, host: null, segments: [".well-known", "x402"], rest: false }],
    ["/a%3Ab", { methods: null, host: null, segments: ["a:b"], rest: false }],
    ["api.example.com/v1", { methods: null, host: "api.example.com", segments: ["v1"], rest: false }],
    ["GET,PUT api.example.com/*", { methods: ["GET", "PUT"], host: "api.example.com", segments: [], rest: true }],
    ["API.Example.com/", { methods: null, host: "api.example.com", segments: [], rest: false }],
    ["127.0.0.1/v1", { methods: null, host: "127.0.0.1", segments: ["v1"], rest: false }],
    ["POST [::1]/v1", { methods: ["POST"], host: "[::1]", segments: ["v1"], rest: false }],
    ["localhost/:name", { methods: null, host: "localhost", segments: [null], rest: false }],
    ["get/v1", { methods: null, host: "get", segments: ["v1"], rest: false }],
    ["/_pay/x", { methods: null, host: null, segments: ["_pay", "x"], rest: false }],
    ["/:any/*", { methods: null, host: null, segments: [null], rest: true }],
    ["/x/.faregate", { methods: null, host: null, segments: ["x", ".faregate"], rest: false }],
  ])("%s is understood", (key, parsed) => {
    expect(parseRouteKey(key, OWN)).toEqual({ ok: true, value: { names: parsed.segments, ...parsed } });
  });

  const form = 'write "/path" or "METHOD host/path", with one space between';
  const noHost = (host: string): string =>
    `"${host}" is not the name of a host; write one such as "api.example.com", without a port`;
  const star = '"*" stands only at the end, as "/*"';
  const methods = "write one of GET, POST, PUT, PATCH, DELETE, OPTIONS";
  test.each([
    ["", form],
    ["v1", form],
    ["GET", form],
    ["GET ", form],
    ["GET v1", form],
    ["GET  /v1", form],
    [" /v1", form],
    ["/v1 ", form],
    ["/v 1", form],
    ["GET /v1 /v2", form],
    ["GET /v1\n", form],
    ["GET/v1", "write a space between GET and the path"],
    ["GET,POST/v1", "write a space between GET,POST and the path"],
    ["HEAD/v1", "write a space between HEAD and the path"],
    ["h:8080/v1", noHost("h:8080")],
    ["GET h:443/v1", noHost("h:443")],
    ["h./v1", noHost("h.")],
    ["*.example.com/v1", noHost("*.example.com")],
    ["user@h/v1", noHost("user@h")],
    ["b\u00fccher.example/v1", noHost("b\u00fccher.example")],
    ["[::g]/v1", noHost("[::g]")],
    ["https://h/v1", noHost("https:")],
    ["h/v1 GET", form],
    ["h /v1", `"h" is not a method; ${methods}`],
    ["GET h/.faregate/x", "paths below /.faregate/ are Faregate's own"],
    ["HEAD /v1", "HEAD goes with GET: leave it out"],
    ["GET,HEAD /v1", "HEAD goes with GET: leave it out"],
    ["get /v1", `"get" is not a method; ${methods}`],
    ["GET,TRACE /v1", `"TRACE" is not a method; ${methods}`],
    ["GET, /v1", `"" is not a method; ${methods}`],
    ["/v1//a", "no request has such a path (empty_segment)"],
    ["//*", "no request has such a path (empty_segment)"],
    ["/v1/../a", "no request has such a path (dot_at_segment_end)"],
    ["/v1;a", "no request has such a path (semicolon)"],
    ["/search?q=1", "no request has such a path (encoded_delimiter)"],
    ["/v1#top", "no request has such a path (encoded_delimiter)"],
    ["/café", "no request has such a path (not_ascii)"],
    ["/%", "no request has such a path (bad_percent_encoding)"],
    ["/v1*", star],
    ["/*/v1", star],
    ["/v1/**", star],
    ["/v1/*/*", star],
    ["/v1/%2A", star],
    ["/v1/:", unclear(":")],
    ["/v1/report-:id", unclear("report-:id")],
    ["/v1/{id}", unclear("{id}")],
    ["/v1/x:predict", unclear("x:predict")],
    ["/:a-b", unclear(":a-b")],
    ["/.faregate", "paths below /.faregate/ are Faregate's own"],
    ["/.faregate/*", "paths below /.faregate/ are Faregate's own"],
    ["GET /.Faregate/x", "paths below /.faregate/ are Faregate's own"],
  ])("%j is refused with a sentence", (key, sentence) => {
    expect(parseRouteKey(key, OWN)).toEqual({ ok: false, error: sentence });
  });
});

test.each([
  ["/v1/:id", ["v1", null]],
  ["/:Any/x", [null, "x"]],
  ["/:a/:b/*", [null, null]],
  ["/x%3Apredict", ["x:predict"]],
  ["/%3Aname", [":name"]],
])("%s has names for segments", (key, segments) => {
  expect(parseRouteKey(key, OWN)).toMatchObject({ ok: true, value: { segments } });
});

test("a key below Faregate's own endpoints is refused where they stand, and nowhere else", () => {
  expect(parseRouteKey("/_pay/x", "_pay")).toEqual({ ok: false, error: "paths below /_pay/ are Faregate's own" });
  expect(parseRouteKey("/.faregate/x", "_pay")).toMatchObject({ ok: true });
});
