import { describe, expect, test } from "vitest";
import { baseOf, parseTarget, type Target, upstreamUrl } from "../../../src/route/target.ts";

const target = (url: string): Target => {
  const result = parseTarget(url);
  return result.ok ? result.value : expect.fail(JSON.stringify(result.error));
};

describe("parseTarget reads", () => {
  test("scheme, host, canonical path and query", () => {
    expect(parseTarget("https://api.example.com/v1/%71uotes/?b=2&a=1")).toEqual({
      ok: true,
      value: {
        proto: "https",
        host: "api.example.com",
        hostname: "api.example.com",
        path: "/v1/quotes/",
        segments: ["v1", "quotes"],
        spelling: { names: ["v1", "quotes"], oddity: null },
        query: "?b=2&a=1",
      },
    });
  });

  test.each([
    ["http://localhost:8787/", "localhost:8787", "localhost"],
    ["http://localhost:80/", "localhost", "localhost"],
    ["http://[::1]:80/", "[::1]", "[::1]"],
    ["http://localhost:443/", "localhost:443", "localhost"],
    ["http://127.0.0.1:1/", "127.0.0.1:1", "127.0.0.1"],
    ["http://127.0.0.1:9/", "127.0.0.1:9", "127.0.0.1"],
    ["http://[::1]:8787/", "[::1]:8787", "[::1]"],
    ["http://[2001:db8::10]:9000/", "[2001:db8::10]:9000", "[2001:db8::10]"],
    ["http://[::ffff:7f00:1]/", "[::ffff:7f00:1]", "[::ffff:7f00:1]"],
    ["http://API.Example.COM/", "api.example.com", "api.example.com"],
    ["http://API.Example.COM:8443/", "api.example.com:8443", "api.example.com"],
    ["http://xn--bcher-kva.example/", "xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["http://a_b.example/", "a_b.example", "a_b.example"],
  ])("the host of %s, with its port where that is not the scheme's own, and without", (url, host, hostname) => {
    expect(target(url)).toMatchObject({ host, hostname, proto: "http" });
  });

  test("the port that https implies as no other host", () => {
    expect(target("https://api.example.com:443/")).toMatchObject({ host: "api.example.com" });
    expect(target("https://api.example.com:80/")).toMatchObject({ host: "api.example.com:80" });
  });

  test.each([
    ["no query", "http://h/a", ""],
    ["an empty query", "http://h/a?", "?"],
    ["a query with a question mark", "http://h/a?b?c", "?b?c"],
    ["a query with a path in it", "http://h/a?b=/../c//d;e\\f", "?b=/../c//d;e\\f"],
    ["a query with anything encoded", "http://h/a?%2e%00%ff%zz", "?%2e%00%ff%zz"],
    ["a query before a fragment", "http://h/a?b#c", "?b"],
    ["a fragment with a question mark", "http://h/a#b?c", ""],
    ["a fragment at the root", "http://h/#/../paid", ""],
  ])("%s", (_, url, query) => {
    expect(target(url)).toMatchObject({ query });
  });
});

describe("parseTarget refuses", () => {
  test.each([
    ["http://h/x/%2e%2e/paid", "dot_at_segment_end"],
    ["http://h/x/../paid", "dot_at_segment_end"],
    ["http://h//paid", "empty_segment"],
    ["http://h/paid\\report", "backslash"],
    ["http://h/paid%2Freport?x", "encoded_delimiter"],
    ["http://h", "no_path"],
  ])("the path of %s", (url, flaw) => {
    expect(parseTarget(url)).toEqual({ ok: false, error: { reason: "invalid_path", flaw } });
  });

  test.each([
    ["a user", "http://user@h/"],
    ["a user and a password", "http://a:b@h/"],
    ["no host", "http:///paid"],
    ["a query in place of a path", "http://h?x=/paid"],
    ["a fragment in place of a path", "http://h#/paid"],
    ["a backslash", "http://h\\paid/"],
    ["white space", "http://h h/"],
    ["a letter beyond ASCII", "http://bücher.example/"],
    ["an encoded letter", "http://%61pi.example/"],
    ["a port that is no number", "http://h:x/"],
    ["a port that is too long", "http://h:123456/"],
    ["an empty port", "http://h:/"],
    ["an open bracket", "http://[::1/"],
    ["two hosts", "http://a,b/"],
    ["a dot at its end, a second name for the same host", "http://api.example.com./"],
    ["a dot before its port", "http://api.example.com.:80/"],
    ["a number that is no address", "http://1.2.3.4.5/"],
    ["a port beyond all", "http://h:99999/"],
    ["a dot alone", "http://./"],
    ["an address in short form, a second name for the same host", "http://127.1/"],
    ["an address as one number", "http://2130706433/"],
    ["an address in hex digits", "http://0x7f.0.0.1/"],
    ["an address in octal digits", "http://127.0.0.01/"],
    ["an address with zeros that it leaves out", "http://[0:0:0:0:0:0:0:1]/"],
    ["an address within another, in a form of its own", "http://[::ffff:127.0.0.1]/"],
    ["an address with zeros in front", "http://[::01]:8080/"],
  ])("a host with %s", (_, url) => {
    expect(parseTarget(url)).toEqual({ ok: false, error: { reason: "invalid_host" } });
  });

  test.each([
    ["a raw space", "http://h/a?b c"],
    ["a line feed", "http://h/a?b\n"],
    ["a null", "http://h/a?\0"],
    ["a letter beyond ASCII", "http://h/a?é"],
  ])("a query with %s", (_, url) => {
    expect(parseTarget(url)).toEqual({ ok: false, error: { reason: "invalid_query" } });
  });
});

describe("upstreamUrl", () => {
  test.each([
    ["http://127.0.0.1:9000", "http://127.0.0.1:9000/v1/a?q=1"],
    ["https://legacy.example.com", "https://legacy.example.com/v1/a?q=1"],
    ["https://legacy.example.com:8443/base", "https://legacy.example.com:8443/base/v1/a?q=1"],
    ["https://legacy.example.com/a%20b/c", "https://legacy.example.com/a%20b/c/v1/a?q=1"],
  ])("puts the path behind %s", (base, url) => {
    expect(upstreamUrl(baseOf(new URL(base)), target("http://gate.example/v1/a?q=1"))).toBe(url);
  });

  test("hands the query on byte by byte", () => {
    const query = "?b=%2e%2E/../c&b='\"&&=";
    expect(upstreamUrl(baseOf(new URL("https://h")), target(`http://gate.example/a${query}`))).toBe(
      `https://h/a${query}`,
    );
  });

  test.each(["/../admin", "/a/./b", "/a\\b", "/%2e%2e/x", "@elsewhere.example/", ".elsewhere.example/", ":81/", "?/"])(
    "throws rather than fetch a path that is not canonical: %s",
    (text) => {
      const forged = { ...target("http://h/?key=secret"), path: text };
      const words = /does not keep the path that was matched: (?!.*secret)/s;
      expect(() => upstreamUrl(baseOf(new URL("https://api.example")), forged)).toThrow(words);
    },
  );
});

test("a host is read the same however many others were asked before", () => {
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 300; i++) {
      expect(parseTarget(`https://H${i}.example:443/x`)).toMatchObject({ ok: true, value: { host: `h${i}.example` } });
    }
  }
});
