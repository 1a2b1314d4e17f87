// Whether the routes of a table can stand together: each request has one meaning, and each route some request.

import { hostAdvice } from "#advice";
import { isContested, isNamedApart, type Matcher, shadowsOf } from "../route/index.ts";
import type { Report } from "./mistake.ts";
import { type Draft, isCompiled } from "./routes.ts";
import type { PricedRoute, PublicHost } from "./table.ts";

export function checkPlaces(
  drafts: readonly Draft[],
  matcher: Matcher<PricedRoute>,
  hosts: readonly PublicHost[] | null,
  report: Report,
): void {
  const routes = drafts.filter(isCompiled);
  // What did not compile stands in no matcher.
  const rivals = matcher.hasTwins || routes.length < drafts.length ? rivalsOf(drafts) : NO_RIVALS;
  const doubtful = new Set([...rivals.keys(), ...rivals.values()]);
  for (const [route, other] of rivals) {
    const remedy = isCase(route, other) ? 'keep one, or let both say "caseSensitive": true' : "keep one";
    report(["routes", route.key], `"${other.key}" already stands for these requests; ${remedy}`);
  }
  checkSpellings(
    routes.filter((route) => !doubtful.has(route)),
    report,
  );
  const hostnames = (hosts ?? []).map(({ host }) => host.replace(/:\d+$/, ""));
  for (const [draft, advice] of hostAdvice(drafts, hostnames) ?? []) {
    report(["routes", draft.key], advice);
    doubtful.add(draft);
  }
  const depthMax = Math.max(0, ...routes.map(({ segments }) => segments.length));
  for (const route of routes) {
    if (doubtful.has(route)) continue;
    const shadows = shadowsOf(route, routes, matcher, hostnames, depthMax);
    if (shadows) report(["routes", route.key], `no request comes here: ${whyNot(route, shadows)}`);
  }
}

function whyNot({ host }: PricedRoute, shadows: ReadonlySet<PricedRoute>): string {
  const keys = Array.from(shadows, ({ key }) => `"${key}"`);
  if (keys.length === 0) return `hosts does not list ${host}; add it there, or remove this`;
  return keys.length === 1
    ? `${keys} comes first; remove one of them`
    : `${keys.join(" and ")} come first; remove this, or them`;
}

/** Whether a route that takes a spelling of its own leaves no doubt about whose request such a one is. */
function checkSpellings(routes: readonly PricedRoute[], report: Report): void {
  for (const route of routes) {
    if (route.allows.size > 0) {
      for (const other of routes.filter((one) => isContested(route, one))) {
        const allowed = [...route.allows].join(" and ");
        const remedy = `what ${allowed} lets through here could mean "${other.key}" to your API; remove one of them`;
        report(["routes", route.key], remedy);
      }
    }
    if (!route.caseSensitive) continue;
    const apart = routes.find((one) => isNamedApart(route, one) && !isChoice(route, one));
    if (apart)
      report(
        ["routes", route.key],
        `"${apart.key}" writes a name of this key in another letter case; write both alike`,
      );
  }
}

const NO_RIVALS: ReadonlyMap<Draft, Draft> = new Map();

type Pattern = Pick<PricedRoute, "host" | "segments" | "names" | "rest" | "caseSensitive">;

/** Whether two routes of one pattern are told apart by letter case. */
const isChoice = (a: Pattern, b: Pattern): boolean =>
  a.caseSensitive && b.caseSensitive && patternOf(a) === patternOf(b) && isCase(a, b);

const isCase = (a: Pattern, b: Pattern): boolean =>
  (a.caseSensitive || b.caseSensitive) && a.names.some((name, i) => name !== b.names[i]);

/** No segment is empty, and none holds a slash or a star. */
const patternOf = ({ host, segments, rest }: Pattern): string =>
  `${host ?? ""}/${segments.length}/${segments.join("/")}${rest ? "/*" : ""}`;

/** Routes of one pattern with a method in common, each with the one that stands before it in the file. */
function rivalsOf(routes: readonly Draft[]): ReadonlyMap<Draft, Draft> {
  const taken = new Map<string, Draft[]>();
  const rivals = new Map<Draft, Draft>();
  for (const route of routes) {
    const pattern = patternOf(route);
    for (const method of route.methods ?? [""]) {
      const place = `${method} ${pattern}`;
      const others = taken.get(place);
      const rival = others?.findLast((other) => !isChoice(route, other));
      if (rival) rivals.set(route, rival);
      if (others) others.push(route);
      else taken.set(place, [route]);
    }
  }
  return rivals;
}
