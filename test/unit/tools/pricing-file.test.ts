import { describe, expect, test } from "vitest";
import { textMistakes } from "../../../tools/pricing-file.ts";

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

describe("a text that is not JSON is told with its place", () => {
  test.each<[string, string, string]>([
    ["a comma is missing", '{\n  "a": 1\n  "b": 2\n}', "line 3, column 3: CommaExpected"],
    ["a comma is too much", '{\n  "a": 1,\n}', "line 3, column 1: PropertyNameExpected"],
    ["a colon is missing", '{"a" 1}', "line 1, column 6: ColonExpected"],
    ["a value is missing", '{\n  "a":\n}', "line 3, column 1: ValueExpected"],
    ["a brace is open", '{"a": 1', "line 1, column 8: CloseBraceExpected"],
    ["a bracket is open", "[1", "line 1, column 3: CloseBracketExpected"],
    ["a text is open", '{\n  "a": "b\n}', "line 2, column 8: UnexpectedEndOfString"],
    ["it has a comment", '{\n  // free for all\n  "a": 1\n}', "line 2, column 3: InvalidCommentToken"],
    ["it goes on behind its end", "{}\n{}", "line 2, column 1: EndOfFileExpected"],
    ["a name has no quotes", "{a: 1}", "line 1, column 2: InvalidSymbol"],
    ["it is empty", "", "line 1, column 1: ValueExpected"],
  ])("when %s", (_, text, mistake) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(textMistakes(text)).toContain(mistake);
  });

  test("and a key that stands twice is told besides", () => {
    const mistakes = textMistakes('{"a": 1, "a": 2,}');
    expect(mistakes).toContain('line 1, column 10: the key "a" stands twice');
    expect(mistakes.length).toBeGreaterThan(1);
  });
});
