import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/std/index.ts";
import { echoedOf, isFaithfulEcho } from "../../../src/x402/extensions.ts";

/** As it comes out of a header, where a member may have any name. */
const parse = (json: string): JsonObject => JSON.parse(json);

const info = { input: { method: "GET", query: ["a", "b"] }, limit: 3, note: null };
const advertised = { bazaar: { info, schema: {} }, other: { on: true }, empty: {} };
const echo = (changes: object): JsonObject => ({ bazaar: { info: { ...info, ...changes }, schema: {} } });

describe("an echo is faithful", () => {
  test.each<[string, JsonObject]>([
    ["when it is what we sent", structuredClone(advertised)],
    ["when it has one extension of two", { bazaar: advertised.bazaar }],
    ["when it is left out", {}],
    ["when it has nothing but an extension of the client's own", { mine: { anything: 1 } }],
    ["when the client added a member to an extension", { other: { on: true, mine: 1 } }],
    ["when the client added a member deep inside", echo({ input: { ...info.input, mine: [] } })],
    ["when the client filled an object that we left empty", { empty: { mine: {} } }],
    ["when the schema beside the info stayed behind", { bazaar: { info } }],
    ["when the schema beside the info is another", { bazaar: { info, schema: { mine: {} } } }],
    ["when the client added an info where we have none", { other: { on: true, info: {} } }],
    ["when its members are in another order", { other: { on: true }, bazaar: { schema: {}, info } }],
  ])("%s", (_, echoed) => {
    expect(isFaithfulEcho(advertised, echoed)).toBe(true);
  });
});

describe("an echo is not faithful", () => {
  test.each<[string, JsonObject]>([
    ["when an extension is null", { bazaar: null }],
    ["when an extension is a text", { bazaar: "bazaar" }],
    ["when an extension is a list", { bazaar: [] }],
    ["when an extension is emptied", { bazaar: {} }],
    ["when the info is missing", { bazaar: { schema: {} } }],
    ["when what was in the info stands beside it", { bazaar: { ...info, schema: {} } }],
    ["when what we have beside no info stands in one", { other: { info: { on: true } } }],
    ["when a member is missing", { bazaar: { info: { input: info.input, note: null }, schema: {} } }],
    ["when a number is another", echo({ limit: 4 })],
    ["when a number is a text", echo({ limit: "3" })],
    ["when null is left out", { bazaar: { info: { input: info.input, limit: 3 }, schema: {} } }],
    ["when null is a text", echo({ note: "null" })],
    ["when true is a number", { other: { on: 1 } }],
    ["when a text is in upper case", echo({ input: { ...info.input, method: "get" } })],
    ["when an object is a list", echo({ input: [] })],
    ["when a list is an object with its indices", echo({ input: { method: "GET", query: { 0: "a", 1: "b" } } })],
    ["when a list is longer", echo({ input: { method: "GET", query: ["a", "b", "c"] } })],
    ["when a list is shorter", echo({ input: { method: "GET", query: ["a"] } })],
    ["when a list is in another order", echo({ input: { method: "GET", query: ["b", "a"] } })],
    ["when one of two is not", { bazaar: advertised.bazaar, other: { on: false } }],
  ])("%s", (_, echoed) => {
    expect(isFaithfulEcho(advertised, echoed)).toBe(false);
  });
});

describe("names that objects inherit are names like others", () => {
  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("%s", (name) => {
    const nested = parse(`{"e":{"${name}":{"a":1}}}`);
    expect(isFaithfulEcho(nested, nested)).toBe(true);
    // What every object has is not what the client wrote.
    expect(isFaithfulEcho(nested, parse('{"e":{}}'))).toBe(false);
    expect(isFaithfulEcho(nested, parse(`{"e":{"${name}":{"a":2}}}`))).toBe(false);

    const top = parse(`{"${name}":{"a":1}}`);
    expect(isFaithfulEcho(top, parse("{}"))).toBe(true);
    expect(isFaithfulEcho(top, parse(`{"${name}":{}}`))).toBe(false);
    expect(JSON.stringify(echoedOf(top, parse(`{"${name}":{"a":1,"b":2}}`)))).toBe(JSON.stringify(top));
    expect(echoedOf({}, top)).toEqual({});
    expect(Object.getPrototypeOf(echoedOf(top, top))).toBe(Object.prototype);
  });

  test("a member that the client hid in its prototype does not count", () => {
    expect(isFaithfulEcho({ e: { a: 1 } }, parse('{"e":{"__proto__":{"a":1}}}'))).toBe(false);
  });
});

