// The request target as the runtime hands it over, read once: host, canonical path and query.

import { err, ok, type Result, remembering } from "../std/index.ts";
import type { Place } from "./matcher.ts";
import { type Allowance, canonicalPath, isPlainPath, type PathFlaw, type Spelling } from "./path.ts";

export interface Target extends Place {
  /** `http` or `https`. */
  readonly proto: string;
  /** With the port where there is one; lower case. */
  readonly host: string;
  /** Canonical, see `canonicalPath`: what is forwarded and fingerprinted. */
  readonly path: string;
  /** With its `?`, untouched; the empty string where there is none. */
  readonly query: string;
  readonly spelling: Spelling;
}

export type TargetFlaw =
  | { readonly reason: "invalid_host" }
  | { readonly reason: "invalid_path"; readonly flaw: PathFlaw | "no_path" }
  | { readonly reason: "invalid_query" };

const HOST = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;

/**
 * Lower case, without a port. A dot at the end would be a second name for the same host, and so would an address in
 * another form than its own (`127.1`, `[0:0::1]`), which a URL would rewrite behind the match.
 */
export const isHostName = (text: string): boolean =>
  HOST.exec(text)?.[1] === text && !text.endsWith(".") && URL.parse(`http://${text}`)?.hostname === text;

/**
 * Without the port; null for what is no host. A gate is asked by few names, and parsing a URL takes longer than all else
 * that is done with a target.
 */
const hostNameOf = remembering(100, (written): string | null => {
  const hostname = HOST.exec(written)?.[1] ?? "";
  return isHostName(hostname) && URL.canParse(`http://${written}`) ? hostname : null;
});

const DEFAULT_PORTS: { readonly [proto: string]: string } = { http: ":80", https: ":443" };

/**
 * @param url `request.url`, which workerd leaves as the client wrote it
 * @param allowed what some route lets through, see `canonicalPath`
 */
export function parseTarget(url: string, allowed?: ReadonlySet<Allowance>): Result<Target, TargetFlaw> {
  const hostAt = url.indexOf("://") + 3;
  const pathAt = url.indexOf("/", hostAt);
  if (pathAt < 0) return err({ reason: "invalid_path", flaw: "no_path" });
  const proto = url.slice(0, hostAt - 3);
  const written = url.slice(hostAt, pathAt).toLowerCase();
  const hostname = hostNameOf(written);
  if (hostname === null) return err({ reason: "invalid_host" });
  // The port that the scheme implies is no other host (RFC 9110 section 4.2.3).
  const host = written === hostname + DEFAULT_PORTS[proto] ? hostname : written;
  const target = url.slice(pathAt).replace(/#.*/s, "");
  const queryAt = target.indexOf("?");
  const path = canonicalPath(queryAt < 0 ? target : target.slice(0, queryAt), allowed);
  if (!path.ok) return err({ reason: "invalid_path", flaw: path.error });
  const query = queryAt < 0 ? "" : target.slice(queryAt);
  if (/[^\x21-\x7e]/.test(query)) return err({ reason: "invalid_query" });
  return ok({
    proto,
    host,
    hostname,
    path: path.value.text,
    segments: path.value.segments,
    spelling: path.value.spelling,
    query,
  });
}

/** Where requests go to. */
export interface Base {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path, without a trailing slash; empty where there is none. */
  readonly prefix: string;
}

export const baseOf = ({ origin, pathname }: URL): Base => ({ origin, prefix: pathname === "/" ? "" : pathname });

/**
 * The URL to fetch, by concatenation. Parsing it must give the host and the path that were matched; anything else is
 * a bug, and a bug fetches nothing.
 */
export function upstreamUrl({ origin, prefix }: Base, { path, query }: Target): string {
  const text = `${origin}${prefix}${path}${query}`;
  if (isPlainPath(path)) return text;
  const parsed = URL.parse(text);
  if (parsed?.origin === origin && parsed.pathname === prefix + path) return text;
  // Without the query, which is nobody's to read in a log.
  throw new Error(`the upstream's URL does not keep the path that was matched: ${prefix}${path}`);
}
