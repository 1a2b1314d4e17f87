// Which route a request means. Patterns stand in a tree of segments, one tree for each host that keys name and one for
// every other, so a match visits nodes along the path and none of other routes. A host comes before none; segments are
// compared from the left, a literal before `:name` before `/*`; then the longer wins, and a method wins over none. A
// priced or closed place is also a barrier: a method that it does not have never falls through to something cheaper.
// A spelling that a route does not take is refused there, and looks for no other (see `spelling.ts`).
// A match allocates nothing: its answers are made before the first request.

import { METHODS, type RouteKey } from "./key.ts";
import type { AllowableFlaw, Allowance, Spelling } from "./path.ts";
import { isNamed, isPermitted } from "./spelling.ts";

export interface Route extends RouteKey {
  /** As the operator wrote it. */
  readonly key: string;
  readonly access: { readonly kind: "free" | "closed" | "paid" | "computed" };
  /** Whether it covers what lies below it, also without `/*`. */
  readonly below: boolean;
  /** Which spellings it takes below it that are refused elsewhere. */
  readonly allows: ReadonlySet<Allowance>;
  /** Whether another letter case of its pattern is refused. */
  readonly caseSensitive: boolean;
}

export type Match<R extends Route> =
  | { readonly kind: "route"; readonly route: R }
  | { readonly kind: "method_not_allowed"; readonly allow: readonly string[] }
  | { readonly kind: "refused"; readonly flaw: AllowableFlaw | "letter_case" }
  | { readonly kind: "unmatched" };

/** Case-folded as `canonicalPath` and `parseTarget` do. */
export interface Place {
  /** Without a port. */
  readonly hostname: string;
  readonly segments: readonly string[];
  /** How a request writes it; without one it is written plainly, in small letters. */
  readonly spelling?: Spelling;
}

/** Routes of one pattern. */
interface Slot<R extends Route> {
  /** By the method's place in `METHODS`; behind them the route without methods. */
  readonly byMethod: (Hit<R> | Choice<R> | undefined)[];
  /** Whether one of them is priced or closed. */
  readonly isBarrier: boolean;
}

/** Null is what no route needed: most nodes hold one thing, and a table of ten thousand routes has many of them. */
interface Node<R extends Route> {
  children: Map<string, Node<R>> | null;
  /** What follows a segment of any name. */
  named: Node<R> | null;
  /** The path that ends here. */
  exact: Slot<R> | null;
  /** This path and everything below it. */
  rest: Slot<R> | null;
  /** What lies below a path that covers it without `/*`. */
  below: Slot<R> | null;
}

type Hit<R extends Route> = Extract<Match<R>, { kind: "route" }>;
/** Routes whose keys differ in letter case alone, and take no other. */
interface Choice<R extends Route> {
  readonly kind: "choice";
  readonly hits: readonly Hit<R>[];
}
type Found<R extends Route> = Hit<R> | Choice<R> | "barrier" | undefined;
/** A spelling that is refused where it was found looks for no other route. */
type Meant<R extends Route> = Hit<R> | "barrier" | "refused" | undefined;

const UNMATCHED = { kind: "unmatched" } as const;

/** One for each set of methods, as bits in the order of `METHODS`; none for the empty set. */
const REFUSALS = Array.from({ length: 2 ** METHODS.length }, (_, set) => {
  const verbs = METHODS.filter((_, bit) => set & (1 << bit));
  const allow = verbs.flatMap((verb) => (verb === "GET" ? ["GET", "HEAD"] : [verb]));
  return set > 0 ? ({ kind: "method_not_allowed", allow } as const) : undefined;
});
const EVERY_METHOD = REFUSALS.length - 1;
/** In a slot. */
const NO_METHOD = METHODS.length;
/** In a set of methods: one of them is there, but not in this spelling. */
const REFUSED = REFUSALS.length;
const NO_ROUTES = Array<undefined>(METHODS.length + 1).fill(undefined);
const REFUSED_FOR = {
  empty_segment: { kind: "refused", flaw: "empty_segment" },
  semicolon: { kind: "refused", flaw: "semicolon" },
  encoded_delimiter: { kind: "refused", flaw: "encoded_delimiter" },
  letter_case: { kind: "refused", flaw: "letter_case" },
} as const;

export class Matcher<R extends Route> {
  readonly #anyHost: Node<R> = emptyNode();
  readonly #hosts = new Map<string, Node<R>>();
  /** Whether two routes of one pattern have a method in common. */
  hasTwins = false;
  /** What some route lets through. */
  readonly allows: ReadonlySet<Allowance>;

