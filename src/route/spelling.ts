// Spellings that a route takes and others refuse. Origins read `%2f`, `;` and `//` in different ways: as part of a name,
// as a slash, as the begin of parameters that are dropped, as nothing. The gate cannot know which, and must not guess, so
// it lets such a path through only where every way of reading it means the same route:
//
//   1. The segments of the route's pattern are written plainly, so that every reading begins with them.
//   2. Behind them at least one name is left in every reading (`canonicalPath` refuses an empty one before `;` or beside
//      `%2f`), so that every reading lies below the pattern and not at it.
//   3. Every part between slashes and semicolons, encoded or not, is under the strict rule: no reading has a dot segment
//      that climbs out, a control character, or a second layer of encoding.
//   4. The route covers everything below its pattern, and no other one takes a part of that away from it. The table is
//      refused otherwise (`isContested`); routes of the same pattern with other methods are no exception, because the
//      spelling of a path does not change its method.
//
// By 1 to 3 every reading lies below the pattern, and by 4 everything below the pattern means this route. So one reading,
// that which separates most, is matched like any path, by the same matcher, and what it finds is let through only if it
// is a route that allows this; anything else (another route, a barrier, nothing) is the refusal that it was. What is
// forwarded is what the client wrote: `%2F`, `;`, `%3B` and `//` are kept, and are what the fingerprint is made of.
//
// Letter case is the other way round: it is folded, and `caseSensitive` is the operator's word that the origin tells
// `/Ab` and `/ab` apart. Then a request in any other case than that of such a key is refused, at the place where it was
// found. It never goes on to a less specific route: were the origin to fold after all, that one would sell this one's
// goods for its own price.

import type { Place, Route } from "./matcher.ts";
import type { Oddity } from "./path.ts";

/** Whether the route takes the place as it is written. A closure here would be an allocation for every match. */
export const isPermitted = (route: Route, { segments, spelling }: Place): boolean =>
  !spelling?.oddity || isAllowed(route, segments.length, spelling.oddity);

function isAllowed({ allows, segments }: Route, depth: number, { plainDepth, needs }: Oddity): boolean {
  return plainDepth >= segments.length && depth > segments.length && needs.every((need) => allows.has(need));
}

/** Whether the place is written in the letter case of the route's key. */
export function isNamed({ names }: Route, { segments, spelling }: Place): boolean {
  const written = spelling?.names ?? segments;
  for (let i = 0; i < names.length; i++) if (names[i] !== null && names[i] !== written[i]) return false;
  return true;
}

/** Whether the other one takes a part of what lies below the route's pattern; one that takes all of it leaves no doubt. */
export function isContested(route: Route, other: Route): boolean {
  const { segments } = route;
  const isDeep = other.rest || other.below;
  const reachesBelow = isDeep || other.segments.length > segments.length;
  if (!reachesBelow || !isAlong(route, other) || !comesFirst(other, route)) return false;
  const takesAll =
    isDeep && other.segments.every((one, i) => i < segments.length && (one === null || one === segments[i]));
  return !takesAll;
}

/** Whether both cover some place, and one key has a name there in another letter case than the other. */
export function isNamedApart(route: Route, other: Route): boolean {
  const isDeep = (one: Route, depth: number): boolean => one.rest || one.below || one.segments.length >= depth;
  if (!isAlong(route, other) || !isDeep(route, other.segments.length) || !isDeep(other, route.segments.length)) {
    return false;
  }
  return route.names.some((name, i) => isWritten(name) && isWritten(other.names[i]) && name !== other.names[i]);
}

/** Whether some place begins as both patterns do. */
function isAlong(a: Route, b: Route): boolean {
  if (a.host !== null && b.host !== null && a.host !== b.host) return false;
  return a.segments.every((one, i) => !isWritten(one) || !isWritten(b.segments[i]) || one === b.segments[i]);
}

/** No `:name`, and not behind the end. */
const isWritten = (segment: string | null | undefined): segment is string => typeof segment === "string";

/** The order of `compareRoutes` for what lies below both: there `/a/*` comes before `/a`. */
function comesFirst(a: Route, b: Route): boolean {
  if ((a.host === null) !== (b.host === null)) return b.host === null;
  for (let i = 0; i < Math.max(a.segments.length, b.segments.length); i++) {
    const [left, right] = [a.segments[i], b.segments[i]];
    // The longer one is more specific, and so is a literal.
    if (left === undefined || right === undefined) return right === undefined;
    if ((left === null) !== (right === null)) return right === null;
  }
  return a.rest && !b.rest;
}
