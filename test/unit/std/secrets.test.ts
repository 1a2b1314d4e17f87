import { describe, expect, test } from "vitest";
import { fillSecrets } from "../../../src/std/index.ts";

const secrets = { KEY: "k-1", OTHER: "o-2", EMPTY: "", NUMBER: 5, DOLLARS: "$& $1 $$", NESTED: "{{KEY}}" };
const fill = (template: string) => fillSecrets([["x-api-key", template]], secrets);

describe("fillSecrets puts in", () => {
  test.each([
    ["nothing where no secret is named", "plain", "plain"],
    ["a secret alone", "{{KEY}}", "k-1"],
    ["a secret inside a text", "Bearer {{KEY}}!", "Bearer k-1!"],
    ["several secrets", "{{KEY}}:{{OTHER}}", "k-1:o-2"],
    ["one secret twice", "{{KEY}}{{KEY}}", "k-1k-1"],
    ["a secret as it is, dollars and all", "{{DOLLARS}}", "$& $1 $$"],
    ["a secret once, and nothing that its value names", "{{NESTED}}", "{{KEY}}"],
    ["nothing for single braces", "{KEY}", "{KEY}"],
  ])("%s", (_, template, value) => {
    expect(fill(template)).toEqual({ ok: true, value: [["x-api-key", value]] });
  });

  test("all headers, in their order", () => {
    const templates = [
      ["a", "{{KEY}}"],
      ["b", "plain"],
    ] as const;
    expect(fillSecrets(templates, secrets)).toEqual({
      ok: true,
      value: [
        ["a", "k-1"],
        ["b", "plain"],
      ],
    });
  });

  test("nothing where there is no header", () => {
    expect(fillSecrets([], {})).toEqual({ ok: true, value: [] });
  });
});

describe("fillSecrets names the secret that is missing", () => {
  test.each([
    ["absent", "{{ABSENT}}", ["ABSENT"]],
    ["empty", "{{EMPTY}}", ["EMPTY"]],
    ["no text", "{{NUMBER}}", ["NUMBER"]],
    ["a member of every object", "{{toString}}", ["toString"]],
  ])("when it is %s", (_, template, missing) => {
    expect(fill(template)).toEqual({ ok: false, error: missing });
  });

  test("each once, over all headers", () => {
    const templates = [
      ["a", "{{ONE}} {{KEY}}"],
      ["b", "{{TWO}} {{ONE}}"],
    ] as const;
    expect(fillSecrets(templates, secrets)).toEqual({ ok: false, error: ["ONE", "TWO"] });
  });
});
