// Which route a request means. Patterns stand in a tree of segments, so a match visits nodes along the path and none of
// other routes. Segments are compared from the left, a literal before `:name` before `/*`; then the longer wins, and a
// method wins over none. A priced or closed place is also a barrier: a method that it does not have never falls through
// to something cheaper.

import type { Terms } from "../schemes/index.ts";
import type { Challenge } from "../x402/index.ts";
import { METHODS, type RouteKey } from "./key.ts";

/** A compiled, priced route. */
export interface Offer {
  /** The upstream's statuses that are charged; no other is. */
  readonly chargeOn: ReadonlySet<number>;
  /** Payment options in the operator's order of preference. */
  readonly terms: readonly Terms[];
  readonly challenge: Challenge;
}

export type Access =
  | { readonly kind: "free" }
  | { readonly kind: "closed" }
  | { readonly kind: "paid"; readonly offer: Offer };

export interface Route extends RouteKey {
  /** As the operator wrote it. */
  readonly key: string;
  readonly access: Access;
  /** Whether it covers what lies below it, also without `/*`. */
  readonly below: boolean;
}

export type Match =
  | { readonly kind: "route"; readonly route: Route }
  | { readonly kind: "method_not_allowed"; readonly allow: readonly string[] }
  | { readonly kind: "unmatched" };

/** Routes of one pattern, by method; the empty key is the route without methods. */
type Slot = Map<string, Route>;

interface Node {
  readonly children: Map<string, Node>;
  /** What follows a segment of any name. */
  named: Node | null;
  /** The path that ends here. */
  readonly exact: Slot;
  /** This path and everything below it. */
  readonly rest: Slot;
  /** What lies below a path that covers it without `/*`. */
  readonly below: Slot;
}

export class Matcher {
  readonly #root: Node = emptyNode();

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#insert(route);
  }

  /** @param segments the canonical path's, see `canonicalPath` */
  match(method: string, segments: readonly string[]): Match {
    // HEAD is priced like GET.
    const verb = method === "HEAD" ? "GET" : method;
    const found = METHODS.includes(verb) ? find(this.#root, segments, 0, verb) : "barrier";
    if (found === undefined) return this.#refusal(segments) ?? { kind: "unmatched" };
    if (found === "barrier") return this.#refusal(segments) ?? { kind: "method_not_allowed", allow: withHead(METHODS) };
    return { kind: "route", route: found };
  }

  /** Those that the path has. */
  methods(segments: readonly string[]): readonly string[] {
    return withHead(METHODS.filter((verb) => isRoute(find(this.#root, segments, 0, verb))));
  }

  /** Whether nothing of the path is priced or closed, whatever the method. */
  isFree(segments: readonly string[]): boolean {
    return METHODS.every((verb) => {
      const found = find(this.#root, segments, 0, verb);
      return found === undefined || (found !== "barrier" && found.access.kind === "free");
    });
  }

  #refusal(segments: readonly string[]): Match | null {
    const allow = this.methods(segments);
    return allow.length > 0 ? { kind: "method_not_allowed", allow } : null;
  }

  #insert(route: Route): void {
    let node = this.#root;
    for (const segment of route.segments) {
      node = segment === null ? (node.named ??= emptyNode()) : childOf(node, segment);
    }
    const exact = route.below ? [node.exact, node.below] : [node.exact];
    for (const slot of route.rest ? [node.rest] : exact)
      for (const method of route.methods ?? [""]) slot.set(method, route);
  }
}

type Found = Route | "barrier" | undefined;

function find(node: Node, segments: readonly string[], depth: number, method: string): Found {
  const segment = segments[depth];
  if (segment === undefined) return pick(node.exact, method) ?? pick(node.rest, method);
  const child = node.children.get(segment);
  const deeper = child && find(child, segments, depth + 1, method);
  const named = deeper ?? (node.named ? find(node.named, segments, depth + 1, method) : undefined);
  return named ?? pick(node.rest, method) ?? pick(node.below, method);
}

function childOf(node: Node, segment: string): Node {
  const child = node.children.get(segment) ?? emptyNode();
  node.children.set(segment, child);
  return child;
}

function pick(slot: Slot, method: string): Found {
  const route = slot.get(method) ?? slot.get("");
  if (route) return route;
  for (const { access } of slot.values()) if (access.kind !== "free") return "barrier";
  return undefined;
}

const withHead = (verbs: readonly string[]): readonly string[] =>
  verbs.flatMap((verb) => (verb === "GET" ? ["GET", "HEAD"] : [verb]));

const isRoute = (found: Found): found is Route => found !== undefined && found !== "barrier";

const emptyNode = (): Node => ({
  children: new Map(),
  named: null,
  exact: new Map(),
  rest: new Map(),
  below: new Map(),
});
