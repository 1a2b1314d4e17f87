// JSON that is read as it comes agrees with JSON that is parsed.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonScanner } from "../../../src/metering/scanner.ts";
import {
  bytes,
  DEPTH_MAX,
  foundIn,
  inParts,
  objectOf,
  type Path,
  someObject,
  someSizes,
  someWanted,
  written,
} from "./json-texts.ts";

/** Null for what is no object. */
function scan(text: Uint8Array, wanted: readonly (readonly Path[])[], sizes: readonly number[] = []) {
  let found: readonly (string | null)[] | null = null;
  const scanner = new JsonScanner(wanted, (values) => {
    found = values.map(written);
  });
  inParts(text, sizes, (part) => scanner.feed(part));
  scanner.end();
  return found as readonly (string | null)[] | null;
}

const one = (text: string, path: string): string | null | undefined => scan(bytes(text), [[path.split(".")]])?.[0];

/** Whether JSON.parse may read a number as another one, or as nothing. */
const isRounded = (text: string): boolean => /\d[\d.]{15}|[eE]-0*\d{3}/.test(text);

describe("what is scanned", () => {
  test("is what is parsed, in whatever spelling and chunks it comes, and wherever it stands", () => {
    fc.assert(
      fc.property(someObject, someWanted, someSizes, (text, wanted, sizes) => {
        expect(scan(bytes(text), wanted, sizes)).toEqual(foundIn(objectOf(text) ?? expect.fail(text), wanted));
      }),
      { numRuns: 2000 },
    );
  });

  test("is JSON where it parses, and only there, with any byte of it changed, added or lost", () => {
    const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
    const someByte = fc.oneof(
      fc.constantFrom(...bytes('{}[]",:\\/ue+-.0123 \t\n\r\u0000\u001f\u007f')),
      fc.integer({ min: 0, max: 255 }),
    );
    const someChange = fc.tuple(fc.nat(), fc.constantFrom(0, 1), fc.array(someByte, { maxLength: 1 }));
    fc.assert(
      fc.property(
        someObject,
        fc.array(someChange, { minLength: 1, maxLength: 2 }),
        someWanted,
        (text, changes, wanted) => {
          const changed = Array.from(bytes(text));
          for (const [at, lost, added] of changes) changed.splice(at % (changed.length + 1), lost, ...added);
          const spelled = decoder.decode(Uint8Array.from(changed));
          const json = objectOf(spelled);
          const found = scan(Uint8Array.from(changed), wanted, [1, 2, 3]);
          if (json === null || isRounded(spelled)) expect(found === null).toBe(json === null);
          else expect(found).toEqual(foundIn(json, wanted));
        },
      ),
      { numRuns: 5000 },
    );
  });

  test.each<[string, string, string | null]>([
    ['{"usage":{"tokens":5}}', "usage.tokens", "5"],
    ['{"usage":{"list":[1,{"n":7}]}}', "usage.list.1.n", "7"],
    ['{"list":[[],[1,2,3]]}', "list.1.2", "3"],
    ['{"list":[1]}', "list.1", null],
    ['{"list":[1]}', "list.00", null],
    ['{"list":[1]}', "list.length", null],
    ['{"0":{"1":4}}', "0.1", "4"],
    ['{"n":null}', "n", null],
    ['{"n":null}', "n.n", null],
    ['{"n":5}', "n.n", null],
    ['{"n":{"m":1}}', "n", null],
    ['{"n":[1]}', "n", null],
    ['{"n":"12"}', "n", "12"],
    ['{"n":" \\u0031\\t"}', "n", "1"],
    ['{"toString":1}', "toString", "1"],
    ["{}", "constructor", null],
    ['{"__proto__":{"n":1}}', "__proto__.n", "1"],
    ['{"__proto__":{"n":1}}', "n", null],
    ['{"\\u006e":1}', "n", "1"],
    ['{"n\\u0000":1}', "n", null],
    ['{"n":1,"n":2}', "n", "2"],
    ['{"n":1,"\\u006e":null}', "n", null],
    ['{"u":{"n":1},"u":{}}', "u.n", null],
    ['{"u":{"n":1},"u":3}', "u.n", null],
    ['{"u":[{"n":1}],"u":[0]}', "u.0.n", null],
    ['{"n":-1}', "n", null],
    ['{"n":1e3}', "n", "1000"],
    ['{"n":-0}', "n", "0"],
    ['{"n":true}', "n", null],
  ])("of %s at %s is %s", (text, path, value) => {
    expect(one(text, path)).toBe(value);
  });

  test.each([
    "",
    " ",
    "1",
    '"x"',
    "null",
    "[]",
    "{",
    "{}}",
    "{}{}",
    "\u{feff}{}",
    '{"n":nul}',
    '{"n":01}',
    '{"n":1.}',
    '{"n":+1}',
    '{"n":1e}',
    "{'n':1}",
    '{"n":1,}',
    '{"n":[1,]}',
    '{"n":[1}}',
    '{"n":"\t"}',
    '{"n":"\\x"}',
    '{"n":"\\u12g4"}',
    '{"n" 1}',
    "{n:1}",
  ])("is no object where it is %j", (text) => {
    expect(one(text, "n")).toBeUndefined();
  });

  test("is exact where JSON.parse rounds", () => {
    expect(one('{"n":9007199254740993}', "n")).toBe("9007199254740993");
    expect(one(`{"n":${"9".repeat(30)}}`, "n")).toBe("9".repeat(30));
    expect(one('{"n":0.1000000000000000000000000001}', "n")).toBe("0.1000000000000000000000000001");
  });

  test("is the first of several paths that can be read", () => {
    const wanted = [[["a"], ["b"], ["c", "d"]]];
    expect(scan(bytes('{"c":{"d":3}}'), wanted)).toEqual(["3"]);
    expect(scan(bytes('{"c":{"d":3},"b":2,"a":"x"}'), wanted)).toEqual(["2"]);
  });

  test("has names of bytes that are no UTF-8 as a decoder reads them", () => {
    const text = Uint8Array.of(...bytes('{"n'), 0xff, ...bytes('":1}'));
    expect(scan(text, [[["n\ufffd"]], [["n\u00ff"]], [["n"]]])).toEqual(["1", null, null]);
  });

  test("may be 10,000 deep, and no deeper", () => {
    const deep = (depth: number): string => `{"n":1,"x":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    expect([one(deep(10_000), "n"), one(deep(10_001), "n")]).toEqual(["1", undefined]);
  });

  test("is what is parsed also where it is about as deep as it may be", () => {
    const someKinds = fc.array(fc.boolean(), { minLength: 1, maxLength: 9 });
    const someDepth = fc.integer({ min: DEPTH_MAX - 3, max: DEPTH_MAX + 3 });
    fc.assert(
      fc.property(someKinds, someDepth, fc.constantFrom("", "}", "1"), fc.boolean(), (kinds, depth, flaw, isBehind) => {
        const isObject = Array.from({ length: depth - 1 }, (_, i) => kinds[i % kinds.length] as boolean);
        const begins = isObject.map((is) => (is ? '{"x":' : "[")).join("");
        const ends = isObject.map((is) => (is ? "}" : "]")).reverse();
        const nested = `${begins}0${ends.join("")}${flaw}`;
        const text = isBehind ? `{"x":${nested},"n":7}` : `{"n":7,"x":${nested}}`;
        const json = objectOf(text);
        expect(scan(bytes(text), [[["n"]]], [5_000])).toEqual(json && foundIn(json, [[["n"]]]));
      }),
      { numRuns: 200 },
    );
  });

  test("has nothing of what was scanned before", () => {
    const found: (readonly (string | null)[])[] = [];
    const scanner = new JsonScanner([[["n"]], [["m", "k"]]], (values) => found.push(values.map(written)));
    const next = (text: string) => {
      scanner.feed(bytes(text));
      scanner.end();
      return found.pop();
    };
    expect(next('{"n":1,"m":{"k":2}}')).toEqual(["1", "2"]);
    expect(next('{"m":{}}')).toEqual([null, null]);
    expect(next('{"m":{"k":3')).toBeUndefined();
    expect(next('{"n":"')).toBeUndefined();
    expect(next("x")).toBeUndefined();
    expect(next('{"n":4}')).toEqual(["4", null]);
  });
});

describe("what is too long to be a use or its name", () => {
  const long = 1_000_000;

  test.each([
    ["a text", `{"n":"${"1".repeat(long)}","m":2}`],
    ["a text of escapes", `{"n":"${"\\u0031".repeat(long)}","m":2}`],
    ["a number", `{"n":${"1".repeat(long)},"m":2}`],
    ["a fraction", `{"n":1.${"0".repeat(long)},"m":2}`],
    ["an exponent", `{"n":1e${"0".repeat(long)},"m":2}`],
    ["a name", `{"n${"n".repeat(long)}":1,"m":2}`],
    ["a name of escapes", `{"${"\\u006e".repeat(long)}":1,"m":2}`],
  ])("%s is passed over", (_, text) => {
    expect(scan(bytes(text), [[["n"]], [["m"]]])).toEqual([null, "2"]);
  });

  test("a name is found however it is escaped, and however long it is", () => {
    const name = "n".repeat(2000);
    expect(one(`{"${"\\u006e".repeat(2000)}":1}`, name)).toBe("1");
    expect(one(`{"${name}":1}`, name)).toBe("1");
    expect(one(`{"${name}n":1}`, name)).toBeNull();
  });
});
