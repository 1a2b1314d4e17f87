// `pricing.json`, parsed once at start-up: to a compiled table, or to every mistake in it at once.

import { withoutMisspelt } from "#advice";
import { Matcher } from "../route/index.ts";
import type { Scheme } from "../schemes/index.ts";
import { err, isObject, type JsonObject, ok, type Result } from "../std/index.ts";
import { checkAuth } from "./auth.ts";
import { checkAccounts, readFacilitators } from "./facilitators.ts";
import { MISSING_KEY } from "./fields.ts";
import { parseLimit, parseThreshold } from "./limits.ts";
import { isTold, type Members, readMembers } from "./members.ts";
import { type Mistake, mistakeAt, type Report, said, sentence } from "./mistake.ts";
import { checkExtensions, checkTime, type Scope, soldStatuses } from "./offer.ts";
import { Parts, readUpstream } from "./parts.ts";
import { checkPlaces } from "./places.ts";
import { compileRoutes, isCompiled } from "./routes.ts";
import { tableEntries, tableHint } from "./schema.ts";
import type { Config, PublicHost } from "./table.ts";
import { caip2Of, readOptions, readTokens, unknownNetwork } from "./tokens.ts";

/** @param rows of the scheme table, which not every bundle has */
export function parseConfig(json: unknown, rows: readonly Scheme[] = []): Result<Config, readonly Mistake[]> {
  if (!isObject(json)) return err([{ path: "", remedy: `${tableHint}${said(json)}` }]);
  const told = new Map<string, Mistake>();
  const report: Report = (keys, remedy) => {
    const mistake = mistakeAt(keys, remedy);
    told.set(sentence(mistake), mistake);
  };
  const table = readMembers(tableEntries, json, [], report);
  const scope = { ...readScope(table, json, report), rows };
  const { unmatched = "closed", cors = "*", bufferBytesMax = 0, routes: entries = {} } = table;
  const prefix = segmentOf(table.prefix);
  const hosts = table.hosts ? readHosts(table.hosts, report) : null;
  const drafts = compileRoutes(entries, prefix, scope);
  const routes = drafts.filter(isCompiled);
  const matcher = new Matcher(routes);
  checkPlaces(drafts, matcher, hosts, report);
  checkKeyIds(scope, report);
  checkAuth(scope.facilitators.all(), report);
  checkAccounts(scope.facilitators.all(), report);
  const { upstream, bodyBytesMax } = scope;
  if (told.size > 0 || upstream === null) {
    const mistakes = [...told.values()];
    return err(withoutMisspelt(mistakes, MISSING_KEY) ?? mistakes);
  }
  return ok({
    matcher,
    routes,
    unmatched: unmatched === "free" ? { kind: "free", upstream, bodyBytesMax } : { kind: "closed" },
    hosts,
    prefix,
    cors,
    upstreams: scope.upstreams.all(),
    facilitators: scope.facilitators.all(),
    bufferBytesMax,
    rpc: withOwn(scope),
    unsettledTotalMicros: scope.unsettledTotalMicros,
  });
}

type TableMembers = Members<typeof tableEntries>;

