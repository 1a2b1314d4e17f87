import { describe, expect, test } from "vitest";
import {
  CONDITIONS,
  isHandshake,
  isSetByGate,
  requestHeaders,
  responseHeaders,
} from "../../../src/upstream/headers.ts";

const forwarding = { host: "api.example.com", proto: "https", conditions: null, set: [] };
const OURS = { "x-forwarded-host": "api.example.com", "x-forwarded-proto": "https", via: "1.1 faregate" };

type Lines = { readonly [name: string]: string } | readonly [string, string][];

const toUpstream = (lines: Lines, changes: Partial<Parameters<typeof requestHeaders>[1]> = {}): object =>
  Object.fromEntries(requestHeaders(new Headers(lines as HeadersInit), { ...forwarding, ...changes }));
const standing = {
  upstream: { origin: "http://legacy.internal", prefix: "/base" },
  asked: "http://legacy.internal/base/x",
  publicOrigin: "https://api.example.com",
};
const toClient = (lines: Lines, length: number | null = 1): Headers =>
  responseHeaders(new Headers(lines as HeadersInit), standing, length);

const CONDITIONAL = ["Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"];

const REMOVED = [
  "Connection",
  "Keep-Alive",
  "Proxy-Connection",
  "Proxy-Authorization",
  "Proxy-Anything",
  "TE",
  "Trailer",
  "Transfer-Encoding",
  "Upgrade",
  "HTTP2-Settings",
  "Expect",
  "Host",
  "Content-Length",
  "X-HTTP-Method-Override",
  "X-Method-Override",
  "X-HTTP-Method",
  "X-Original-URL",
  "X-Rewrite-URL",
  "Forwarded",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Proto",
  "X-Forwarded-Port",
  "X-Forwarded-Prefix",
  "X-Forwarded-Anything",
  "PAYMENT-SIGNATURE",
  "PAYMENT-REQUIRED",
  "PAYMENT-RESPONSE",
  "X-PAYMENT",
  "X-PAYMENT-RESPONSE",
  "X-Faregate-Secret",
];

describe("a request header goes to the upstream", () => {
  test.each([
    ["the client's own authorization", "Authorization", "Bearer theirs"],
    ["the client's own cookies", "Cookie", "a=1; b=2"],
    ["the body's type", "Content-Type", "application/json"],
    ["the body's encoding", "Content-Encoding", "gzip"],
    ["what the client accepts", "Accept", "text/html"],
    ["the client's key for a retry", "Idempotency-Key", "abc"],
    ["a name that only begins like one of ours", "X-Paymentless", "1"],
    ["a name that ends like one of ours", "My-X-Forwarded-For", "1"],
    ["a name with an underscore", "X_Custom", "1"],
    ["an empty value", "X-Empty", ""],
  ])("with %s", (_, name, value) => {
    expect(toUpstream({ [name]: value })).toEqual({ [name.toLowerCase()]: value, ...OURS });
  });

  test.each(CONDITIONAL)("when it is %s, on a free route", (name) => {
    expect(toUpstream({ [name]: "x" })).toEqual({ [name.toLowerCase()]: "x", ...OURS });
  });

  test.each(CONDITIONAL)("when it is %s, on a priced route that takes it", (name) => {
    const conditions = new Set([name.toLowerCase()]);
    expect(toUpstream({ [name]: "x" }, { conditions })).toEqual({ [name.toLowerCase()]: "x", ...OURS });
    const others = Object.fromEntries(CONDITIONAL.filter((other) => other !== name).map((other) => [other, "y"]));
    expect(toUpstream(others, { conditions })).toEqual(OURS);
  });
});

describe("a request header stays at the gate", () => {
  test.each(REMOVED)("when it is %s", (name) => {
    expect(Object.values(toUpstream({ [name]: "from-the-client" }))).not.toContain("from-the-client");
  });

  test.each(REMOVED.filter((name) => name.includes("-")))("when it is %s with underscores", (name) => {
    for (const spelling of [
      name.replaceAll("-", "_"),
      name.replace("-", "_"),
      name.replaceAll("-", "_").toLowerCase(),
    ]) {
      expect(toUpstream({ [spelling]: "from-the-client" })).toEqual(OURS);
    }
  });

  test.each(CONDITIONAL)("when it is %s, on a priced route", (name) => {
    expect(toUpstream({ [name]: "x", Accept: "y" }, { conditions: new Set() })).toEqual({ accept: "y", ...OURS });
  });

  test.each(CONDITIONAL.filter((name) => name.includes("-")))(
    "when it is %s with underscores, on a priced route",
    (name) => {
      for (const conditions of [new Set<string>(), CONDITIONS]) {
        expect(toUpstream({ [name.replaceAll("-", "_")]: "x" }, { conditions })).toEqual(OURS);
      }
    },
  );

  test.each([
    ["named by Connection", "X-Hop"],
    ["named by Connection in other letters", "x-HOP"],
    ["named by Connection with white space", " \t x-hop "],
    ["named by Connection beside others", "close, X-Hop,, keep-alive"],
    ["named by Connection with an underscore", "X_Hop"],
  ])("when it is %s", (_, connection) => {
    expect(toUpstream({ Connection: connection, "X-Hop": "1", "X-Stays": "2" })).toEqual({ "x-stays": "2", ...OURS });
  });

  test("when Connection names it with a dash and it is written with an underscore", () => {
    expect(toUpstream({ Connection: "x-hop", X_Hop: "1" })).toEqual(OURS);
  });
});

