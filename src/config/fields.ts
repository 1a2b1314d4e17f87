// The kinds of values that `pricing.json` has. Messages say what would be right, because their reader is somebody who
// edits this file for the first time.

import * as v from "valibot";
import { hint, keyAdvice, secretAdvice } from "#advice";
import { holdsKey, isObject } from "../std/index.ts";
import { isSetByGate } from "../upstream/index.ts";

export const text = v.string(hint("write a text in quotes"));

export const flag = v.boolean(hint("write true or false"));

export const seconds = (most: number) =>
  v.pipe(
    v.number(hint("write a number of seconds")),
    v.minValue(1, hint("write at least 1 second")),
    v.maxValue(most, `write at most ${most} seconds`),
  );

export const bytes = (most: number) =>
  v.pipe(
    v.number(hint("write a number of bytes")),
    v.integer(hint("write whole bytes")),
    v.minValue(0, hint("write 0 or more")),
    v.maxValue(most, `write at most ${most}`),
  );

/** A list is an object to JavaScript, and its elements would pass for keys that nobody wrote. */
function noList<Schema extends v.GenericSchema>(
  schema: Schema,
  hint: string,
  isMeant: (value: object) => boolean = () => true,
): Schema {
  const list = v.custom<unknown>((value) => isObject(value) && isMeant(value), hint);
  // The pair takes and gives what the schema alone does; its type would hide that.
  return v.pipe(list, schema) as unknown as Schema;
}

/**
 * An object without unknown keys.
 *
 * @param isMeant whether it is this one, among several kinds of objects; one that is not has no mistake of this kind
 */
export function object<const Entries extends v.ObjectEntries>(
  entries: Entries,
  hint: string,
  isMeant?: (value: object) => boolean,
) {
  const shape = v.strictObject(entries, ({ expected, input }) =>
    expected === "never" ? unknownKey(entries, String(input)) : MISSING_KEY,
  );
  // Its keys are told beside it, as the type says.
  return Object.assign(noList(shape, hint, isMeant), { entries });
}

/** Among objects of several kinds the one of these keys: of all that tell them apart, the first that is there decides. */
export const markedBy =
  (marks: readonly string[], ...own: readonly string[]) =>
  (value: object): boolean =>
    own.includes(marks.find((mark) => Object.hasOwn(value, mark)) ?? "");

/** Of prices that are objects. */
export const PRICE_MARKS: readonly string[] = ["by", "quote", "upto", "amount", "asset"];

/** Names that a record leaves out in silence, because objects inherit them. */
const INHERITED = ["__proto__", "constructor", "prototype"];

/** An object whose keys are names of the operator's own. */
export function record<Key extends v.GenericSchema<string, string>, Value extends v.GenericSchema>(
  key: Key,
  value: Value,
  hint: string,
) {
  const named = v.custom<unknown>(
    (object) => !INHERITED.some((name) => Object.hasOwn(object as object, name)),
    `choose other names than ${INHERITED.join(", ")}`,
  );
  const entries = v.record(key, value);
  // The pair takes and gives what the record alone does; its type would hide that.
  return noList(v.pipe(named, entries) as unknown as typeof entries, hint);
}

export const ownHeader = "the gate sets or removes this header itself";
export const headerName = v.pipe(
  text,
  v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "this is not a header's name"),
  v.check((name) => !isSetByGate(name), ownHeader),
);
/** Refuses what there is advice about. */
export const advised = (adviceOf: (text: string) => string | null) =>
  v.check(
    (text: string) => adviceOf(text) === null,
    ({ input }) => adviceOf(input) as string,
  );

export const headerValue = v.pipe(
  text,
  v.regex(/^[\x20-\x7e]*$/, hint("write printable ASCII")),
  advised(secretAdvice),
);
export const headersHint = hint("write an object of header names and values");

/** `{{NAME}}` and nothing beside it: this file is no place for a key, nor is a key a name. */
export const isSecretName = (value: string): boolean => /^\{\{\s*\w+\s*\}\}$/.test(value) && !holdsKey(value);
export const secretHint = (example: string): string =>
  `write a secret's name such as {{${example}}}; no key belongs into this file`;

/** A secret by its name: its text stands nowhere in the file. */
export const secretName = (example: string) =>
  v.pipe(
    v.string(secretHint(example)),
    v.check((value) => isSecretName(value), secretHint(example)),
  );

export const MISSING_KEY = "this key is missing";

export const unknownKey = (entries: object, key: string): string =>
  keyAdvice(key, Object.keys(entries)) ?? "there is no such key";

/** http or https, and nothing that a parser would trim, rewrite or hide: that is not what the operator reads. */
export function isBaseUrl(url: string): boolean {
  if (!["http:", "https:"].includes(URL.parse(url)?.protocol ?? "")) return false;
  return !/\s|[?#@\\]|\/\/.*\/\//.test(url);
}

export function isLoopback(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? "";
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
