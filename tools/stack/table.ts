// Fits a pricing table to the local stack: its facilitators, its upstreams, its public hosts, the chain that it asks; its
// money is in `money.ts`.
// Pure, and no judge of the table: what has another shape than expected passes through untouched, for the Worker's own
// check to report.

import { secretNames } from "../../src/std/index.ts";
import { isObject, type JsonObject, type Note } from "./json.ts";
import { fitMoney, fitTokens, localNames, localNetwork } from "./money.ts";

/** Without a `url` it is the sample API. */
export interface UpstreamChoice {
  kind: "given" | "own" | "sample";
  url: string | undefined;
  warnings: string[];
}

export interface LocalParts {
  facilitator: string;
  /** The local chain's, which tells what became of a payment whose settlement nobody confirmed. */
  rpc: string;
  /** The API that takes the place of those that are not on this machine. */
  upstream: string;
  /** Whether the table's own upstream stays. */
  keepsOwn: boolean;
  /** Where the gate listens, as clients write it: `127.0.0.1:8787`. */
  gateHost: string | undefined;
}

/**
 * Which API the gate is put in front of: the one on the command line; else, for a table that was asked for by name, its
 * own if that is on this machine; else the sample API, with a warning that says which is not asked.
 */
export function chooseUpstream(
  table: unknown,
  options: { given: string | undefined; ownTable: boolean },
): UpstreamChoice {
  if (options.given !== undefined) return { kind: "given", url: options.given, warnings: [] };
  const upstream = isObject(table) ? namedUpstream(table) : undefined;
  const elsewhere = whereElse(upstream);
  const url = upstreamUrl(upstream);
  if (elsewhere === undefined && options.ownTable) return { kind: "own", url, warnings: [] };
  const instead = "the sample API takes its place";
  const far = `upstream: ${elsewhere} is not on this machine, ${instead} (--upstream names another)`;
  const near = url === undefined ? [] : [`upstream: ${url} is not asked, ${instead} (--upstream ${url} would keep it)`];
  return { kind: "sample", url: undefined, warnings: elsewhere === undefined ? near : [far] };
}

/** Whether the table names its public hosts, so that it has to know where the gate listens. */
export const namesHosts = (table: unknown): boolean => isObject(table) && Array.isArray(table.hosts);

/** The table for the local stack. */
export function fitTable(table: unknown, parts: LocalParts): { table: unknown; warnings: string[] } {
  if (!isObject(table)) return { table, warnings: [] };
  const warnings: string[] = [];
  const note: Note = (path, text) => void warnings.push(`${path}: ${text}`);
  const local = fitHolder({ facilitators: [], ...table }, table, "", parts, note);
  if (Array.isArray(table.tokens)) local.tokens = fitTokens(table.tokens, note);
  local.upstream = fitTopUpstream(table, parts, note);
  if (isObject(table.upstreams)) local.upstreams = fitUpstreams(table.upstreams, parts, note);
  if (isObject(table.routes)) local.routes = fitRoutes(table.routes, table, parts, note);
  if (Array.isArray(table.hosts)) local.hosts = fitHosts(table.hosts, parts.gateHost, note);
  local.rpc = fitRpc(table.rpc, parts, note);
  return { table: local, warnings };
}

/** The one chain that is asked here; who named one on this machine keeps it. */
function fitRpc(rpc: unknown, parts: LocalParts, note: Note): unknown {
  if (rpc !== undefined && !isObject(rpc)) return rpc;
  const kept: JsonObject = {};
  for (const [name, urls] of Object.entries(rpc ?? {})) {
    const isLocal = localNames.includes(name);
    if (isLocal && isNear(urls)) kept[name] = urls;
    else note(`rpc.${name}`, isLocal ? `${parts.rpc} takes its place` : "is left out, the local chain alone is asked");
  }
  return Object.keys(kept).length > 0 ? kept : { [localNetwork]: parts.rpc };
}

const isNear = (urls: unknown): boolean =>
  [urls].flat().every((url) => typeof url === "string" && URL.canParse(url) && isLoopback(url));

function fitRoutes(routes: JsonObject, table: JsonObject, parts: LocalParts, note: Note): JsonObject {
  const entries = Object.entries(routes).map(([key, route]) => {
    if (!isObject(route)) return [key, route];
    const path = `routes[${JSON.stringify(key)}].`;
    const fitted = fitHolder(route, table, path, parts, note);
    if (isObject(route.upstream) || whereElse(route.upstream) !== undefined) {
      fitted.upstream = fitUpstream(route.upstream, `${path}upstream`, parts, note);
    }
    return [key, fitted];
  });
  return Object.fromEntries(entries);
}

