// A match alone, in this process: the same table with few and with many routes, and the ratio of the two. Equally many
// places are asked for in turn, of routes all over the table, so that the processor's nearest memory helps both alike.

import { parseConfig } from "../../src/config/index.ts";
import { type Place, parseTarget } from "../../src/route/index.ts";
import { ratios, spreadOf } from "../figures.ts";
import type { Row, Section } from "./section.ts";

const COUNTS = [10, 1000, 10_000];
const ROUNDS = 21;
const MATCHES = 100_000;
const PLACES = 10;

type Matcher = Extract<ReturnType<typeof parseConfig>, { ok: true }>["value"]["matcher"];

const KINDS: { readonly [name: string]: (route: number) => string } = {
  "a hit": (route) => `/v1/group${route % 10}/item${route}/7`,
  "a miss": (route) => `/v2/group${route % 10}/item${route}/7`,
  "a shared prefix": (route) => `/v1/group${route % 10}/other${route}/7`,
};

/** @param table what stands beside the routes */
export function growMatches(table: object): Section {
  const matchers = COUNTS.map((count) => matcherOf(table, count));
  const rows = Object.entries(KINDS).map(([kind, pathOf]): Row => {
    const places = COUNTS.map((count) => placesOf(count, pathOf));
    const rounds = Array.from({ length: ROUNDS + 1 }, () =>
      matchers.map((matcher, i) => nanosecondsOf(matcher, places[i] ?? [])),
    ).slice(1);
    const of = (i: number): readonly number[] => rounds.map((round) => round[i] ?? Number.NaN);
    const times = COUNTS.map((count, i) => [`${count} routes, ns`, spreadOf(of(i)).median]);
    return {
      match: kind,
      ...Object.fromEntries(times),
      "most by fewest": ratios(of(COUNTS.length - 1), of(0)).median.toFixed(2),
    };
  });
  return { title: "a match alone, without HTTP", rows };
}

function matcherOf(table: object, count: number): Matcher {
  const routes = Array.from({ length: count }, (_, i) => [`GET /v1/group${i % 10}/item${i}/:id`, "$0.001"]);
  const config = parseConfig({ ...table, routes: Object.fromEntries(routes) });
  if (!config.ok) throw new Error("the table of the matches is wrong");
  return config.value.matcher;
}

function placesOf(count: number, pathOf: (route: number) => string): readonly Place[] {
  return Array.from({ length: PLACES }, (_, i) => {
    const target = parseTarget(`http://localhost${pathOf(((i * count) / PLACES) | 0)}`);
    if (!target.ok) throw new Error("a path of the matches is none");
    return target.value;
  });
}

function nanosecondsOf(matcher: Matcher, places: readonly Place[]): number {
  const startMs = performance.now();
  for (let i = 0; i < MATCHES; i += 1) matcher.match("GET", places[i % PLACES] as Place);
  return ((performance.now() - startMs) * 1e6) / MATCHES;
}