describe("what is handed on", () => {
  test("is what the client echoed, in our own words", () => {
    const echoed = { mine: {}, bazaar: { info: { ...info, mine: 1 }, schema: {}, mine: 2 } };
    expect(echoedOf(advertised, echoed)).toEqual({ bazaar: advertised.bazaar });
  });
});

type Path = readonly (string | number)[];

const member = fc.oneof(fc.string(), fc.constantFrom("info", "schema"));
const extensions = fc.dictionary(fc.string(), fc.dictionary(member, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }), {
  minKeys: 1,
  maxKeys: 4,
}) as fc.Arbitrary<JsonObject>;

const isContainer = (value: unknown): value is JsonObject => typeof value === "object" && value !== null;

/** Every place of the extensions that binds their echo, containers included. */
function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (!isContainer(value)) return [path];
  const below = Object.keys(value).flatMap((key) => pathsOf(value[key], [...path, key]));
  return path.length > 1 ? [path, ...below] : below;
}

/** Beside an info nothing does. */
const isBound = (ours: JsonObject, [name = "", member]: Path): boolean =>
  member === "info" || !Object.hasOwn(ours[name] as object, "info");

/** The same with one place rewritten; members are defined, so that no name means more than itself. */
function rewrite(value: unknown, [key, ...rest]: Path, change: (holder: object, key: string) => void): unknown {
  if (!isContainer(value) || key === undefined) return value;
  const copy = Array.isArray(value) ? [...value] : Object.fromEntries(Object.entries(value));
  if (rest.length === 0) change(copy, String(key));
  else define(copy, String(key), rewrite(value[key], rest, change));
  return copy;
}

const define = (holder: object, key: string, value: unknown): void =>
  void Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });

/** Adds a member to every object. */
function enrich(value: unknown, gift: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => enrich(one, gift));
  if (!isContainer(value)) return value;
  const members = Object.entries(value).map(([key, member]) => [key, enrich(member, gift)]);
  let name = "gift";
  while (Object.hasOwn(value, name)) name += "!";
  return Object.fromEntries([...members, [name, gift]]);
}

describe("whatever is advertised,", () => {
  test("an echo with more members in its objects is faithful", () => {
    fc.assert(
      fc.property(extensions, fc.jsonValue(), (ours, gift) => {
        expect(isFaithfulEcho(ours, enrich(ours, gift) as JsonObject)).toBe(true);
      }),
    );
  });

  test("what goes on of an echo is what we sent", () => {
    fc.assert(
      fc.property(extensions, fc.jsonValue(), (ours, gift) => {
        expect(echoedOf(ours, enrich(ours, gift) as JsonObject)).toEqual(ours);
      }),
    );
  });

  const place = extensions
    .map((ours) => ({ ours, paths: pathsOf(ours).filter((path) => path.length > 1 && isBound(ours, path)) }))
    .filter(({ paths }) => paths.length > 0)
    .chain(({ ours, paths }) => fc.record({ ours: fc.constant(ours), path: fc.constantFrom(...paths) }));

  test("an echo in which one place is something else is not faithful", () => {
    fc.assert(
      fc.property(place, ({ ours, path }) => {
        const other = "a text that chance does not write";
        const echoed = rewrite(ours, path, (holder, key) => define(holder, key, other)) as JsonObject;
        expect(isFaithfulEcho(ours, echoed)).toBe(false);
      }),
    );
  });

  test("an echo that lacks one member is not faithful", () => {
    fc.assert(
      fc.property(place, ({ ours, path }) => {
        const echoed = rewrite(ours, path, (holder, key) => {
          if (Array.isArray(holder)) holder.splice(Number(key), 1);
          else Reflect.deleteProperty(holder, key);
        }) as JsonObject;
        expect(isFaithfulEcho(ours, echoed)).toBe(false);
      }),
    );
  });
});
