// Tables of routes as a property sees them: few names, so that routes meet.

import fc from "fast-check";
import { expect } from "vitest";
import { parseRouteKey } from "../../../src/route/key.ts";
import type { Place, Route } from "../../../src/route/matcher.ts";
import { type Allowance, canonicalPath } from "../../../src/route/path.ts";

export type Kind = Route["access"]["kind"];

/** A route that takes no spelling of its own. */
export const PLAIN = { allows: new Set<Allowance>(), caseSensitive: false };

export const routeOf = ([key, kind]: readonly [key: string, kind: Kind]): Route => {
  const parsed = parseRouteKey(key, ".faregate");
  if (!parsed.ok) return expect.fail(parsed.error);
  return { key, ...parsed.value, access: { kind }, below: kind !== "free", ...PLAIN };
};

/** @param text `[host]/path` */
export function placeOf(text: string): Place {
  const pathAt = text.indexOf("/");
  const canonical = canonicalPath(text.slice(pathAt));
  if (!canonical.ok) return expect.fail(canonical.error);
  return { hostname: text.slice(0, pathAt) || "h.example", segments: canonical.value.segments };
}

const LITERALS = ["a", "b", "c"];
const HOSTS = ["p.example", "q.example"];

/** Of a table that is not refused: two routes at one place are a mistake. */
export const tables = fc
  .array(
    fc.record({
      methods: fc.option(fc.uniqueArray(fc.constantFrom("GET", "POST", "PUT"), { minLength: 1 })),
      host: fc.constantFrom(null, null, ...HOSTS),
      segments: fc.array(fc.constantFrom(...LITERALS, null), { maxLength: 4 }),
      rest: fc.boolean(),
      kind: fc.constantFrom<Kind>("free", "closed", "paid"),
      isExact: fc.boolean(),
    }),
    { maxLength: 10 },
  )
  .map((written) => {
    const taken = new Set<string>();
    return written.flatMap(({ kind, isExact, ...place }): readonly Route[] => {
      const { methods, host, segments, rest } = place;
      const spots = (methods ?? ["*"]).map((method) => JSON.stringify([method, host, segments, rest]));
      if (spots.some((spot) => taken.has(spot))) return [];
      for (const spot of spots) taken.add(spot);
      const names = segments.map((segment) => segment ?? ":name");
      const key = `${methods ? `${methods} ` : ""}${host ?? ""}/${[...names, ...(rest ? ["*"] : [])].join("/")}`;
      return [{ key, ...place, names: segments, access: { kind }, below: kind !== "free" && !isExact, ...PLAIN }];
    });
  });

export const places = fc.record({
  hostname: fc.constantFrom(...HOSTS, "stranger.example"),
  segments: fc.array(fc.constantFrom(...LITERALS), { maxLength: 4 }),
});