/** The members that a table and a route have in common. */
function fitHolder(holder: JsonObject, table: JsonObject, path: string, parts: LocalParts, note: Note): JsonObject {
  const fitted = fitMoney(holder, table, path, note);
  if (Array.isArray(holder.facilitators)) {
    fitted.facilitators = [fitFacilitator(holder.facilitators[0], parts)];
    noteFacilitators(holder.facilitators, `${path}facilitators`, parts, note);
  }
  return fitted;
}

/** Its own settings, such as its time limits, are kept with the other address; its key and its accounts are nobody else's. */
function fitFacilitator(own: unknown, { facilitator }: LocalParts): unknown {
  if (!isObject(own)) return replaceUrl(own, facilitator);
  const { auth: _auth, direct: _direct, feePayer: _payer, facilitatorAddress: _address, ...rest } = own;
  return replaceUrl(rest, facilitator);
}

/** One takes the place of all, and knows none of their keys. */
function noteFacilitators(own: readonly unknown[], path: string, { facilitator }: LocalParts, note: Note): void {
  own.forEach((one, i) => {
    const { url, auth, direct }: JsonObject = isObject(one) ? one : { url: one };
    const at = `${path}[${i}]`;
    if (direct !== undefined) note(`${at}.direct`, `is left out, ${facilitator} settles here`);
    else if (url !== facilitator) note(at, `${url} is not asked here, ${facilitator} takes its place`);
    if (auth !== undefined) note(`${at}.auth`, `is left out, ${facilitator} is told no key`);
  });
}

/** What the operator chose takes its place, whether it is written out or named. */
function fitTopUpstream(table: JsonObject, { upstream, keepsOwn }: LocalParts, note: Note): unknown {
  if (keepsOwn) return withoutHost(table.upstream, "upstream", note);
  const own = withoutHost(namedUpstream(table), "upstream", note);
  return table.upstream === undefined ? upstream : replaceUrl(own, upstream);
}

function fitUpstreams(upstreams: JsonObject, parts: LocalParts, note: Note): JsonObject {
  const entries = Object.entries(upstreams).map(([name, upstream]) => [
    name,
    fitUpstream(upstream, `upstreams.${name}`, parts, note),
  ]);
  return Object.fromEntries(entries);
}

function fitUpstream(upstream: unknown, path: string, parts: LocalParts, note: Note): unknown {
  const own = withoutHost(upstream, path, note);
  const elsewhere = whereElse(own);
  if (elsewhere === undefined) return own;
  note(path, `${elsewhere} is not on this machine, ${parts.upstream} takes its place`);
  return replaceUrl(own, parts.upstream);
}

/** Only the platform connects to another host than the URL's. */
function withoutHost(upstream: unknown, path: string, note: Note): unknown {
  if (!isObject(upstream) || upstream.host === undefined) return upstream;
  const { host, ...rest } = upstream;
  if (host !== "upstream") note(path, `host ${JSON.stringify(host)} is left out here, the API sees its own`);
  return rest;
}

function fitHosts(hosts: unknown[], gateHost: string | undefined, note: Note): unknown[] {
  if (gateHost === undefined || hosts.includes(gateHost)) return hosts;
  note("hosts", `${gateHost} is served too; reach the others with curl -H "Host: …"`);
  return [...hosts, gateHost];
}

function namedUpstream(table: JsonObject): unknown {
  const { upstream, upstreams } = table;
  return typeof upstream === "string" && isObject(upstreams) ? (upstreams[upstream] ?? upstream) : upstream;
}

function upstreamUrl(upstream: unknown): string | undefined {
  const url = isObject(upstream) ? upstream.url : upstream;
  return typeof url === "string" && URL.canParse(url) ? url : undefined;
}

/** What an upstream means that cannot be reached here; undefined for a loopback URL, and for what is no upstream at all. */
function whereElse(upstream: unknown): string | undefined {
  if (isObject(upstream) && upstream.service !== undefined)
    return `service binding ${JSON.stringify(upstream.service)}`;
  const url = upstreamUrl(upstream);
  return url === undefined || isLoopback(url) ? undefined : url;
}

function replaceUrl(target: unknown, url: string): unknown {
  if (!isObject(target)) return url;
  const { service: _service, ...rest } = target;
  return { ...rest, url };
}

function isLoopback(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

/** The names in `{{NAME}}` anywhere in the table: secrets that the Worker will ask for. */
export const secretsIn = (table: unknown): readonly string[] => [
  ...new Set(secretNames(JSON.stringify(table ?? null))),
];
