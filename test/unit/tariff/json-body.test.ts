// What of a JSON body is priced is what every parser of it reads.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Found } from "../../../src/tariff/found.ts";
import { isJson, readMember } from "../../../src/tariff/json-body.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const said = (found: Found): string => (found.kind === "value" ? `= ${found.value}` : found.kind);
const read = (text: string, ...pointer: string[]): string =>
  said(readMember(bytes(text), pointer.length > 0 ? pointer : ["size"]));

describe("a member of the body", () => {
  test.each([
    ['{"size":"512x512"}', "= 512x512"],
    [' {\n "a": [1, {"size": "no"}], "size" :\t"yes" }\r\n', "= yes"],
    ['{"a":"\\"size\\":1","size":"x"}', "= x"],
    ['{"\\u0073ize":"s"}', "= s"],
    ['{"size":"\\u0061"}', "= a"],
    ['{"size":512}', "= 512"],
    ['{"size":-1.5}', "= -1.5"],
    ['{"size":2.0}', "= 2"],
    ['{"size":2.50}', "= 2.5"],
    ['{"size":0}', "= 0"],
    ['{"size":true}', "= true"],
    ['{"size":false, "x":1}', "= false"],
    ['{"size":"true"}', '= "true"'],
    ['{"size":""}', "= "],
    ['{"size":null}', "missing"],
    ["{}", "missing"],
    ["[]", "missing"],
    ['"size"', "missing"],
    ["7", "missing"],
    ['{"a":{"size":1}}', "missing"],
    ["", "missing"],
  ])("of %s is %s", (text, value) => {
    expect(read(text)).toBe(value);
  });

  test.each<[string, string, string[]]>([
    ['{"a":{"b":[{"c":"deep"}]}}', "= deep", ["a", "b", "0", "c"]],
    ['{"a":[10, [], {}, 40]}', "= 40", ["a", "3"]],
    ['{"a":[1]}', "missing", ["a", "1"]],
    ['{"a":[]}', "missing", ["a", "0"]],
    ['{"a":[1]}', "missing", ["a", "00"]],
    ['{"a":[1]}', "missing", ["a", "length"]],
    ['{"a":{"0":"x"}}', "= x", ["a", "0"]],
    ['{"a/b":{"m~n":1}}', "= 1", ["a/b", "m~n"]],
    ['{"a":"b"}', "missing", ["a", "b"]],
    ['{"a":{"b":1},"a":{"b":2}}', "ambiguous", ["a", "b"]],
    ['{"x":{"b":1,"b":2},"a":{"b":3}}', "= 3", ["a", "b"]],
  ])("of %s is %s at %j", (text, value, pointer) => {
    expect(read(text, ...pointer)).toBe(value);
  });

  test.each([
    ["twice", '{"size":"small","size":"large"}'],
    ["twice alike", '{"size":"small","size":"small"}'],
    ["twice, once escaped", '{"size":"small","\\u0073ize":"large"}'],
    ["in another letter case, which Go takes", '{"Size":"large"}'],
    ["in another letter case beside it", '{"size":"small","SIZE":"large"}'],
    ["with a letter that folds to one of its own", '{"\u017Fize":"large"}'],
    ["in another spelling, which protobuf takes", '{"si_ze":"large"}'],
    ["below a __proto__ that is merged", '{"__proto__":{"size":"large"}}'],
    ["as a list", '{"size":["large"]}'],
    ["as an object", '{"size":{"name":"large"}}'],
    ["as a number beyond what is exact", '{"size":9007199254740993}'],
    ["as a number beyond any", '{"size":1e400}'],
    ["as a number in another form", '{"size":5.12e2}'],
    ["as a number below zero that is zero", '{"size":-0}'],
    ["as a number of many zeros", `{"size":1.${"0".repeat(40)}}`],
    ["behind a byte order mark", '\uFEFF{"size":"small"}'],
    ["before something else", '{"size":"small"} {"size":"large"}'],
    ["in JSON with comments", '{"size":"small" /* "size":"large" */}'],
    ["in JSON with a comma too many", '{"size":"small",}'],
    ["in what is no JSON", "size=small"],
    ["deeper than anybody reads", `${"[".repeat(101)}${"]".repeat(101)}`],
  ])("is ambiguous where it stands there %s", (_, text) => {
    expect(read(text)).toBe("ambiguous");
  });

  test("is ambiguous where the body is not UTF-8", () => {
    const text = bytes('{"size":"?"}');
    text[9] = 0xff;
    expect(said(readMember(text, ["size"]))).toBe("ambiguous");
  });
});

