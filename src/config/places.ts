// Whether the routes of a table can stand together: each request has one meaning, and each route some request.

import { type Matcher, shadowsOf } from "../route/index.ts";
import type { Report } from "./mistake.ts";
import { type Draft, isCompiled } from "./routes.ts";
import type { PricedRoute, PublicHost } from "./table.ts";

export function checkPlaces(
  drafts: readonly Draft[],
  matcher: Matcher<PricedRoute>,
  hosts: readonly PublicHost[] | null,
  report: Report,
): void {
  const rivals = rivalsOf(drafts);
  const routes = drafts.filter(isCompiled);
  const doubtful = new Set([...rivals.keys(), ...rivals.values()]);
  for (const [route, other] of rivals) {
    report(["routes", route.key], `"${other.key}" already stands for these requests; keep one`);
  }
  const hostnames = (hosts ?? []).map(({ host }) => host.replace(/:\d+$/, ""));
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

/** Routes of one pattern with a method in common, each with the one that stands before it in the file. */
function rivalsOf(routes: readonly Draft[]): ReadonlyMap<Draft, Draft> {
  const taken = new Map<string, Draft>();
  const rivals = new Map<Draft, Draft>();
  for (const route of routes) {
    const { methods, host, segments, rest } = route;
    // No segment is empty, and none holds a slash or a star.
    const pattern = `${host ?? ""}${segments.map((segment) => `/${segment ?? ""}`).join("")}${rest ? "/*" : ""}`;
    for (const method of methods ?? [""]) {
      const place = `${method} ${pattern}`;
      const other = taken.get(place);
      if (other) rivals.set(route, other);
      taken.set(place, route);
    }
  }
  return rivals;
}
