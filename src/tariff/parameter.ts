// A parameter of the query. What is forwarded is the query byte by byte, so a query that servers read in different ways
// has no price: they differ about letter case, `a[]`, `;` as a separator, and which one of two counts.

import { ambiguous, EMPTY_VALUE, type Found, found, MISSING } from "./found.ts";
import { likeName } from "./likeness.ts";

/** @param query with its `?`, or the empty string */
export function readParameter(query: string, name: string): Found {
  const like = likeName(name);
  const concerns = (part: string): boolean => likeName(nameOf(part)) === like;
  // Nobody can say how others read it: `%ff` may stand in a list's brackets, and to IIS `%u0065` is a letter.
  if (decode(query.replace(/=[^&;]*/g, "")) === null) return ambiguous("a name there is not percent-encoded UTF-8");
  const parts = query.slice(1).split("&").filter(concerns);
  const apart = query.slice(1).split(/[&;]/).filter(concerns);
  if (parts.length + apart.length === 0) return MISSING;
  const [part] = parts;
  if (part === undefined || parts.length > 1 || apart.length > 1 || apart[0] !== part) {
    return ambiguous("it can be read there in more than one way");
  }
  if (nameOf(part) !== name) return ambiguous("its name is spelled in another way there");
  const value = decode(part.slice(part.indexOf("=") + 1));
  if (value === null) return ambiguous("it is not percent-encoded UTF-8 there");
  return value === "" || !part.includes("=") ? EMPTY_VALUE : found(value);
}

/** Of a query whose names can be decoded. */
const nameOf = (part: string): string => decode(part.replace(/=.*/s, "")) as string;

/** As forms write it (WHATWG URL, application/x-www-form-urlencoded); null for what no two parsers read alike. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}
