// Why a path is refused, in words, and what was probably meant by it.

import { canonicalPath, type PathFlaw } from "../src/route/index.ts";

const WORDS: { readonly [F in PathFlaw | "letter_case" | "no_path"]: string } = {
  backslash: "it has a backslash, which some servers read as a slash",
  empty_segment: 'it has "//", which some servers read as one slash',
  semicolon: 'it has ";", behind which some servers read parameters',
  bad_percent_encoding: 'a "%" in it is not followed by two hex digits',
  encoded_delimiter: "it has an encoded delimiter, which some servers decode",
  control_character: "it has a control character",
  not_utf8: "its percent-encoding is not UTF-8",
  not_ascii: "it has characters that have to be percent-encoded",
  not_nfkc: "it has a letter that some servers turn into another one (NFKC)",
  dot_at_segment_end: "a segment ends in a dot, which some servers resolve or drop",
  space_at_segment_edge: "a segment begins or ends with a space, which some servers drop",
  letter_case: "a key with caseSensitive has a name of it in another letter case",
  no_path: "there is none",
};

export const flawWords = (flaw: string): string => (WORDS as { readonly [flaw: string]: string })[flaw] ?? flaw;

/** What most servers would make of it; null where that cannot be said. */
export function plainForm(raw: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(raw).normalize("NFKC");
  } catch {
    return null;
  }
  const segments = decoded.replaceAll("\\", "/").split("/");
  const resolved: string[] = [];
  for (const segment of segments.map((text) =>
    text
      .replace(/;.*/s, "")
      .replace(/\p{Cc}/gu, "")
      .trim(),
  )) {
    if (segment === "..") resolved.pop();
    else if (segment !== "" && segment !== ".") resolved.push(segment.replace(/[\s.]+$/, ""));
  }
  const path = canonicalPath(`/${resolved.map(encodeURIComponent).join("/")}`);
  return path.ok ? path.value.text : null;
}