describe("a header of the gate", () => {
  test("says which host and scheme the client asked", () => {
    expect(toUpstream({}, { host: "h:8443", proto: "http" })).toEqual({
      "x-forwarded-host": "h:8443",
      "x-forwarded-proto": "http",
      via: "1.1 faregate",
    });
  });

  test.each([
    [
      "after those that the request came through",
      { Via: "1.0 fred, 1.1 proxy.example (a, b)" },
      "1.0 fred, 1.1 proxy.example (a, b), 1.1 faregate",
    ],
    ["once more where it has been one of them", { Via: "1.1 faregate" }, "1.1 faregate, 1.1 faregate"],
    ["alone where Connection names what it came with", { Via: "1.0 fred", Connection: "via" }, "1.1 faregate"],
  ])("names the gate in Via, %s", (_, lines, via) => {
    expect(toUpstream(lines)).toEqual({ ...OURS, via });
  });

  test("names the client by the address that the edge saw, and by nothing the client wrote", () => {
    const lines: [string, string][] = [
      ["CF-Connecting-IP", "203.0.113.7"],
      ["X-Forwarded-For", "10.0.0.1"],
      ["X_Forwarded_For", "10.0.0.2"],
      ["Forwarded", "for=10.0.0.3"],
    ];
    expect(toUpstream(lines)).toEqual({
      "cf-connecting-ip": "203.0.113.7",
      "x-forwarded-for": "203.0.113.7",
      ...OURS,
    });
  });

  test("is not taken away by what Connection names", () => {
    const connection = "x-forwarded-host, x-forwarded-proto, x-forwarded-for, cf-connecting-ip, x-api-key";
    const lines = { Connection: connection, "CF-Connecting-IP": "203.0.113.7" };
    expect(toUpstream(lines, { set: [["X-API-Key", "ours"]] })).toEqual({
      "x-forwarded-for": "203.0.113.7",
      "x-api-key": "ours",
      ...OURS,
    });
  });

  test("that the operator set replaces the client's", () => {
    const set = [["Authorization", "Bearer ours"]] as const;
    expect(toUpstream({ authorization: "Bearer theirs" }, { set })).toEqual({ authorization: "Bearer ours", ...OURS });
  });

  test("that the operator set replaces the client's in every spelling", () => {
    const set = [["X-API-Key", "ours"]] as const;
    const lines = { "x-api-key": "theirs", X_API_KEY: "theirs", "X-API_Key": "theirs" };
    expect(toUpstream(lines, { set })).toEqual({ "x-api-key": "ours", ...OURS });
  });

  test("that the operator writes with an underscore replaces the client's with a dash", () => {
    const set = [["x_api_key", "ours"]] as const;
    expect(toUpstream({ "X-API-Key": "theirs" }, { set })).toEqual({ x_api_key: "ours", ...OURS });
  });
});

describe("isSetByGate", () => {
  test.each([...REMOVED, "Via"])("keeps %s from the operator", (name) => {
    expect([name, name.toUpperCase(), name.replaceAll("-", "_")].map(isSetByGate)).toEqual([true, true, true]);
  });

  test.each(["Authorization", "Cookie", "X-API-Key", "Range", "X-PAYMENTS"])("leaves %s to the operator", (name) => {
    expect(isSetByGate(name)).toBe(false);
  });
});

