export { METHODS, parseRouteKey, type RouteKey } from "./key.ts";
export { type Match, Matcher, type Place, type Route } from "./matcher.ts";
export { compareRoutes, covers, shadowsOf } from "./order.ts";
export { type Allowance, canonicalPath, isPlainPath, type PathFlaw } from "./path.ts";
export { isContested, isNamedApart } from "./spelling.ts";
export { type Base, baseOf, isHostName, parseTarget, type Target, type TargetFlaw, upstreamUrl } from "./target.ts";
