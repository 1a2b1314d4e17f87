// Which route a request means. Patterns stand in a tree of segments, so a match visits as many nodes as the path has
// segments. Deeper wins; at one place the exact path wins over `/*`, and a method wins over none.

import type { Terms } from "../schemes/index.ts";
import type { Challenge } from "../x402/index.ts";

/** A compiled, priced route. */
export interface Offer {
  /** Payment options in the operator's order of preference. */
  readonly terms: readonly Terms[];
  readonly challenge: Challenge;
}

export type Access =
  | { readonly kind: "free" }
  | { readonly kind: "closed" }
  | { readonly kind: "paid"; readonly offer: Offer };

export interface Route {
  /** As the operator wrote it. */
  readonly key: string;
  /** Null stands for every method. */
  readonly methods: readonly string[] | null;
  /** Case-folded. */
  readonly segments: readonly string[];
  /** The pattern ends in `/*`. */
  readonly rest: boolean;
  readonly access: Access;
}

export type Match =
  | { readonly kind: "route"; readonly route: Route }
  | { readonly kind: "method_not_allowed"; readonly allow: readonly string[] }
  | { readonly kind: "unmatched" };

/** Routes of one pattern, by method; the empty key is the route without methods. */
type Slot = Map<string, Route>;

interface Node {
  readonly children: Map<string, Node>;
  /** The path that ends here. */
  readonly exact: Slot;
  /** This path and everything below it. */
  readonly rest: Slot;
  /** What lies below a priced or closed path that was written without `/*`. */
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
    const route = find(this.#root, segments, 0, method === "HEAD" ? "GET" : method);
    if (route) return { kind: "route", route };
    const allow = allowed(this.#root, segments);
    return allow.length > 0 ? { kind: "method_not_allowed", allow } : { kind: "unmatched" };
  }

  #insert(route: Route): void {
    let node = this.#root;
    for (const segment of route.segments) {
      let child = node.children.get(segment);
      if (!child) node.children.set(segment, (child = emptyNode()));
      node = child;
    }
    const slots = route.rest ? [node.rest] : route.access.kind === "free" ? [node.exact] : [node.exact, node.below];
    for (const slot of slots) for (const method of route.methods ?? [""]) slot.set(method, route);
  }
}

function find(node: Node, segments: readonly string[], depth: number, method: string): Route | undefined {
  const segment = segments[depth];
  if (segment === undefined) return pick(node.exact, method) ?? pick(node.rest, method);
  const child = node.children.get(segment);
  const deeper = child && find(child, segments, depth + 1, method);
  return deeper ?? pick(node.rest, method) ?? pick(node.below, method);
}

const pick = (slot: Slot, method: string): Route | undefined => slot.get(method) ?? slot.get("");

/** Every method that some pattern on the way to this path has. */
function allowed(root: Node, segments: readonly string[]): readonly string[] {
  const methods = new Set<string>();
  const add = (slot: Slot): void => {
    for (const method of slot.keys()) methods.add(method);
  };
  let node: Node | undefined = root;
  for (const segment of segments) {
    add(node.rest);
    add(node.below);
    node = node.children.get(segment);
    if (!node) return withHead(methods);
  }
  add(node.exact);
  add(node.rest);
  return withHead(methods);
}

const withHead = (methods: ReadonlySet<string>): readonly string[] =>
  [...methods].flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).sort();

const emptyNode = (): Node => ({ children: new Map(), exact: new Map(), rest: new Map(), below: new Map() });
