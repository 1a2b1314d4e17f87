// What all commands have in common.

import { describe, expect, test } from "vitest";
import { parseHeaders, UsageError } from "../../../tools/command-line.ts";
import { npmRun } from "../../support/command.ts";

describe("the headers of a request", () => {
  test.each([
    ['{"a":1}', [], "application/json"],
    ["[1]", ["x-a: b"], "application/json"],
    ["a=1", [], "text/plain;charset=UTF-8"],
    ['{"a":', [], "text/plain;charset=UTF-8"],
    ['{"a":1}', ["Content-Type: application/x-own"], "application/x-own"],
    [undefined, [], null],
  ])("say of the body %s, with %j, what it is", (body, lines, type) => {
    expect(parseHeaders(lines, body).get("content-type")).toBe(type);
  });

  test("are as many as are given", () => {
    expect(parseHeaders(["x-a: b", "X-A:c", "x-empty:"], undefined)).toEqual(
      new Headers([
        ["x-a", "b"],
        ["x-a", "c"],
        ["x-empty", ""],
      ]),
    );
  });

  test("are refused where one is none", () => {
    expect(() => parseHeaders(["x-a b"], undefined)).toThrow(UsageError);
  });
});

describe("every command", { timeout: 60_000 }, () => {
  const commands = ["start", "pay", "check", "explain", "doctor", "reconcile", "docs", "simulate"];
  test.each(commands.flatMap((name) => [[name, "--help"] as const, [name, "-h"] as const]))(
    "npm run %s -- %s says how it is used, and does nothing",
    async (name, option) => {
      const { code, stdout, stderr } = await npmRun(name, [option]).ended;
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(new RegExp(`^Usage: npm (run )?${name}\\b`));
    },
  );
});
