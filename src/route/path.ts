// The canonical path: what is matched, forwarded and fingerprinted is one string, and every spelling that origins
// read in different ways is refused. The raw request target is read, because `new URL()` rewrites it first. Three of the
// refusals can be lifted by a route for what lies below it: only a path that was refused for one of those is read again,
// and what lets it through is said in `spelling.ts`.

import { err, ok, type Result } from "../std/index.ts";

export type PathFlaw =
  | "backslash"
  | "empty_segment"
  | "semicolon"
  | "bad_percent_encoding"
  | "encoded_delimiter"
  | "control_character"
  | "not_utf8"
  | "not_ascii"
  | "not_nfkc"
  | "dot_at_segment_end"
  | "space_at_segment_edge";

/** What a route may let through below it, by the table's own words. */
export type Allowance = "allowEncodedSlash" | "allowSemicolon" | "allowDoubleSlash";

/** What a path is refused for where no route allows it. */
export type AllowableFlaw = "empty_segment" | "semicolon" | "encoded_delimiter";

export interface CanonicalPath {
  /** Percent-encoded; letter case and a trailing slash are kept. */
  readonly text: string;
  /** Decoded and case-folded, without the trailing slash: the key that patterns are matched with. */
  readonly segments: readonly string[];
  readonly spelling: Spelling;
}

export interface Spelling {
  /** The segments in the letter case of the request. */
  readonly names: readonly string[];
  /** Null for what every route takes. */
  readonly oddity: Oddity | null;
}

/** A spelling that origins read in different ways: its segments are those of the reading that separates most. */
export interface Oddity {
  readonly flaw: AllowableFlaw;
  /** What a route has to allow. */
  readonly needs: readonly Allowance[];
  /** How many segments from the left are written in the one way that everybody reads alike. */
  readonly plainDepth: number;
}

const NO_ALLOWANCES: ReadonlySet<Allowance> = new Set();
const ALLOWABLE: ReadonlySet<PathFlaw> = new Set<AllowableFlaw>(["empty_segment", "semicolon", "encoded_delimiter"]);
const isAllowable = (flaw: PathFlaw): flaw is AllowableFlaw => ALLOWABLE.has(flaw);