  constructor(routes: Iterable<R>) {
    const allows = new Set<Allowance>();
    for (const route of routes) {
      this.#insert(route);
      for (const allowance of route.allows) allows.add(allowance);
    }
    this.allows = allows;
  }

  match(method: string, place: Place): Match<R> {
    // HEAD is priced like GET.
    const verb = METHODS.indexOf(method === "HEAD" ? "GET" : method);
    const isKnown = verb >= 0;
    const found = isKnown ? this.#find(verb, place) : "barrier";
    if (typeof found === "object") return found;
    const oddity = place.spelling?.oddity;
    if (oddity) return REFUSED_FOR[oddity.flaw];
    const set = this.#methodSet(place);
    if (set >= REFUSED) return REFUSED_FOR.letter_case;
    return REFUSALS[set || (isKnown ? 0 : EVERY_METHOD)] ?? UNMATCHED;
  }

  /** Those that the place has. */
  methods(place: Place): readonly string[] {
    return REFUSALS[this.#methodSet(place) & EVERY_METHOD]?.allow ?? [];
  }

  /** Whether what is routed at the place is so, whatever the method; a barrier is not. */
  every(place: Place, is: (route: R) => boolean): boolean {
    return METHODS.every((_, verb) => {
      const found = this.#find(verb, place);
      return found === undefined || (typeof found === "object" && is(found.route));
    });
  }

  #find(verb: number, place: Place): Meant<R> {
    const { hostname, segments } = place;
    const own = this.#hosts.get(hostname);
    const found = (own && find(own, segments, 0, verb)) ?? find(this.#anyHost, segments, 0, verb);
    if (found === undefined || found === "barrier") return found;
    const hit = found.kind === "route" ? found : choose(found, place);
    return hit !== undefined && isPermitted(hit.route, place) ? hit : "refused";
  }

  #methodSet(place: Place): number {
    let set = 0;
    for (let verb = 0; verb < METHODS.length; verb++) {
      const found = this.#find(verb, place);
      if (typeof found === "object") set |= 1 << verb;
      else if (found === "refused") set |= REFUSED;
    }
    return set;
  }

  #insert(route: R): void {
    let node = route.host === null ? this.#anyHost : childOf(this.#hosts, route.host);
    for (const segment of route.segments) {
      node = segment === null ? (node.named ??= emptyNode()) : childOf((node.children ??= new Map()), segment);
    }
    if (route.rest) node.rest = this.#put(node.rest, route);
    else node.exact = this.#put(node.exact, route);
    if (route.below && !route.rest) node.below = this.#put(node.below, route);
  }

  #put(slot: Slot<R> | null, route: R): Slot<R> {
    const byMethod = slot?.byMethod ?? NO_ROUTES.slice();
    const hit = { kind: "route", route } as const;
    for (const method of route.methods ?? [""]) {
      const verb = method === "" ? NO_METHOD : METHODS.indexOf(method);
      const known = byMethod[verb];
      if (known) this.hasTwins = true;
      const others = known?.kind === "choice" ? known.hits : [];
      byMethod[verb] = route.caseSensitive ? { kind: "choice", hits: [...others, hit] } : hit;
    }
    return { byMethod, isBarrier: slot?.isBarrier || route.access.kind !== "free" };
  }
}

function find<R extends Route>(node: Node<R>, segments: readonly string[], depth: number, verb: number): Found<R> {
  const segment = segments[depth];
  if (segment === undefined) return pick(node.exact, verb) ?? pick(node.rest, verb);
  const child = node.children?.get(segment);
  const deeper = child && find(child, segments, depth + 1, verb);
  const named = deeper ?? (node.named ? find(node.named, segments, depth + 1, verb) : undefined);
  return named ?? pick(node.rest, verb) ?? pick(node.below, verb);
}

function pick<R extends Route>(slot: Slot<R> | null, verb: number): Found<R> {
  if (slot === null) return undefined;
  return slot.byMethod[verb] ?? slot.byMethod[NO_METHOD] ?? (slot.isBarrier ? "barrier" : undefined);
}

/** By hand, because a callback would be an allocation. */
function choose<R extends Route>({ hits }: Choice<R>, place: Place): Hit<R> | undefined {
  for (const hit of hits) if (isNamed(hit.route, place)) return hit;
  return undefined;
}

function childOf<R extends Route>(children: Map<string, Node<R>>, name: string): Node<R> {
  const known = children.get(name);
  if (known) return known;
  const child = emptyNode<R>();
  children.set(name, child);
  return child;
}

const emptyNode = <R extends Route>(): Node<R> => ({
  children: null,
  named: null,
  exact: null,
  rest: null,
  below: null,
});