describe("a body is JSON", () => {
  test.each([
    ["application/json", true],
    ["Application/JSON; charset=utf-8", true],
    ['application/json;charset="UTF-8"', true],
    ["application/vnd.api+json", true],
    ["application/json; charset=utf-16", false],
    ["application/json, text/plain", false],
    ["application/jsonp", false],
    ["text/plain", false],
    ["application/x-www-form-urlencoded", false],
    ["", false],
  ])("as %j: %s", (type, is) => {
    expect(isJson(new Headers({ "content-type": type }))).toBe(is);
  });

  test("where nobody says what it is, or it is compressed: never", () => {
    expect(isJson(new Headers())).toBe(false);
    expect(isJson(new Headers({ "content-type": "application/json", "content-encoding": "gzip" }))).toBe(false);
  });

  test("where it says that it is as it is", () => {
    expect(isJson(new Headers({ "content-type": "application/json", "content-encoding": "identity" }))).toBe(true);
  });
});

/** JSON as a parser meets it: members in order, with their names as they are written. */
type Node =
  | { readonly kind: "scalar"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly Node[] }
  | { readonly kind: "object"; readonly members: readonly (readonly [name: string, node: Node])[] };

const NAMES = ['"a"', '"b"', '"A"', '"\\u0061"', '"c"', '"d"', '"e"', '"a_"'];
const SCALARS = [
  '"x"',
  '"y\\n"',
  '"true"',
  "1",
  "1.0",
  "1e0",
  "9007199254740993",
  "true",
  "false",
  "null",
  '"\\u0078"',
];

const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("scalar" as const), text: fc.constantFrom(...SCALARS) }) },
    fc.record({ kind: fc.constant("list" as const), items: fc.array(tie("node"), { maxLength: 2 }) }),
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("object" as const),
        members: fc.array(fc.tuple(fc.constantFrom(...NAMES), tie("node")), { maxLength: 3 }),
      }),
    },
  ),
}));

function written(of: Node, space: string): string {
  switch (of.kind) {
    case "scalar":
      return of.text;
    case "list":
      return `[${space}${of.items.map((item) => written(item, space)).join(`${space},`)}]`;
    case "object":
      return `{${of.members.map(([name, member]) => `${space}${name}${space}:${written(member, space)}`).join(",")}${space}}`;
  }
}

/** As a parser reads it that takes the first or the last of a name, in its own letter case or in any. */
function reading(of: Node | undefined, pointer: readonly string[], isFirst: boolean, fold: boolean): unknown {
  const [token, ...rest] = pointer;
  if (of === undefined) return undefined;
  if (token === undefined) return of.kind === "scalar" ? JSON.parse(of.text) : of.kind;
  if (of.kind === "list") return reading(of.items[/^\d+$/.test(token) ? Number(token) : -1], rest, isFirst, fold);
  if (of.kind !== "object") return undefined;
  const is = (name: string): boolean => (fold ? name.toLowerCase() === token.toLowerCase() : name === token);
  const found = of.members.filter(([name]) => is(JSON.parse(name) as string));
  return reading((isFirst ? found[0] : found.at(-1))?.[1], rest, isFirst, fold);
}

test("for any body, the priced value is the one that every parser of it reads, or there is none", () => {
  const pointers = fc.array(fc.constantFrom("a", "b", "0", "1"), { minLength: 1, maxLength: 2 });
  let priced = 0;
  fc.assert(
    fc.property(node, pointers, fc.constantFrom("", " ", "\n\t"), (of, pointer, space) => {
      const text = written(of, space);
      const found = readMember(bytes(text), pointer);
      if (found.kind === "ambiguous") return;
      const readings = [true, false].flatMap((isFirst) =>
        [true, false].map((fold) => reading(of, pointer, isFirst, fold)),
      );
      const parsed = pointer.reduce<unknown>(
        (value, token) =>
          typeof value === "object" && value !== null ? (value as Record<string, unknown>)[token] : undefined,
        JSON.parse(text),
      );
      const isWord = (value: unknown): boolean => ["true", "false", "null"].includes(value as string);
      for (const value of [...readings, parsed]) {
        if (found.kind === "missing") expect(value ?? null).toBeNull();
        else expect(isWord(value) ? JSON.stringify(value) : String(value)).toBe(found.value);
      }
      if (found.kind === "value") priced++;
    }),
    { numRuns: 5000 },
  );
  // What comes of chance comes often enough.
  expect(priced).toBeGreaterThan(15);
});
