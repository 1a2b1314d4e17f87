export { OWN_PREFIX, parseRouteKey, type RouteKey } from "./key.ts";
export { type Access, type Match, Matcher, type Offer, type Route } from "./matcher.ts";
export { canonicalPath, type PathFlaw } from "./path.ts";
export { parseTarget, type Target, type TargetFlaw, upstreamUrl } from "./target.ts";
