// JSON in many spellings, and what JSON.parse makes of it: what the scanner is held against.

import fc from "fast-check";
import { type Decimal, decimalText, readNumber, readText } from "../../../src/metering/decimal.ts";

export type Path = readonly string[];

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a parser builds, as long as it is an object and no deeper than is read; null for everything else. */
export function objectOf(text: string): object | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) && depthOf(json) <= DEPTH_MAX
      ? json
      : null;
  } catch {
    return null;
  }
}

export const DEPTH_MAX = 10_000;

/** Level by level: what is so deep is too deep for a function that calls itself. */
function depthOf(json: unknown): number {
  let depth = 0;
  let level = [json].filter(isContainer);
  for (; level.length > 0; depth++) level = level.flatMap((one) => Object.values(one)).filter(isContainer);
  return depth;
}

const isContainer = (json: unknown): json is object => typeof json === "object" && json !== null;

/** Undefined where there is no such member; of a list, the names are its indices. */
function lookUp(json: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, name) => {
    if (Array.isArray(value)) return /^(0|[1-9]\d{0,8})$/.test(name) ? value[Number(name)] : undefined;
    const isObject = typeof value === "object" && value !== null;
    return isObject && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }, json);
}

function readValue(value: unknown): Decimal | null {
  if (typeof value === "string") return readText(value);
  return typeof value === "number" ? readNumber(String(value)) : null;
}

/** One for each of `wanted`: the first of its paths that is there, as people write it. */
export const foundIn = (json: object, wanted: readonly (readonly Path[])[]): readonly (string | null)[] =>
  wanted.map((paths) => written(paths.map((path) => readValue(lookUp(json, path))).find((value) => value) ?? null));

export const written = (value: Decimal | null): string | null => value && decimalText(value);

/** Calls `take` with the parts of `whole`, in memory that is used again, with nothing between them now and then. */
export function inParts(whole: Uint8Array, sizes: readonly number[], take: (part: Uint8Array) => void): void {
  const memory = new Uint8Array(whole.byteLength);
  let at = 0;
  for (const size of [...sizes, whole.byteLength]) {
    const part = whole.subarray(at, at + size);
    memory.set(part);
    take(memory.subarray(0, part.byteLength));
    take(memory.subarray(0, 0));
    memory.fill(0x21);
    at += size;
  }
}

export const someSizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 });

const NAMES = ["usage", "n", "", "0", "1", "00", "a/b", 'q"', "é", "\u{1f600}", "\ud800", "__proto__", "toString"];
const someName = fc.constantFrom(...NAMES);
export const somePath = fc.array(someName, { minLength: 1, maxLength: 3 });
export const someWanted = fc.array(fc.array(somePath, { maxLength: 3 }), { minLength: 1, maxLength: 3 });

const SHORT: Readonly<Record<string, string>> = { '"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t" };
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
const mustEscape = (unit: string): boolean =>
  unit < " " || unit === '"' || unit === "\\" || /[\ud800-\udfff]/.test(unit);

/** Each unit in one of the ways in which JSON may write it (RFC 8259 section 7). */
function spelled(text: string, ways: readonly number[]): string {
  const units = text.split("").map((unit, i) => {
    const way = ways[i % ways.length] ?? 0;
    if (way === 1) return SHORT[unit] ?? escaped(unit);
    if (way === 2) return escaped(unit);
    if (way === 3) return escaped(unit).toUpperCase().replace("U", "u");
    return mustEscape(unit) ? (SHORT[unit] ?? escaped(unit)) : unit;
  });
  return `"${units.join("")}"`;
}

const someWays = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 });
const textOf = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(value, someWays).map(([text, ways]) => spelled(text, ways));

/** Of no more digits than JSON.parse reads exactly. */
const someNumber = fc
  .tuple(
    fc.constantFrom("", "", "", "-"),
    fc.integer({ min: 0, max: 99_999_999 }),
    fc.constantFrom("", ".0", ".5", ".250", ".000001"),
    fc.constantFrom("", "", "e0", "E+2", "e-3", "e1", "E-0012"),
  )
  .map((parts) => parts.join(""));

const someSpace = fc.constantFrom("", "", "", " ", "\n", "\t", "\r\n", "  ");
const spaced = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(someSpace, text, someSpace).map((all) => all.join(""));

const { value: someValue } = fc.letrec<{ value: string; object: string; list: string }>((tie) => ({
  value: spaced(
    fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      someNumber,
      textOf(fc.oneof(fc.constantFrom("7", " 8.5\n", "1e3", "x"), fc.string({ unit: "binary", maxLength: 8 }))),
      fc.constantFrom("true", "false", "null"),
      tie("object"),
      tie("list"),
    ),
  ),
  object: fc
    .array(fc.tuple(spaced(textOf(someName)), tie("value")), { maxLength: 5 })
    .map((members) => `{${members.map((member) => member.join(":")).join(",")}}`),
  list: fc.array(tie("value"), { maxLength: 4 }).map((elements) => `[${elements.join(",")}]`),
}));

/** An object, in which names stand twice now and then. */
export const someObject = spaced(
  fc
    .array(fc.tuple(spaced(textOf(someName)), someValue), { maxLength: 6 })
    .map((members) => `{${members.map((member) => member.join(":")).join(",")}}`),
);
