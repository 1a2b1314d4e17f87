// A route's key as an operator writes it: `[METHOD[,METHOD]] [host]/pattern`.

import { err, ok, type Result, remembering } from "../std/index.ts";
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

/** In a pattern that is more than the names of its segments. */
const SPECIAL = /[*:{}%]/;
const NAME_LIKE = /[:{}]/;
/** A segment of any value. */
const NAME = /^:[A-Za-z_]\w*$/;

/**
 * @param ownPrefix the first segment of Faregate's own endpoints, which no route can price or shadow
 * @returns the error is a sentence that says what would be right
 */
export function parseRouteKey(key: string, ownPrefix: string): Result<RouteKey, string> {
  const pathAt = key.indexOf("/");
  if (pathAt < 0 || /\s/.test(key.slice(pathAt))) return err(FORM);
  const head = headOf(key.slice(0, pathAt));
  if (!head.ok) return head;
  const { methods, host } = head.value;
  const rest = key.endsWith("/*");
  const parsed = parsePattern(key.slice(pathAt, rest ? -1 : undefined));
  if (!parsed.ok) return parsed;
  const { segments, names } = parsed.value;
  if (segments[0] === ownPrefix) return err(`paths below /${ownPrefix}/ are Faregate's own`);
  return ok({ methods, host, segments, names, rest });
}

const FORM = 'write "/path" or "METHOD host/path", with one space between';

/** What stands before the path; a table has few of them. */
const headOf = remembering(100, (head): Result<Pick<RouteKey, "methods" | "host">, string> => {
  const [all, verbs, host] = /^(?:([^\s]+) )?([^\s]+)?$/.exec(head) ?? [];
  if (all === undefined) return err(FORM);
  const methods = verbs?.split(",") ?? null;
  const flaw = methodFlaw(methods ?? []) ?? hostFlaw(host);
  return flaw === null ? ok({ methods, host: host?.toLowerCase() ?? null }) : err(flaw);
});

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
  if (!SPECIAL.test(pattern)) return ok({ segments, names: spelling.names });
  if (segments.some((segment) => segment.includes("*"))) return err('"*" stands only at the end, as "/*"');
  const written = pattern.slice(1).split("/");
  const unclear = written.find((segment) => NAME_LIKE.test(segment) && !NAME.test(segment));
  if (unclear !== undefined) {
    return err(`"${unclear}" is no name for a segment; write one such as ":symbol", or "%3A" for a colon in the path`);
  }
  const literals = (texts: readonly string[]) => texts.map((text, i) => (written[i]?.startsWith(":") ? null : text));
  const named = literals(segments);
  return ok({ segments: named, names: spelling.names === segments ? named : literals(spelling.names) });
}
