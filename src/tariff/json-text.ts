// Where the parts of JSON stand in its text. What a parser builds does not tell whether a name stood there twice, or how a
// number was written; a price may hang on either. Every function here takes text that a parser has called JSON.

import { endOfString } from "../std/index.ts";
import { ambiguous, type Found, found, MISSING } from "./found.ts";
import { likeName } from "./likeness.ts";

/** Where a value begins, or why nobody can say. */
export type Place = { readonly kind: "at"; readonly at: number } | Exclude<Found, { kind: "value" }>;

/** Where the whole value begins. */
export const rootOf = (text: string): number => skipSpace(text, 0);

/** @param tokens of a JSON pointer (RFC 6901) */
export function placeOf(text: string, from: number, tokens: readonly string[]): Place {
  let place: Place = { kind: "at", at: from };
  for (const token of tokens) {
    if (place.kind !== "at") break;
    place = below(text, place.at, token);
  }
  return place;
}

/**
 * The text with `value` as that member, where it was another or none; all else stays as it was written.
 *
 * @param tokens of a member that is not ambiguous, of an object that is there
 * @param value JSON
 */
export function withMember(text: string, tokens: readonly string[], value: string): string {
  const place = placeOf(text, rootOf(text), tokens);
  if (place.kind === "at") return text.slice(0, place.at) + value + text.slice(endOf(text, place.at));
  const { at } = placeOf(text, rootOf(text), tokens.slice(0, -1)) as { readonly at: number };
  const rest = firstIn(text, at) < 0 ? "" : ",";
  return `${text.slice(0, at + 1)}${JSON.stringify(tokens.at(-1))}:${value}${rest}${text.slice(at + 1)}`;
}

/** What is no text, number or word has no value that a price could be named for; null is as good as nothing. */
export function scalarAt(text: string, at: number): Found {
  const end = endOf(text, at);
  const raw = text.slice(at, end);
  if (raw === "null") return MISSING;
  if (/^[[{]/.test(raw)) return ambiguous("it is a list or an object there");
  if (/^[-\d]/.test(raw)) return numberOf(raw);
  if (!raw.startsWith('"')) return found(raw);
  const string = JSON.parse(raw) as string;
  // A text is not the word that it spells: some APIs read "false" as true.
  return found(["true", "false", "null"].includes(string) ? raw : string);
}

/** `2.0` is 2 to everybody; what only some read exactly, or as the same number, has no price. */
function numberOf(raw: string): Found {
  const value = String(Number(raw));
  const plain = /\.\d*0$/.test(raw) ? raw.replace(/\.?0{1,20}$/, "") : raw;
  return plain === value ? found(value) : ambiguous("its number is not written plainly there");
}

function below(text: string, at: number, token: string): Place {
  if (text[at] === "{") return memberOf(text, at, token);
  if (text[at] !== "[" || !/^(?:0|[1-9]\d{0,5})$/.test(token)) return MISSING;
  let left = Number(token);
  for (let next = firstIn(text, at); next >= 0; next = nextIn(text, endOf(text, next))) {
    if (left-- === 0) return { kind: "at", at: next };
  }
  return MISSING;
}

function memberOf(text: string, at: number, token: string): Place {
  const like = likeName(token);
  let place: Place = MISSING;
  for (let next = firstIn(text, at); next >= 0; ) {
    const nameEnd = endOf(text, next);
    const name = JSON.parse(text.slice(next, nameEnd)) as string;
    const valueAt = skipSpace(text, skipSpace(text, nameEnd) + 1);
    // Merged into another object, what stands below it would be there without standing there.
    if (name === "__proto__") return ambiguous("a __proto__ stands beside it");
    if (likeName(name) === like) {
      if (place.kind === "at") return ambiguous("its name stands there twice");
      if (name !== token) return ambiguous("its name is spelled in another way there");
      place = { kind: "at", at: valueAt };
    }
    next = nextIn(text, endOf(text, valueAt));
  }
  return place;
}

/** The first name or element of what opens at `at`; -1 where there is none. */
function firstIn(text: string, at: number): number {
  const first = skipSpace(text, at + 1);
  return isClosing(text, first) ? -1 : first;
}

/** The one behind; -1 at the end. */
function nextIn(text: string, end: number): number {
  const comma = skipSpace(text, end);
  return isClosing(text, comma) ? -1 : skipSpace(text, comma + 1);
}

const isClosing = (text: string, at: number): boolean => text[at] === "}" || text[at] === "]";

/** Index behind the value that begins at `at`. */
function endOf(text: string, at: number): number {
  if (text[at] === '"') return endOfString(text, at) + 1;
  if (text[at] !== "{" && text[at] !== "[") return endOfWord(text, at);
  let depth = 0;
  let i = at;
  do {
    const char = text[i];
    if (char === '"') i = endOfString(text, i);
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    i++;
  } while (depth > 0);
  return i;
}

function endOfWord(text: string, at: number): number {
  let i = at;
  while (i < text.length && !/[,\]}\s]/.test(text.charAt(i))) i++;
  return i;
}

/** The four that JSON knows (RFC 8259 section 2). */
function skipSpace(text: string, at: number): number {
  let i = at;
  while (/[ \t\n\r]/.test(text.charAt(i))) i++;
  return i;
}
