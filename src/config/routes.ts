// Each route of the table to what the gate does with it. A route's own word comes before the table's.

import { patternAdvice, strayAdvice } from "#advice";
import { type Allowance, parseRouteKey, type RouteKey } from "../route/index.ts";
import { isObject, type JsonObject } from "../std/index.ts";
import { isTold, readMember, readMembers } from "./members.ts";
import type { Path, Report } from "./mistake.ts";
import { compileOffer, type Entry, type Scope } from "./offer.ts";
import { readUpstream } from "./parts.ts";
import { type ComputedPrice, isEntry, priceKeys, type QuotedPrice, type RouteEntry, routeEntries } from "./schema.ts";
import type { Access, PricedRoute } from "./table.ts";
import { compileQuoting, compileTariff } from "./tariff.ts";

/** Where a route stands; its access is null where that is wrong, which is told. */
export type Draft = Omit<PricedRoute, "access"> & { readonly access: Access | null };

export const isCompiled = (draft: Draft): draft is PricedRoute => draft.access !== null;

/** Those whose place can be understood; what cannot is told. */
export function compileRoutes(routes: JsonObject, prefix: string, scope: Scope): readonly Draft[] {
  const known = new Map<string, Meaning>();
  const drafts: Draft[] = [];
  for (const [key, value] of Object.entries(routes)) {
    const path = ["routes", key];
    const place = parseRouteKey(key, prefix);
    if (!place.ok) scope.report(path, patternAdvice(key) ?? place.error);
    const { entry, access, allows } = compileValue(value, path, scope, known);
    checkIdle(entry, place.ok && place.value.rest, path, scope);
    if (!place.ok) continue;
    const { methods, host, segments, names, rest } = place.value;
    // What is free has to be named; what is priced or closed may not be walked around from below.
    const below = access?.kind !== "free" && !entry.exact;
    if (!rest && !below) checkAllowances(entry, allows, path, scope);
    checkCase(entry, place.value, path, scope);
    checkWebSocket(entry, place.value, path, scope);
    checkBody(entry, place.value, path, scope);
    const caseSensitive = entry.caseSensitive ?? false;
    drafts.push({
      key,
      methods,
      host,
      segments,
      names,
      rest,
      access,
      below,
      allows,
      caseSensitive,
    });
  }
  return drafts;
}

/** What a route's value says, wherever it stands. */
interface Meaning {
  readonly entry: Entry;
  readonly access: Access | null;
  readonly allows: ReadonlySet<Allowance>;
}

/** @param known those without a mistake, by their words: most routes of a large table say the same */
function compileValue(value: unknown, path: Path, scope: Scope, known: Map<string, Meaning>): Meaning {
  const words = JSON.stringify(value);
  const before = known.get(words);
  if (before) return before;
  let isRight = true;
  const report: Report = (...mistake) => {
    isRight = false;
    scope.report(...mistake);
  };
  const told = { ...scope, report };
  const entry = readEntry(value, path, told);
  const access = compileAccess(entry, isEntry(value) ? [...path, "price"] : path, path, told);
  const meaning = { entry, access, allows: allowancesOf(entry) };
  if (isRight) known.set(words, meaning);
  return meaning;
}

/** A price alone stands for an object with nothing else. What stands on the wrong side of it is told where it belongs. */
function readEntry(value: unknown, path: Path, { report }: Scope): Entry {
  if (!isObject(value)) return { price: readMember(routeEntries.price, value ?? null, path, report) };
  const isWhole = isEntry(value);
  const isStray = (key: string): boolean => (isWhole ? priceKeys.has(key) : Object.hasOwn(routeEntries, key));
  const own = { ...value };
  for (const [key, advice] of strayAdvice(value, isStray) ?? []) {
    report([...path, key], advice);
    delete own[key];
  }
  if (isWhole) return readMembers(routeEntries, own, path, report);
  return { price: readMember(routeEntries.price, own, path, report) };
}

const OF_PRICED = [
  "description",
  "mimeType",
  "accepts",
  "payTo",
  "facilitators",
  "settle",
  "paymentIdentifier",
  "maxUnsettled",
  "verifyAbove",
  "chargeOn",
  "ranges",
  "maxTimeoutSeconds",
  "extensions",
  "contractWallets",
  "websocket",
  "mode",
] as const;
const ALLOWANCES: readonly Allowance[] = ["allowEncodedSlash", "allowSemicolon", "allowDoubleSlash"];
/** A closed route has nothing to let through, and nothing that a letter case could cost. */
const OF_OPEN = ["upstream", "bodyBytesMax", ...ALLOWANCES, "caseSensitive"] as const;
const IDLE = { free: OF_PRICED, closed: [...OF_PRICED, ...OF_OPEN] } as const;

