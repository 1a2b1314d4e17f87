import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isObject, parseJson } from "../../../src/std/json.ts";

const limits = { depthMax: 3, nodesMax: 6 };
const wide = { depthMax: 100, nodesMax: 100_000 };
const tooComplex = { ok: false, error: "too_complex" };

describe("parseJson", () => {
  test.each<[string, unknown]>([
    ['{"a":[1]}', { a: [1] }],
    ["[[[]]]", [[[]]]],
    ["[1,2,3,4,5,6]", [1, 2, 3, 4, 5, 6]],
    ['"[[[["', "[[[["],
    [String.raw`["\"[[[["]`, ['"[[[[']],
    [String.raw`["\\"]`, ["\\"]],
    ["null", null],
    ["0", 0],
  ])("reads %s", (text, value) => {
    expect(parseJson(text, limits)).toEqual({ ok: true, value });
  });

  test.each(["", "{", "}", "[1,]", '"open', '"open\\', "{a:1}", "1 2", "NaN", "\ufeff{}", "'x'"])(
    "calls %j no JSON",
    (text) => {
      expect(parseJson(text, limits)).toEqual({ ok: false, error: "not_json" });
    },
  );

  test.each([
    ["one level too deep", "[[[[]]]]"],
    ["one level too deep in objects", '{"a":{"a":{"a":{}}}}'],
    ["one node too many", "[1,2,3,4,5,6,7]"],
    ["deep and never closed", "[".repeat(100_000)],
    ["wide and never closed", `[${"1,".repeat(100_000)}`],
    ["deep behind a string with an escaped quote", String.raw`["\"",[[[[]]]]]`],
    ["deep behind brackets that were closed before they were opened", `]]]]${"[".repeat(8)}`],
  ])("refuses what is %s before it builds anything", (_, text) => {
    expect(parseJson(text, limits)).toEqual(tooComplex);
  });

  test("reads every JSON value within its limits as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text, wide)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test("never lets through a value deeper than the limit", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const result = parseJson(text, { depthMax: 3, nodesMax: 100_000 });
        expect(result.ok).toBe(depthOf(JSON.parse(text)) <= 3);
      }),
    );
  });
});

describe("isObject", () => {
  test.each<[unknown, boolean]>([
    [{}, true],
    [{ length: 0 }, true],
    [[], false],
    [null, false],
    [undefined, false],
    ["{}", false],
    [1, false],
  ])("%j: %s", (value, expected) => {
    expect(isObject(value)).toBe(expected);
  });
});

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
