// A route's key as an operator writes it: `[METHOD[,METHOD]] [host]/pattern`.

import { err, ok, type Result } from "../std/index.ts";
import { canonicalPath } from "./path.ts";
import { isHostName } from "./target.ts";

export interface RouteKey {
  /** Null stands for every method. */
  readonly methods: readonly string[] | null;
  /** Lower case, without a port; null stands for every host. */
  readonly host: string | null;
  /** Case-folded; null is one segment of any name, written `:name`. */
  readonly segments: readonly (string | null)[];
  /** The segments in the letter case of the key. */
  readonly names: readonly (string | null)[];
  readonly rest: boolean;
}

/** What a key without a method stands for; HEAD goes with GET. Others (TRACE, CONNECT) pass nowhere. */
export const METHODS: readonly string[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** A segment of any value. */
const NAME = /^:[A-Za-z_]\w*$/;

/**
 * @param ownPrefix the first segment of Faregate's own endpoints, which no route can price or shadow
 * @returns the error is a sentence that says what would be right
 */
export function parseRouteKey(key: string, ownPrefix: string): Result<RouteKey, string> {
  const [, verbs, host, pattern] = /^(?:([^/\s]+) )?([^/\s]+)?(\/\S*)$/.exec(key) ?? [];
  if (pattern === undefined) return err('write "/path" or "METHOD host/path", with one space between');
  const methods = verbs?.split(",") ?? null;
  const flaw = methodFlaw(methods ?? []) ?? hostFlaw(host);
  if (flaw !== null) return err(flaw);
  const rest = pattern.endsWith("/*");
  const parsed = parsePattern(rest ? pattern.slice(0, -1) : pattern);
  if (!parsed.ok) return parsed;
  if (parsed.value.segments[0] === ownPrefix) return err(`paths below /${ownPrefix}/ are Faregate's own`);
  return ok({ methods, host: host?.toLowerCase() ?? null, ...parsed.value, rest });
}

function methodFlaw(methods: readonly string[]): string | null {
  const unknown = methods.find((method) => !METHODS.includes(method));
  if (unknown === "HEAD") return "HEAD goes with GET: leave it out";
  return unknown === undefined ? null : `"${unknown}" is not a method; write one of ${METHODS.join(", ")}`;
}

function hostFlaw(host: string | undefined): string | null {
  if (host === undefined) return null;
  // In capitals it is no host that somebody would write.
  const isMethods = host.split(",").every((name) => name === "HEAD" || METHODS.includes(name));
  if (isMethods) return `write a space between ${host} and the path`;
  if (isHostName(host.toLowerCase())) return null;
  return `"${host}" is not the name of a host; write one such as "api.example.com", without a port`;
}

function parsePattern(pattern: string): Result<Pick<RouteKey, "segments" | "names">, string> {
  const path = canonicalPath(pattern);
  if (!path.ok) return err(`no request has such a path (${path.error})`);
  const { segments, spelling } = path.value;
  if (segments.some((segment) => segment.includes("*"))) return err('"*" stands only at the end, as "/*"');
  const written = pattern.slice(1).split("/");
  const unclear = written.find((segment) => /[:{}]/.test(segment) && !NAME.test(segment));
  if (unclear !== undefined) {
    return err(`"${unclear}" is no name for a segment; write one such as ":symbol", or "%3A" for a colon in the path`);
  }
  const literals = (texts: readonly string[]) => texts.map((text, i) => (NAME.test(String(written[i])) ? null : text));
  return ok({ segments: literals(segments), names: literals(spelling.names) });
}