/** Unreserved and sub-delims (RFC 3986 section 3.3) but for `;`, and `:`, `@`, `/`: these stand for themselves. */
const NOT_PLAIN = /[^A-Za-z0-9_~!$&'()*+,=:@./-]/;
/** No slash at the begin, empty segments, and those that begin or end with a dot. */
const ODD_SEGMENT = /^(?!\/)|\/[./]|\.(?:\/|$)/;

/** Whether no parser reads the path in another way: it is its own canonical form. */
export const isPlainPath = (path: string): boolean => !NOT_PLAIN.test(path) && !ODD_SEGMENT.test(path);

/**
 * @param raw the path of a request target, up to `?` or `#`; it begins with `/`
 * @param allowed what some route lets through; which one does is the matcher's to say
 */
export function canonicalPath(
  raw: string,
  allowed: ReadonlySet<Allowance> = NO_ALLOWANCES,
): Result<CanonicalPath, PathFlaw> {
  if (isPlainPath(raw)) return ok(pathAsWritten(raw));
  const plain = plainPath(raw);
  if (plain.ok || allowed.size === 0 || !isAllowable(plain.error)) return plain;
  return oddPath(raw, allowed, plain.error);
}

function pathAsWritten(text: string): CanonicalPath {
  const lower = text.toLowerCase();
  const names = segmentsOf(text);
  return { text, segments: lower === text ? names : segmentsOf(lower), spelling: { names, oddity: null } };
}

function segmentsOf(path: string): readonly string[] {
  const inner = path.endsWith("/") ? path.slice(1, -1) : path.slice(1);
  return inner === "" ? [] : inner.split("/");
}

function plainPath(raw: string): Result<CanonicalPath, PathFlaw> {
  const flaw = rawFlaw(raw, NO_ALLOWANCES);
  if (flaw) return err(flaw);
  const texts: string[] = [];
  const names: string[] = [];
  const segments: string[] = [];
  for (const part of raw.slice(1).split("/")) {
    const decoded = decodeSegment(part);
    if (!decoded.ok) return decoded;
    texts.push(encodeSegment(decoded.value));
    names.push(decoded.value);
    segments.push(fold(decoded.value));
  }
  if (segments.at(-1) === "") {
    names.pop();
    segments.pop();
  }
  return ok({ text: `/${texts.join("/")}`, segments, spelling: { names, oddity: null } });
}

/** Every part between slashes, semicolons and their encoded forms is under the same rule as a segment. */
function oddPath(raw: string, allowed: ReadonlySet<Allowance>, flaw: AllowableFlaw): Result<CanonicalPath, PathFlaw> {
  const remaining = rawFlaw(raw, allowed);
  if (remaining) return err(remaining);
  const needs = new Set<Allowance>();
  const texts: string[] = [];
  const names: string[] = [];
  let plainDepth: number | null = null;
  const parts = raw.slice(1).split("/");
  for (const [i, part] of parts.entries()) {
    const read = part === "" ? EMPTY : readOddSegment(part);
    if (!read.ok) return read;
    const isTrailing = part === "" && i === parts.length - 1;
    for (const need of isTrailing ? [] : read.value.needs) {
      needs.add(need);
      plainDepth ??= names.length;
    }
    texts.push(read.value.text);
    names.push(...read.value.names);
  }
  if (plainDepth === null || [...needs].some((need) => !allowed.has(need))) return err(flaw);
  const oddity = { flaw, needs: [...needs], plainDepth };
  return ok({ text: `/${texts.join("/")}`, segments: names.map(fold), spelling: { names, oddity } });
}

interface OddSegment {
  readonly text: string;
  /** One for each part between encoded slashes, without parameters. */
  readonly names: readonly string[];
  readonly needs: readonly Allowance[];
}

const EMPTY = ok<OddSegment>({ text: "", names: [], needs: ["allowDoubleSlash"] });
const DELIMITER = /(;|%2[Ff]|%3[Bb])/;

function readOddSegment(part: string): Result<OddSegment, PathFlaw> {
  const names: string[] = [];
  const needs: Allowance[] = [];
  let text = "";
  let isParameter = false;
  for (const [i, token] of part.split(DELIMITER).entries()) {
    if (i % 2 === 1) {
      const delimiter = token.toUpperCase();
      isParameter = delimiter !== "%2F";
      needs.push(isParameter ? "allowSemicolon" : "allowEncodedSlash");
      text += delimiter;
      continue;
    }
    const decoded = decodeSegment(token);
    if (!decoded.ok) return decoded;
    text += encodeSegment(decoded.value);
    if (isParameter) continue;
    // Without a name some reading would have a segment less, and lie above.
    if (decoded.value === "") return err("empty_segment");
    names.push(decoded.value);
  }
  return ok({ text, names, needs });
}

function rawFlaw(raw: string, allowed: ReadonlySet<Allowance>): PathFlaw | null {
  if (/[^\x21-\x7e]/.test(raw)) return "not_ascii";
  if (raw.includes("\\")) return "backslash";
  if (raw.includes("//") && !allowed.has("allowDoubleSlash")) return "empty_segment";
  if (raw.includes(";") && !allowed.has("allowSemicolon")) return "semicolon";
  return /%(?![0-9A-Fa-f]{2})/.test(raw) ? "bad_percent_encoding" : null;
}

function decodeSegment(part: string): Result<string, PathFlaw> {
  if (!NOT_PLAIN.test(part)) return part.endsWith(".") ? err("dot_at_segment_end") : ok(part);
  let decoded: string;
  try {
    decoded = decodeURIComponent(part);
  } catch {
    return err("not_utf8");
  }
  const flaw = decodedFlaw(decoded);
  return flaw ? err(flaw) : ok(decoded);
}

function decodedFlaw(decoded: string): PathFlaw | null {
  if (/\p{Cc}/u.test(decoded)) return "control_character";
  if (/[/\\%;?#]/.test(decoded)) return "encoded_delimiter";
  if (decoded.endsWith(".")) return "dot_at_segment_end";
  if (decoded.trim() !== decoded) return "space_at_segment_edge";
  return decoded.normalize("NFKC") === decoded ? null : "not_nfkc";
}

function encodeSegment(decoded: string): string {
  if (!NOT_PLAIN.test(decoded)) return decoded;
  return encodeURIComponent(decoded).replace(/%(?:2[46BC]|3[AD]|40)/g, decodeURIComponent);
}

/** Both ways, so that letters with several forms meet in one: origins fold case by different tables. */
export const fold = (text: string): string =>
  text
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replace(/i\u0307+/g, "i");
