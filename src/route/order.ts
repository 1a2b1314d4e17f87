// The order of routes from the most specific to the least, as a table is read: the first whose pattern covers a request
// is the one that it means, unless a barrier stands before it (see `matcher.ts`). One pair has no order of its own: of
// `/a` and `/a/*` the first takes its path, the second what lies below it.

import { METHODS } from "./key.ts";
import type { Matcher, Place, Route } from "./matcher.ts";
import { isNamed } from "./spelling.ts";

/** Negative where `a` is looked at before `b`. */
export function compareRoutes(a: Route, b: Route): number {
  return compareHosts(a, b) || compareSegments(a, b) || compareEnds(a, b) || Number(!a.methods) - Number(!b.methods);
}

const compareHosts = (a: Route, b: Route): number =>
  Number(a.host === null) - Number(b.host === null) || compareTexts(a.host ?? "", b.host ?? "");

function compareSegments({ segments: a }: Route, { segments: b }: Route): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [left, right] = [a[i] ?? null, b[i] ?? null];
    const order = Number(left === null) - Number(right === null) || compareTexts(left ?? "", right ?? "");
    if (order !== 0) return order;
  }
  return b.length - a.length;
}

/** Of one pattern: the path itself, then what lies below it. */
const compareEnds = (a: Route, b: Route): number => Number(a.rest) - Number(b.rest);

const compareTexts = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Whether a route's pattern covers the place, whatever wins there. */
export function covers(route: Route, place: Place): boolean {
  const { host, segments, rest, below, caseSensitive } = route;
  if (host !== null && host !== place.hostname) return false;
  if (caseSensitive && !isNamed(route, place)) return false;
  const isAlong = segments.every((segment, i) => {
    const asked = place.segments[i];
    return asked !== undefined && (segment === null || segment === asked);
  });
  return isAlong && (place.segments.length === segments.length || rest || below);
}

/** A name that no pattern of a table spells. */
const STRANGER = "\u0000";

/**
 * Which routes take every request away that this one covers, or refuse it; null where some request means it. Segments
 * that no key spells have the fewest rivals, so a route that does not win on those wins nowhere.
 *
 * @param matcher of the routes
 * @param hosts that are served; empty where every one is
 * @param depthMax of the table's patterns: below that, only what covers everything is left
 */
export function shadowsOf<R extends Route>(
  route: R,
  routes: readonly R[],
  matcher: Matcher<R>,
  hosts: readonly string[],
  depthMax: number,
): ReadonlySet<R> | null {
  if (isAlone(route, hosts)) return null;
  const served = hosts.length > 0 ? hosts : [route.host ?? STRANGER];
  const shadows = new Set<R>();
  for (const hostname of served.filter((host) => host === (route.host ?? host))) {
    for (const segments of samplesOf(route, depthMax)) {
      const names = segments.map((segment, i) => route.names[i] ?? segment);
      const place = { hostname, segments, spelling: { names, oddity: null } };
      for (const method of route.methods ?? METHODS) {
        const match = matcher.match(method, place);
        if (match.kind === "route" && match.route === route) return null;
        const winners = match.kind === "route" ? [match.route] : barriersOf(route, routes, place);
        for (const winner of winners) shadows.add(winner);
      }
    }
  }
  return shadows;
}

/** Whether its path and its methods are the route's own, so that nothing can stand before it there; most are. */
const isAlone = ({ host, methods, rest }: Route, hosts: readonly string[]): boolean =>
  methods !== null && !rest && (hosts.length === 0 || hosts.some((served) => served === host));

/** What stands before a route at a place and lets nothing past. */
const barriersOf = <R extends Route>(route: R, routes: readonly R[], place: Place): readonly R[] =>
  routes.filter((one) => one.access.kind !== "free" && compareRoutes(one, route) < 0 && covers(one, place));

/** Paths that the pattern covers, from itself to what is deeper than any pattern. */
function* samplesOf({ segments, rest, below }: Route, depthMax: number): Generator<readonly string[]> {
  const start = segments.map((segment) => segment ?? STRANGER);
  const deeper = rest || below ? depthMax + 1 - start.length : 0;
  for (let depth = 0; depth <= deeper; depth++) yield [...start, ...Array<string>(depth).fill(STRANGER)];
}
