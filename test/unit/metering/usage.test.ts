// Where a use stands in JSON.

import { describe, expect, test } from "vitest";
import { parsePath } from "../../../src/metering/usage.ts";

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
