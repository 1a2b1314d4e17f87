import { describe, expect, test } from "vitest";

import { parseRouteKey, type RouteKey } from "../../../src/route/key.ts";

const unclear = (segment: string): string =>
  `"${segment}" is no name for a segment; write one such as ":symbol", or "%3A" for a colon in the path`;

describe("a route's key", () => {
  test.each<[string, RouteKey]>([
    ["/", { methods: null, segments: [], rest: false }],
    ["/*", { methods: null, segments: [], rest: true }],
    ["/v1/quotes", { methods: null, segments: ["v1", "quotes"], rest: false }],
    ["/V1/Quotes/", { methods: null, segments: ["v1", "quotes"], rest: false }],
    ["/v1/*", { methods: null, segments: ["v1"], rest: true }],
    ["GET /v1", { methods: ["GET"], segments: ["v1"], rest: false }],
    ["GET,POST /v1/*", { methods: ["GET", "POST"], segments: ["v1"], rest: true }],
    ["OPTIONS /", { methods: ["OPTIONS"], segments: [], rest: false }],
    ["/caf%C3%A9", { methods: null, segments: ["café"], rest: false }],
    ["/.well-known/x402", { methods: null, segments: [".well-known", "x402"], rest: false }],
    ["/a%3Ab", { methods: null, segments: ["a:b"], rest: false }],
    ["/x/.faregate", { methods: null, segments: ["x", ".faregate"], rest: false }],
  ])("%s is understood", (key, parsed) => {
    expect(parseRouteKey(key)).toEqual({ ok: true, value: parsed });
  });

  const form = 'write "/path" or "METHOD /path", with one space between';
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
    ["GET/v1", form],
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
    expect(parseRouteKey(key)).toEqual({ ok: false, error: sentence });
  });
});

test.each([
  ["/v1/:id", ["v1", null]],
  ["/:Any/x", [null, "x"]],
  ["/:a/:b/*", [null, null]],
  ["/x%3Apredict", ["x:predict"]],
  ["/%3Aname", [":name"]],
])("%s has names for segments", (key, segments) => {
  expect(parseRouteKey(key)).toMatchObject({ ok: true, value: { segments } });
});