describe("a response header", () => {
  test.each([
    "Content-Type",
    "Content-Length",
    "Content-Encoding",
    "Cache-Control",
    "ETag",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
    "Via",
    "X-Custom",
  ])("goes to the client when it is %s", (name) => {
    expect(toClient({ [name]: "1" }).get(name)).toBe("1");
  });

  test.each([
    "PAYMENT-REQUIRED",
    "PAYMENT-RESPONSE",
    "PAYMENT-SIGNATURE",
    "PAYMENT-ANYTHING",
    "X-PAYMENT-RESPONSE",
    "X-PAYMENT-ANYTHING",
    "EXTENSION-RESPONSES",
    "Settlement-Overrides",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "HTTP2-Settings",
  ])("stays at the gate when it is %s", (name) => {
    expect([...toClient({ [name]: "1", "X-Stays": "2" })]).toEqual([["x-stays", "2"]]);
  });

  test("stays at the gate when Connection names it", () => {
    expect([...toClient({ Connection: "x-hop, close", "X-Hop": "1", "X-Stays": "2" })]).toEqual([["x-stays", "2"]]);
  });

  test("stays at the gate when it is a cookie that Connection names", () => {
    expect([...toClient({ Connection: "set-cookie", "Set-Cookie": "a=1", "X-Stays": "2" })]).toEqual([
      ["x-stays", "2"],
    ]);
  });

  test.each([
    "faregate_pass=1",
    "FareGate_Pass=1; Path=/",
    "__Host-faregate_pass=1; Secure; Path=/",
    "__Secure-faregate_pass=1; Secure",
    "=faregate_pass=1",
    " = faregate_pass=1",
  ])("stays at the gate when it is a cookie by a name of the gate's (%s)", (cookie) => {
    expect([...toClient({ "Set-Cookie": cookie, "X-Stays": "2" })]).toEqual([["x-stays", "2"]]);
  });

  test.each(["faregate=1", "my_faregate_pass=1", "a=faregate_b"])(
    "goes to the client when it is the cookie %s",
    (cookie) => {
      expect(toClient({ "Set-Cookie": cookie }).getSetCookie()).toEqual([cookie]);
    },
  );

  test.each(["Location", "Content-Location"])("points at the gate where %s pointed at the upstream", (name) => {
    expect(toClient({ [name]: "http://legacy.internal/base/a?b" }).get(name)).toBe("https://api.example.com/a?b");
  });

  test("stays at the gate when it is a length that nobody can say", () => {
    const lines = { "Content-Length": "1", "X-Stays": "2" };
    expect([...toClient(lines, null)]).toEqual([["x-stays", "2"]]);
    expect([...toClient(lines, 1)]).toEqual([
      ["content-length", "1"],
      ["x-stays", "2"],
    ]);
  });

  test("leaves all as they are, where none has to go", () => {
    const headers = new Headers({ "Content-Type": "text/plain", "Set-Cookie": "a=1", "X-Custom": "1" });
    expect(responseHeaders(headers, standing, null)).toBe(headers);
  });

  test("leaves the upstream's own headers alone, where some have to go", () => {
    const headers = new Headers({ "X-Payment-Response": "1", "Faregate-Payment": "2", "Content-Type": "text/plain" });
    expect([...responseHeaders(headers, standing, null)]).toEqual([["content-type", "text/plain"]]);
    expect(headers.get("x-payment-response")).toBe("1");
  });

  test("keeps each cookie apart", () => {
    const lines: [string, string][] = [
      ["Set-Cookie", "a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT"],
      ["Set-Cookie", "b=2"],
    ];
    expect(toClient(lines).getSetCookie()).toEqual(["a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "b=2"]);
  });
});

describe("a handshake", () => {
  const asks = (upgrade: string, method = "GET"): boolean => isHandshake({ method, headers: new Headers({ upgrade }) });

  test.each(["websocket", "WebSocket", " websocket\t"])("is a GET with the upgrade %j", (upgrade) => {
    expect(asks(upgrade)).toBe(true);
  });

  test.each([
    "",
    "h2c",
    "websocket, h2c",
    "websocket, websocket",
    "websocket/13",
    "web socket",
    // White space to JavaScript, and none in a header: the runtime would not hand a WebSocket over for it.
    "websocket\v",
    "websocket\f",
    "\u00a0websocket",
  ])("is none with the upgrade %j", (upgrade) => {
    expect(asks(upgrade)).toBe(false);
  });

  test("is none with the Kelvin sign, which is a k in small letters", () => {
    // The runtime's headers hold it, Node's do not.
    const headers = { get: () => "webSoc\u212aet" } as unknown as Headers;
    expect(isHandshake({ method: "GET", headers })).toBe(false);
  });

  test.each(["HEAD", "POST", "OPTIONS"])("is none with %s", (method) => {
    expect(asks("websocket", method)).toBe(false);
  });

  test("is none without an upgrade", () => {
    expect(isHandshake({ method: "GET", headers: new Headers() })).toBe(false);
  });
});
