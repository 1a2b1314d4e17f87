import { describe, expect, test } from "vitest";
import { publicLocation } from "../../../src/upstream/location.ts";

const standing = {
  upstream: { origin: "http://legacy.internal:9000", prefix: "/base" },
  asked: "http://tenant.example.com:9000/base/x",
  publicOrigin: "https://api.example.com",
};

describe("an address becomes the gate's own", () => {
  test.each([
    ["http://legacy.internal:9000/base/a/b?c=%2e%2e&d#e", "https://api.example.com/a/b?c=%2e%2e&d#e"],
    ["http://legacy.internal:9000/base", "https://api.example.com/"],
    ["http://legacy.internal:9000/base/", "https://api.example.com/"],
    ["http://legacy.internal:9000/base?x", "https://api.example.com/?x"],
    ["HTTP://LEGACY.internal:9000/base/A", "https://api.example.com/A"],
    ["http://legacy.internal:9000/base/a/../b", "https://api.example.com/b"],
    ["http://legacy.internal:9000/x/../base/b", "https://api.example.com/b"],
    ["http://legacy.internal:9000/base//evil.example", "https://api.example.com//evil.example"],
    // By the host that the upstream was asked for.
    ["http://tenant.example.com:9000/base/a", "https://api.example.com/a"],
  ])("when it is %s", (value, expected) => {
    expect(publicLocation(value, standing)).toBe(expected);
  });

  test("where the upstream has no prefix", () => {
    const atRoot = { ...standing, upstream: { origin: "https://legacy.example", prefix: "" } };
    expect(publicLocation("https://legacy.example/a", atRoot)).toBe("https://api.example.com/a");
    expect(publicLocation("https://legacy.example", atRoot)).toBe("https://api.example.com/");
    expect(publicLocation("https://legacy.example:443/a", atRoot)).toBe("https://api.example.com/a");
  });
});

describe("an address stays as it is", () => {
  test.each([
    ["", "nothing"],
    ["/base/a", "a path"],
    ["a/b", "a relative path"],
    ["?x", "a query"],
    ["//legacy.internal:9000/base/a", "one without a scheme"],
    ["https://legacy.internal:9000/base/a", "another scheme"],
    ["http://legacy.internal/base/a", "another port"],
    ["http://legacy.internal:9000/", "above the prefix"],
    ["http://legacy.internal:9000/basement", "beside the prefix"],
    ["http://legacy.internal:9000/base/../a", "one that climbs out of the prefix"],
    ["http://legacy.internal:9000.evil.example/base/a", "a host that only begins alike"],
    ["http://legacy.internal:9000@evil.example/base/a", "a host behind a user's name"],
    ["http://me@legacy.internal:9000/base/a", "one with a user's name"],
    ["http://:secret@legacy.internal:9000/base/a", "one with a password"],
    ["http://elsewhere.example/base/a", "another host"],
    ["http://[/base/a", "no address"],
    ["mailto:me@legacy.internal", "one that is not HTTP's"],
  ])("when it is %j: %s", (value) => {
    expect(publicLocation(value, standing)).toBe(value);
  });
});