function readScope(table: TableMembers, json: JsonObject, report: Report): Omit<Scope, "rows"> {
  const { mode = "enforce", extensions = {}, maxTimeoutSeconds = Number.POSITIVE_INFINITY, upstreams = {} } = table;
  const book = readTokens(isTold(table, "tokens") ? null : (table.tokens ?? []), report);
  const options = readOptions(table.accepts ?? [], ["accepts"], book, report);
  const parts = {
    upstreams: new Parts<NonNullable<Scope["upstream"]>>(),
    facilitators: new Parts<Scope["usualFacilitators"][number]>(),
  };
  const settings = table.upstream === undefined ? null : readUpstream(table.upstream, upstreams, ["upstream"], report);
  const upstream = settings && parts.upstreams.add(settings);
  const rpc = readRpc(table.rpc ?? {}, book, report);
  const around = { book, options, rpc, facilitators: parts.facilitators };
  const facilitators = readFacilitators(table.facilitators ?? [], around, [], report);
  const { verifyAbove } = table;
  const verifyAboveMicros = verifyAbove === undefined ? null : parseThreshold(verifyAbove, ["verifyAbove"], report);
  checkTime(maxTimeoutSeconds, upstream, { facilitators, verifyAboveMicros }, [], report);
  checkExtensions(extensions, [], report);
  const namesPayees = Array.isArray(json["accepts"]) && json["accepts"].length > 0 && json["accepts"].every(hasPayee);
  const isLeftOut = json["payTo"] === undefined && namesPayees;
  if (json["payTo"] === undefined && !namesPayees) report(["payTo"], MISSING_KEY);
  return {
    report,
    book,
    options,
    payTo: table.payTo ?? (isLeftOut && options.length === table.accepts?.length ? null : ""),
    upstream,
    usualFacilitators: facilitators,
    verifyAboveMicros,
    rpc,
    chargeOn: soldStatuses(table.chargeOn ?? []),
    maxTimeoutSeconds,
    bodyBytesMax: table.bodyBytesMax ?? null,
    extensions,
    identifier: table.paymentIdentifier ?? "off",
    contractWallets: table.contractWallets ?? false,
    mode,
    settle: table.settle ?? "after",
    maxUnsettled: table.maxUnsettled ?? null,
    unsettledTotalMicros: parseLimit(table.maxUnsettledTotal ?? "$1000", ["maxUnsettledTotal"], report),
    mayOwe: mayOwe(table.settle, json["routes"]),
    limits: {
      inFlightMax: table.maxInFlight ?? 1,
      unchargedMax: table.maxUncharged ?? 1,
      creditMs: (table.creditDays ?? 1) * DAY_MS,
      debtMs: (table.debtDays ?? 1) * DAY_MS,
    },
    named: upstreams,
    ...parts,
    sold: new Map(),
  };
}

/** Whoever looks a key up by its id finds one. */
function checkKeyIds({ upstreams }: Scope, report: Report): void {
  const known = new Map<string, string>();
  for (const { keyId, algorithm, key } of upstreams.all().flatMap(({ sign }) => sign)) {
    const meant = `${algorithm} ${key}`;
    if ((known.get(keyId) ?? meant) !== meant)
      report(["upstream"], `the keyId ${keyId} stands for two keys; rename one`);
    known.set(keyId, meant);
  }
}

const DAY_MS = 86_400_000;

/** Whether any route of the table lets a payer owe: then every other one has to have an offer for debtors. */
function mayOwe(settle: unknown, routes: unknown): boolean {
  const entries = isObject(routes) ? Object.values(routes) : [];
  return settle === "async" || entries.some((entry) => isObject(entry) && entry["settle"] === "async");
}

function readRpc(rpc: NonNullable<TableMembers["rpc"]>, { byNetwork }: Scope["book"], report: Report): Config["rpc"] {
  const urls = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(rpc)) {
    const network = caip2Of(name);
    if (!byNetwork.has(network))
      report(["rpc", name], unknownNetwork(name, "describe its token in tokens, or remove this"));
    else if (urls.has(network)) report(["rpc", name], "this network stands here twice; keep one");
    urls.set(network, typeof value === "string" ? [value] : value);
  }
  return urls;
}

/** Who settles on a chain of his own accord can be asked about it, too, where the table names nobody else. */
function withOwn({ rpc, facilitators }: Scope): Config["rpc"] {
  const urls = new Map(rpc);
  for (const one of facilitators.all()) {
    if (one.kind === "direct" && !urls.has(one.network)) urls.set(one.network, one.urls);
  }
  return urls;
}

const segmentOf = (prefix = ""): string => prefix.replaceAll("/", "");

const hasPayee = (option: unknown): boolean => isObject(option) && option["payTo"] !== undefined;

function readHosts(texts: readonly string[], report: Report): readonly PublicHost[] {
  const hosts = texts.map(readHost);
  for (const [i, { host }] of hosts.entries()) {
    const first = hosts.findIndex((other) => other.host === host);
    if (first < i) report(["hosts", i], `hosts[${first}] already names this host; keep one`);
  }
  return hosts;
}

function readHost(text: string): PublicHost {
  const [host = "", scheme] = text.split("://").reverse();
  return { host, proto: scheme ?? null };
}
