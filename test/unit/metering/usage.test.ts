// Where a use stands in JSON.

import { describe, expect, test } from "vitest";
import { lookUp, parsePath } from "../../../src/metering/usage.ts";

describe("a path", () => {
  test.each([
    ["usage.prompt_tokens", ["usage", "prompt_tokens"]],
    ["rows", ["rows"]],
    ["/usage/prompt_tokens", ["usage", "prompt_tokens"]],
    ["/a~1b/c~0d", ["a/b", "c~d"]],
    ["/a.b", ["a.b"]],
    ["~1", ["~1"]],
  ])("written %s names %j", (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });

  test.each(["", "/", "a..b", ".a", "a.", "/a//b", "/a/", "/~", "/a~2b"])("is not %j", (text) => {
    expect(parsePath(text)).toBeNull();
  });
});

describe("what is looked up", () => {
  const json = { usage: { tokens: 5, list: [{ n: 7 }], none: null }, toString: 1 };

  test.each<[readonly string[], unknown]>([
    [["usage", "tokens"], 5],
    [["usage", "list", "0", "n"], 7],
    [["usage", "none"], null],
    [["usage", "none", "n"], undefined],
    [["usage", "tokens", "n"], undefined],
    [["usage", "list", "1"], undefined],
    [["usage", "list", "00"], undefined],
    [["usage", "list", "length"], undefined],
    [["toString"], 1],
    [["constructor"], undefined],
    [["__proto__"], undefined],
  ])("at %j is %j", (path, value) => {
    expect(lookUp(json, path)).toBe(value);
  });
});
