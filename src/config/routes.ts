// Each route of the table to what the gate does with it. A route's own word comes before the table's.

import { parseRouteKey } from "../route/index.ts";
import { isObject, type JsonObject } from "../std/index.ts";
import { isTold, readMember, readMembers } from "./members.ts";
import type { Path } from "./mistake.ts";
import { compileOffer, type Entry, type Scope } from "./offer.ts";
import { readUpstream } from "./parts.ts";
import { routeEntries } from "./schema.ts";
import type { Access, PricedRoute } from "./table.ts";

/** Where a route stands; its access is null where that is wrong, which is told. */
export type Draft = Omit<PricedRoute, "access"> & { readonly access: Access | null };

export const isCompiled = (draft: Draft): draft is PricedRoute => draft.access !== null;

/** Those whose place can be understood; what cannot is told. */
export function compileRoutes(routes: JsonObject, prefix: string, scope: Scope): readonly Draft[] {
  return Object.entries(routes).flatMap(([key, value]) => {
    const path = ["routes", key];
    const place = parseRouteKey(key, prefix);
    if (!place.ok) scope.report(path, place.error);
    const entry = readEntry(value, path, scope);
    checkIdle(entry, place.ok && place.value.rest, path, scope);
    const access = compileAccess(entry, isEntry(value) ? [...path, "price"] : path, path, scope);
    if (!place.ok) return [];
    // What is free has to be named; what is priced or closed may not be walked around from below.
    return [{ key, ...place.value, access, below: access?.kind !== "free" && !entry.exact }];
  });
}

/** A price alone stands for an object with nothing else. */
function readEntry(value: unknown, path: Path, { report }: Scope): Entry {
  if (isEntry(value)) return readMembers(routeEntries, value, path, report);
  return { price: readMember(routeEntries.price, value ?? null, path, report) };
}

/** Atomic units alone are an object too, with other keys. */
const isEntry = (value: unknown): value is JsonObject =>
  isObject(value) && (Object.hasOwn(value, "price") || !["amount", "asset"].some((key) => Object.hasOwn(value, key)));

const OF_PRICED = [
  "description",
  "mimeType",
  "accepts",
  "payTo",
  "facilitators",
  "settle",
  "paymentIdentifier",
  "maxUnsettled",
  "chargeOn",
  "maxTimeoutSeconds",
  "extensions",
  "contractWallets",
  "mode",
] as const;
const IDLE = { free: OF_PRICED, closed: [...OF_PRICED, "upstream", "bodyBytesMax"] } as const;

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

/** Null where a part of it is wrong, which is told. */
function compileAccess(entry: Entry, pricePath: Path, path: Path, scope: Scope): Access | null {
  const { price } = entry;
  if (price === "closed") return { kind: price };
  const upstream = upstreamOf(entry, path, scope);
  const bodyBytesMax = entry.bodyBytesMax ?? scope.bodyBytesMax;
  if (price === "free") return upstream && { kind: price, upstream, bodyBytesMax };
  const offer = compileOffer(price, entry, upstream, pricePath, path, scope);
  return offer && upstream && { kind: "paid", offer, upstream, bodyBytesMax };
}

function upstreamOf(entry: Entry, path: Path, { named, upstream, upstreams, report }: Scope) {
  if (isTold(entry, "upstream")) return null;
  if (entry.upstream === undefined) return upstream;
  const settings = readUpstream(entry.upstream, named, [...path, "upstream"], report);
  return settings && upstreams.add(settings);
}
