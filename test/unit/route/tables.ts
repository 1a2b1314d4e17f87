// Tables of routes as a property sees them: few names, so that routes meet.

import fc from "fast-check";
import { expect } from "vitest";
import { parseRouteKey } from "../../../src/route/key.ts";
import type { Place, Route } from "../../../src/route/matcher.ts";
import { canonicalPath } from "../../../src/route/path.ts";

export type Kind = Route["access"]["kind"];

export const routeOf = ([key, kind]: readonly [key: string, kind: Kind]): Route => {
  const parsed = parseRouteKey(key, ".faregate");
  return parsed.ok ? { key, ...parsed.value, access: { kind }, below: kind !== "free" } : expect.fail(parsed.error);
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
      return [{ key, ...place, access: { kind }, below: kind !== "free" && !isExact }];
    });
  });

export const places = fc.record({
  hostname: fc.constantFrom(...HOSTS, "stranger.example"),
  segments: fc.array(fc.constantFrom(...LITERALS), { maxLength: 4 }),
});