/** What would be read and do nothing: its writer believes that it does something. */
function checkIdle(entry: Entry, isRest: boolean, path: Path, { report }: Scope): void {
  const { price } = entry;
  for (const name of price === "free" || price === "closed" ? IDLE[price] : []) {
    if (entry[name] !== undefined) report([...path, name], `a route that is ${price} does not use this; remove it`);
  }
  if (entry.exact !== true) return;
  if (isRest) report([...path, "exact"], 'a key that ends in "/*" cannot be exact; write one of them');
  else if (price === "free") report([...path, "exact"], "a free path is always exact; remove this");
}

const NONE: ReadonlySet<Allowance> = new Set();

function allowancesOf(entry: Entry): ReadonlySet<Allowance> {
  const allowed = ALLOWANCES.filter((allowance) => entry[allowance]);
  return allowed.length > 0 ? new Set(allowed) : NONE;
}

/** What lies below has to be the route's own, because some origins read such a spelling as something there. */
function checkAllowances(entry: Entry, allows: ReadonlySet<Allowance>, path: Path, { report }: Scope): void {
  if (entry.price === "closed") return;
  for (const allowance of allows) {
    report(
      [...path, allowance],
      `this is about what lies below the key, which it does not cover; ${coverRemedy(entry)}`,
    );
  }
}

const coverRemedy = ({ exact }: Entry): string => (exact ? 'remove "exact"' : 'end the key in "/*"');

function checkCase(entry: Entry, { segments, names }: RouteKey, path: Path, { report }: Scope): void {
  if (!entry.caseSensitive || entry.price === "closed") return;
  if (names.some((name, i) => name !== null && (name !== segments[i] || name !== name.toUpperCase()))) return;
  report([...path, "caseSensitive"], "no name in this key has a letter case; remove this");
}

function checkWebSocket({ websocket }: Entry, { methods }: RouteKey, path: Path, { report }: Scope): void {
  if (!websocket || methods === null || methods.includes("GET")) return;
  report([...path, "websocket"], "a WebSocket is opened with GET, which this key does not name; remove this");
}

/** What a price follows has to be there to be read. */
function checkBody({ price }: Entry, { methods }: RouteKey, path: Path, { report }: Scope): void {
  const key = isComputed(price) && isOfBody(price) ? "by" : "sendBody";
  if (key === "sendBody" && !(isQuoted(price) && price.sendBody)) return;
  if (methods?.every((method) => method === "GET")) {
    report([...path, "price", key], "GET has no body, and this key names no other method");
  }
}

const isOfBody = ({ by }: ComputedPrice): boolean => typeof by === "string" || by.body !== undefined;

/** Null where a part of it is wrong, which is told. */
function compileAccess(entry: Entry, pricePath: Path, path: Path, scope: Scope): Access | null {
  const { price } = entry;
  if (price === "closed") return { kind: price };
  const upstream = upstreamOf(entry, path, scope);
  const bodyBytesMax = entry.bodyBytesMax ?? scope.bodyBytesMax;
  if (price === "free") return upstream && { kind: price, upstream, bodyBytesMax };
  const place = { entry, upstream, pricePath, path, scope };
  if (isComputed(price)) return compileTariff(price, place);
  if (isQuoted(price)) return compileQuoting(price, place);
  const offer = compileOffer(price, entry, upstream, pricePath, path, scope);
  return offer && upstream && { kind: "paid", offer, upstream, bodyBytesMax };
}

const isComputed = (price: RouteEntry["price"] | undefined): price is ComputedPrice =>
  typeof price === "object" && "by" in price;

const isQuoted = (price: RouteEntry["price"] | undefined): price is QuotedPrice =>
  typeof price === "object" && "quote" in price;

function upstreamOf(entry: Entry, path: Path, { named, upstream, upstreams, report }: Scope) {
  if (isTold(entry, "upstream")) return null;
  if (entry.upstream === undefined) return upstream;
  const settings = readUpstream(entry.upstream, named, [...path, "upstream"], report);
  return settings && upstreams.add(settings);
}
