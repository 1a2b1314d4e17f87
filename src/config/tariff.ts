// A price that follows the request, compiled: an offer of its own for each entry, so that a request only chooses one.

import { likeName, likeValue, type PriceTable, type Selector } from "../tariff/index.ts";
import type { UpstreamSettings } from "../upstream/index.ts";
import type { Path } from "./mistake.ts";
import { compileOffer, type Entry, type Scope } from "./offer.ts";
import { isMore } from "./repricing.ts";
import type { Charge, ComputedPrice, QuotedPrice } from "./schema.ts";
import type { ComputedAccess, FixedAccess, Quoting } from "./table.ts";

/** Where a route's price stands, and what else its offers are made of. */
export interface Place {
  readonly entry: Entry;
  /** Null where it is wrong, and told. */
  readonly upstream: UpstreamSettings | null;
  readonly pricePath: Path;
  readonly path: Path;
  readonly scope: Scope;
}

/** Null where a part of it is wrong, which is told. */
export function compileTariff(price: ComputedPrice, place: Place): ComputedAccess | null {
  const { entry, upstream, pricePath, scope } = place;
  const selector = selectorOf(price);
  checkSelector(selector, price, place);
  const known = new Map<string, FixedAccess | null>();
  const compile = (charge: Charge, ...keys: Path): FixedAccess | null => {
    const words = JSON.stringify(charge);
    const access = known.has(words) ? known.get(words) : compileCharge(charge, [...pricePath, ...keys], place);
    known.set(words, access ?? null);
    return access ?? null;
  };
  const entries = Object.entries(price.table).map(([name, charge]) => [name, compile(charge, "table", name)] as const);
  const missing = price.missing === undefined ? null : compile(price.missing, "missing");
  const otherwise = price.otherwise === undefined ? null : compile(price.otherwise, "otherwise");
  if ([...known.values()].includes(null) || upstream === null) return null;
  const table = tableOf(selector, entries as readonly Compiled[], { missing, otherwise });
  const bodyBytesMax = entry.bodyBytesMax ?? scope.bodyBytesMax;
  return { kind: "computed", tariff: { kind: "table", table }, mode: entry.mode ?? scope.mode, upstream, bodyBytesMax };
}

/** Null where a part of it is wrong, which is told. */
export function compileQuoting(price: QuotedPrice, place: Place): ComputedAccess | null {
  const { entry, upstream, pricePath, scope } = place;
  const most = compileCharge(price.max, [...pricePath, "max"], place);
  const fallback = compileCharge(price.fallback, [...pricePath, "fallback"], place);
  if (entry.websocket && price.sendBody)
    scope.report([...pricePath, "sendBody"], "a WebSocket is opened without a body");
  if (most?.kind !== "paid" || fallback === null || upstream === null) return null;
  const tariff: Quoting = {
    kind: "quoted",
    path: price.quote,
    sendsBody: price.sendBody,
    timeoutMs: price.timeoutSeconds * 1000,
    cacheMs: price.cacheSeconds * 1000,
    most,
    fallback: fallback.kind === "paid" ? fallback : null,
  };
  if (tariff.fallback && isMore(tariff.fallback.offer, most.offer)) {
    scope.report([...pricePath, "fallback"], "this is more than max; write at most that");
  }
  return { kind: "computed", tariff, mode: entry.mode ?? scope.mode, upstream, bodyBytesMax: most.bodyBytesMax };
}

type Compiled = readonly [name: string, access: FixedAccess];

/** Null where it is wrong, which is told. */
function compileCharge(charge: Charge, chargePath: Path, { entry, upstream, path, scope }: Place): FixedAccess | null {
  if (charge === "closed") return { kind: charge };
  const bodyBytesMax = entry.bodyBytesMax ?? scope.bodyBytesMax;
  if (charge === "free") return upstream && { kind: charge, upstream, bodyBytesMax };
  const offer = compileOffer(charge, entry, upstream, chargePath, path, scope);
  return offer && upstream && { kind: "paid", offer, upstream, bodyBytesMax };
}

function tableOf(
  selector: Selector,
  compiled: readonly Compiled[],
  rest: Pick<PriceTable<FixedAccess>, "missing" | "otherwise">,
): PriceTable<FixedAccess> {
  if (selector.kind !== "bodyBytes") {
    const methods = selector.kind === "mcp" ? [...selector.named] : [];
    const alike = new Set([...compiled.map(([name]) => name), ...methods].map(likeValue));
    return { selector, entries: new Map(compiled), alike, steps: [], ...rest };
  }
  const steps = compiled.map(([name, access]) => [Number(name), access] as const).toSorted(([a], [b]) => a - b);
  return { selector, entries: new Map(), alike: new Set(), steps, ...rest };
}

function selectorOf({ by, table }: ComputedPrice): Selector {
  if (by === "mcp") {
    const named = Object.keys(table).filter((name) => name.includes(" "));
    return { kind: by, named: new Set(named.map((name) => name.slice(0, name.indexOf(" ")))) };
  }
  if (typeof by === "string") return { kind: by };
  const { query, header, body } = by;
  if (query !== undefined) return { kind: "query", name: query };
  if (header !== undefined) return { kind: "header", name: header.toLowerCase() };
  const tokens = (body ?? "").slice(1).split("/");
  return { kind: "body", pointer: tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~")) };
}

/** What would be read and do nothing, or could not be what the API reads. */
function checkSelector({ kind, ...selector }: Selector, price: ComputedPrice, place: Place): void {
  const { entry, upstream, pricePath } = place;
  const { report } = place.scope;
  const isOfBody = kind !== "query" && kind !== "header";
  if (kind === "bodyBytes") {
    for (const name of Object.keys(price.table).filter((text) => !/^(0|[1-9]\d{0,8})$/.test(text))) {
      report([...pricePath, "table", name], 'write the most bytes that this entry takes, such as "10000"');
    }
  }
  if (price.missing !== undefined && (kind === "bodyBytes" || kind === "mcp")) {
    report([...pricePath, "missing"], "every request says this; remove it");
  }
  if (entry.websocket && isOfBody) report([...pricePath, "by"], "a WebSocket is opened without a body");
  const { name } = { name: "", ...selector };
  if (kind === "header" && upstream?.headers.some(([own]) => likeName(own) === likeName(name))) {
    report([...pricePath, "by", "header"], "upstream sets this header, whatever a client sends; write another one");
  }
}
