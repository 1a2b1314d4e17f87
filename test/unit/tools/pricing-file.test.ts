import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileFile, textMistakes } from "../../../tools/pricing-file.ts";
import { PAY_TO } from "../../support/payment.ts";

const table = `{
  "upstream": "https://legacy.example.com",
  "accepts": ["base-sepolia"],
  "routes": {
    "GET /v1": "$0.001",
    "GET /v2": { "price": "$0.01", "description": "Goods" }
  }
}
`;

test("a well-formed table has no mistakes", () => {
  expect(textMistakes(table)).toEqual([]);
});

test("one name in two objects is no mistake", () => {
  expect(textMistakes('{"a": {"price": 1}, "b": {"price": 1}, "c": [{"price": 1}, {"price": 1}]}')).toEqual([]);
});

describe("a key that stands twice is told with its place", () => {
  test.each<[string, string, readonly string[]]>([
    ["at the top", '{"a": 1, "a": 2}', ['line 1, column 10: the key "a" stands twice']],
    [
      "without what may be somebody's private key",
      `{"0x${"12".repeat(32)}": 1, "0x${"12".repeat(32)}": 2}`,
      ['line 1, column 75: the key "…" stands twice'],
    ],
    ["with the same value", '{"a": 1, "a": 1}', ['line 1, column 10: the key "a" stands twice']],
    ["written with an escape", '{"a": 1, "\\u0061": 2}', ['line 1, column 10: the key "a" stands twice']],
    ["with quotes in it", '{"\\"": 1, "\\"": 2}', ['line 1, column 11: the key "\\"" stands twice']],
    ["inside an object", table.replace("GET /v2", "GET /v1"), ['line 6, column 5: the key "GET /v1" stands twice']],
    ["inside a list", '[{"a": 1},\n {"b": 1,\n  "b": 2}]', ['line 3, column 3: the key "b" stands twice']],
    [
      "three times",
      '{"a": 1,\n"a": 2,\n"a": 3}',
      ['line 2, column 1: the key "a" stands twice', 'line 3, column 1: the key "a" stands twice'],
    ],
    [
      "at several depths",
      '{"a": {"b": 1, "b": 2}, "a": 3}',
      ['line 1, column 16: the key "b" stands twice', 'line 1, column 25: the key "a" stands twice'],
    ],
    ["in a file with Windows line ends", '{"a": 1,\r\n "a": 2}', ['line 2, column 2: the key "a" stands twice']],
  ])("%s", (_, text, mistakes) => {
    expect(textMistakes(text)).toEqual(mistakes);
  });
});

describe("a mistake of meaning is told with its line", () => {
  const compiled = (text: string): readonly string[] => {
    const file = join(mkdtempSync(join(tmpdir(), "faregate-pricing-file-test-")), "pricing.json");
    writeFileSync(file, text);
    const config = compileFile(file);
    rmSync(dirname(file), { recursive: true });
    return config.ok ? [] : config.error;
  };
  const correct = `{
  "upstream": "https://legacy.example.com",
  "payTo": "${PAY_TO}",
  "accepts": [
    "base-sepolia"
  ],
  "facilitators": ["https://x402.org/facilitator"],
  "routes": {
    "GET /v1": {
      "price": "$0.001"
    }
  }
}`;

  test("and a correct table has none", () => {
    expect(compiled(correct)).toEqual([]);
  });

  test.each<[string, string, string, string]>([
    ["a value", '"$0.001"', '"$0"', 'line 10: routes["GET /v1"].price: a price is above zero'],
    ["a key", '"price"', '"prize": 1,\n"price"', 'line 10: routes["GET /v1"].prize: there is no such key'],
    ["an entry of a list", '"base-sepolia"', '"base",\n"bsae"', "line 6: accepts[1]: "],
    ["a key that is missing", '"price": "$0.001"', "", 'line 9: routes["GET /v1"].price: this key is missing'],
    ["a key of the table that is missing", `"payTo": "${PAY_TO}",`, "", "payTo: this key is missing"],
    ["a key with a bracket in it", "GET /v1", '/]\\"?x', 'line 9: routes["/]\\"?x"]: a key has no query'],
  ])("of %s", (_, from, to, mistake) => {
    const [first = "", ...others] = compiled(correct.replace(from, () => to));
    expect(first.slice(0, mistake.length)).toBe(mistake);
    expect(others).toEqual([]);
  });

  test("of several in the order of the file", () => {
    const text = correct
      .replace("$0.001", "$0")
      .replace('"accepts"', '"colour": 1,\n"accepts"')
      .replace(`"payTo": "${PAY_TO}",`, "");
    expect(compiled(text).map((mistake) => mistake.split(":")[0])).toEqual(["payTo", "line 4", "line 11"]);
  });
});
