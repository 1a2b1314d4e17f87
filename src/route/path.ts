// The canonical path: what is matched, forwarded and fingerprinted is one string, and every spelling that origins
// read in different ways is refused. The raw request target is read, because `new URL()` rewrites it first.

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

export interface CanonicalPath {
  /** Percent-encoded; letter case and a trailing slash are kept. */
  readonly text: string;
  /** Decoded and case-folded, without the trailing slash: the key that patterns are matched with. */
  readonly segments: readonly string[];
}

/** Unreserved and sub-delims (RFC 3986 section 3.3) but for `;`, and `:`, `@`, `/`: these stand for themselves. */
const NOT_PLAIN = /[^A-Za-z0-9_~!$&'()*+,=:@./-]/;

/** @param raw the path of a request target, up to `?` or `#`; it begins with `/` */
export function canonicalPath(raw: string): Result<CanonicalPath, PathFlaw> {
  const flaw = rawFlaw(raw);
  if (flaw) return err(flaw);
  const texts: string[] = [];
  const segments: string[] = [];
  for (const part of raw.slice(1).split("/")) {
    const decoded = decodeSegment(part);
    if (!decoded.ok) return decoded;
    texts.push(encodeSegment(decoded.value));
    segments.push(fold(decoded.value));
  }
  if (segments.at(-1) === "") segments.pop();
  return ok({ text: `/${texts.join("/")}`, segments });
}

function rawFlaw(raw: string): PathFlaw | null {
  if (/[^\x21-\x7e]/.test(raw)) return "not_ascii";
  if (raw.includes("\\")) return "backslash";
  if (raw.includes("//")) return "empty_segment";
  if (raw.includes(";")) return "semicolon";
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
