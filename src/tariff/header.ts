// A header of the request, as it reaches the upstream: once, under one name, and not taken away on the way.

import { ambiguous, EMPTY_VALUE, type Found, found, MISSING } from "./found.ts";
import { likeName } from "./likeness.ts";

/** @param name in small letters */
export function readHeader(headers: Headers, name: string): Found {
  const like = likeName(name);
  // What Connection names is dropped before the upstream sees it (RFC 9110 section 7.6.1).
  const dropped = (headers.get("connection") ?? "").split(",");
  if (dropped.some((one) => likeName(one) === like)) return ambiguous("Connection takes it away");
  for (const other of headers.keys()) {
    if (other !== name && likeName(other) === like)
      return ambiguous("a header of nearly the same name stands beside it");
  }
  const value = headers.get(name);
  if (value === null) return MISSING;
  if (value === "") return EMPTY_VALUE;
  // Two headers of one name arrive joined by a comma.
  return value.includes(",") ? ambiguous("it stands there twice, or holds a comma") : found(value);
}
