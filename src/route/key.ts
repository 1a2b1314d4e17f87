// A route's key as an operator writes it: `[METHOD[,METHOD]] /pattern`.

import { err, ok, type Result } from "../std/index.ts";
import { canonicalPath } from "./path.ts";

export interface RouteKey {
  /** Null stands for every method. */
  readonly methods: readonly string[] | null;
  /** Case-folded; null is one segment of any name, written `:name`. */
  readonly segments: readonly (string | null)[];
  readonly rest: boolean;
}

/** What a key without a method stands for; HEAD goes with GET. Others (TRACE, CONNECT) pass nowhere. */
export const METHODS: readonly string[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** A segment of any value. */
const NAME = /^:[A-Za-z_]\w*$/;

/** Faregate's own endpoints; no route can price or shadow them. */
export const OWN_PREFIX = ".faregate";

/** The error is a sentence that says what would be right. */
export function parseRouteKey(key: string): Result<RouteKey, string> {
  const [, verbs, pattern] = /^(?:([^/\s]+) )?(\/\S*)$/.exec(key) ?? [];
  if (pattern === undefined) return err('write "/path" or "METHOD /path", with one space between');
  const methods = verbs?.split(",") ?? null;
  const unknown = methods?.find((method) => !METHODS.includes(method));
  if (unknown === "HEAD") return err("HEAD goes with GET: leave it out");
  if (unknown !== undefined) return err(`"${unknown}" is not a method; write one of ${METHODS.join(", ")}`);
  const rest = pattern.endsWith("/*");
  const path = canonicalPath(rest ? pattern.slice(0, -1) : pattern);
  if (!path.ok) return err(`no request has such a path (${path.error})`);
  const { segments } = path.value;
  if (segments.some((segment) => segment.includes("*"))) return err('"*" stands only at the end, as "/*"');
  const written = pattern.slice(1).split("/");
  const unclear = written.find((segment) => /[:{}]/.test(segment) && !NAME.test(segment));
  if (unclear !== undefined) {
    return err(`"${unclear}" is no name for a segment; write one such as ":symbol", or "%3A" for a colon in the path`);
  }
  if (segments[0] === OWN_PREFIX) return err(`paths below /${OWN_PREFIX}/ are Faregate's own`);
  return ok({
    methods,
    segments: segments.map((segment, i) => (NAME.test(String(written[i])) ? null : segment)),
    rest,
  });
}
