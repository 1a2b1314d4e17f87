import { describe, expect, test } from "vitest";
import { syntaxMistake } from "../../../tools/json-syntax.ts";

describe("a text that is not JSON is told in words, with its place", () => {
  test.each<[string, string, string]>([
    [
      "a comma is missing at a line's end",
      '{\n  "a": 1\n  "b": 2\n}',
      "line 2, column 9: a comma is missing at the end of this line",
    ],
    ["a comma is missing within a line", "[1 2]", "line 1, column 3: a comma is missing here"],
    [
      "a comma stands before a brace",
      '{\n  "a": 1,\n}',
      "line 2, column 9: a comma stands before the closing brace; remove it",
    ],
    [
      "a comma stands before a bracket",
      "[1,\r\n]",
      "line 1, column 3: a comma stands before the closing bracket; remove it",
    ],
    ["there are two commas", "[1,,2]", "line 1, column 4: this comma is one too many; remove it"],
    ["a comma comes first", '{,"a": 1}', "line 1, column 2: this comma is one too many; remove it"],
    ["a semicolon stands for a comma", '{"a": 1;}', "line 1, column 8: write a comma in its place"],
    ["a colon is missing", '{"a" 1}', "line 1, column 5: a colon is missing behind the key"],
    ["an equals sign stands for a colon", '{"a" = 1}', "line 1, column 6: write a colon in its place"],
    ["a value is missing", '{\n  "a":\n}', "line 2, column 7: a value is missing behind the colon"],
    ["a key is missing", '{"a": 1, : 2}', "line 1, column 10: a key in double quotes is missing here"],
    ["a brace is open", '{"a": 1', "line 1, column 8: the file ends before its closing brace; write it"],
    ["a bracket is open", "[1", "line 1, column 3: the file ends before its closing bracket; write it"],
    ["a bracket closes a brace", '{"a": 1]', "line 1, column 8: this bracket closes what is not open"],
    ["a brace closes a bracket", "[1}", "line 1, column 3: this brace closes what is not open"],
    ["a brace closes nothing", '{"a": 1}}', "line 1, column 9: this closing brace is one too many; remove it"],
    ["it goes on behind its end", "{}\n{}", "line 2, column 1: the table ends before this; remove what follows"],
    ["a text is open", '{\n  "a": "b\n}', "line 2, column 8: this text has no closing quote in its line; write one"],
    [
      "a text has a tab",
      '["\t"]',
      'line 1, column 2: a text holds no tab and no other control character; write "\\t" for a tab',
    ],
    [
      "a text has a backslash",
      '["C:\\dir"]',
      'line 1, column 2: a backslash in a text begins an escape; write "\\\\" for a backslash',
    ],
    [
      "a text has half an escape",
      '["\\u12"]',
      'line 1, column 2: a backslash in a text begins an escape; write "\\\\" for a backslash',
    ],
    ["it has a comment", '{\n  // free for all\n  "a": 1\n}', "line 2, column 3: JSON has no comments; remove it"],
    ["it has a comment within a line", "{/* x */}", "line 1, column 2: JSON has no comments; remove it"],
    ["it has a comment of another language", "{\n  # x\n}", "line 2, column 3: JSON has no comments; remove it"],
    ["a name has no quotes", "{a: 1}", 'line 1, column 2: write double quotes around it: "a"'],
    ["a price has no quotes", '{"a": $0.01}', 'line 1, column 7: write double quotes around it: "$0.01"'],
    ["a text has single quotes", "{'a': 1}", 'line 1, column 2: write double quotes (") around a text'],
    [
      "a text has a typesetter's quotes",
      "{\u201ca\u201d: 1}",
      'line 1, column 2: write double quotes (") around a text',
    ],
    ["a number begins with its dot", "[.01]", "line 1, column 2: a number has a digit before its dot; write 0.01"],
    ["a number ends in its dot", "[1.]", "line 1, column 2: a number ends in a digit"],
    ["a number begins with a zero", "[01]", "line 1, column 2: a number does not begin with a zero; remove it"],
    ["a number has a plus", "[+1]", "line 1, column 2: a number has no plus; write 1"],
    ["a word is of another language", '{"a": True}', "line 1, column 7: write true"],
    ["something stands there", "[-]", "line 1, column 2: this is not JSON; remove it"],
  ])("when %s", (_, text, mistake) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(syntaxMistake(text)?.split("\n")[0]).toBe(mistake);
  });

  test.each<[string, string, string]>([
    ["it is empty", "", "the file is empty; write a JSON object"],
    ["it is blank", " \n", "the file is empty; write a JSON object"],
    ["it has a mark in front", "\uFEFF{}", "the file begins with a byte order mark; save it as UTF-8 without one"],
    ["it is UTF-16", "{\0}\0", "the file is not UTF-8; save it as that"],
    ["it is UTF-16 with a mark in front", "\uFFFD\uFFFD{\0}\0", "the file is not UTF-8; save it as that"],
  ])("as a whole when %s", (_, text, mistake) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(syntaxMistake(text)).toBe(mistake);
  });

  test("and with the line, where a mark stands below the place", () => {
    expect(syntaxMistake('{\n\t"a": 1,\n}')?.split("\n").slice(1)).toEqual(['       "a": 1,', "             ^"]);
    expect(
      syntaxMistake(`[${"1,".repeat(200)}]`)
        ?.split("\n")
        .slice(1),
    ).toEqual([`      ,${"1,".repeat(25)}]`, `      ${" ".repeat(50)}^`]);
  });

  test("but without a line that may hold a key", () => {
    const key = "1a".repeat(32);
    expect(syntaxMistake(`["${key}",]`)).not.toContain("\n");
    expect(syntaxMistake(`[0x${key}]`)).not.toContain(key);
    expect(syntaxMistake('["https://me:secret@rpc.example",]')).not.toContain("secret");
  });

  test("and nothing is told of JSON", () => {
    expect(syntaxMistake('{"a": [1, {"b": null}]}')).toBeNull();
  });
});
