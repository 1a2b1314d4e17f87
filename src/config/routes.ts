// The part of the table that decides about money: keys, prices, networks and the payee.

import { type Access, parseRouteKey, type Route, type RouteKey } from "../route/index.ts";
import { buildTerms, parseAddress, type Terms } from "../schemes/index.ts";
import { isObject, type JsonObject } from "../std/index.ts";
import {
  type AmountFlaw,
  buildChallenge,
  CHALLENGE_FIXED_BYTES_MAX,
  findNetwork,
  type Network,
  networks,
  parseDollars,
  type Token,
} from "../x402/index.ts";
import type { PricingTable } from "./schema.ts";

export type Report = (path: readonly PropertyKey[], remedy: string) => void;

/** A network with who is paid on it, and for how long an authorization is asked to last. */
export interface Receiver extends Network {
  readonly payTo: string;
  readonly maxTimeoutSeconds: number;
}

export function readPayTo(value: unknown, report: Report): string {
  if (typeof value !== "string") return "";
  const address = parseAddress(value);
  if (address === null) {
    report(
      ["payTo"],
      `write 0x and 40 hex digits; mixed case has to fit its checksum (it says ${JSON.stringify(value)})`,
    );
  } else if (/^0x0+$/.test(address)) report(["payTo"], "nobody owns the zero address; write your own");
  return address ?? "";
}

export function readNetworks(value: unknown, report: Report): readonly Network[] {
  const names = Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
  const known = networks.flatMap((network) => network.names).join(", ");
  const found = new Map<Network, string>();
  for (const [i, name] of names.entries()) {
    const network = findNetwork(name);
    if (!network) report(["accepts", i], `"${name}" is not a network that is known here; write one of ${known}`);
    else if (found.has(network)) report(["accepts", i], `"${found.get(network)}" already names this network; keep one`);
    else found.set(network, name);
  }
  return [...found.keys()];
}

/**
 * Every key and every price, whatever else is wrong, so that all mistakes are told at once.
 *
 * @returns the keys that can be read
 */
export function checkRoutes(
  value: unknown,
  accepted: readonly Network[],
  report: Report,
): ReadonlyMap<string, RouteKey> {
  const keys = new Map<string, RouteKey>();
  const taken = new Map<string, string>();
  for (const [key, entry] of isObject(value) ? Object.entries(value) : []) {
    const parsed = parseRouteKey(key);
    if (parsed.ok) {
      keys.set(key, parsed.value);
      checkPlace(key, parsed.value, taken, report);
    } else report(["routes", key], parsed.error);
    const [price, path] = isObject(entry) ? [entry["price"], ["routes", key, "price"]] : [entry, ["routes", key]];
    for (const flaw of priceFlaws(price, accepted)) report(path, flaw);
    if (isObject(entry)) checkIdle(key, entry, parsed.ok && parsed.value.rest, report);
  }
  return keys;
}

/** What would be read and do nothing: its writer believes that it does something. */
function checkIdle(key: string, entry: JsonObject, isRest: boolean, report: Report): void {
  const isUnpaid = entry["price"] === "free" || entry["price"] === "closed";
  for (const name of isUnpaid ? ["description", "mimeType", "settle", "chargeOn"] : []) {
    if (name in entry) report(["routes", key, name], `a route that is ${entry["price"]} does not use this; remove it`);
  }
  if (entry["exact"] !== true) return;
  if (isRest) report(["routes", key, "exact"], 'a key that ends in "/*" cannot be exact; write one of them');
  else if (entry["price"] === "free") report(["routes", key, "exact"], "a free path is always exact; remove this");
}

function checkPlace(key: string, { methods, ...pattern }: RouteKey, taken: Map<string, string>, report: Report): void {
  for (const method of methods ?? ["*"]) {
    const place = JSON.stringify([method, pattern.segments, pattern.rest]);
    const other = taken.get(place);
    if (other !== undefined) report(["routes", key], `"${other}" already stands for these requests; keep one`);
    taken.set(place, key);
  }
}

/** Empty for what is no dollars at all: the schema speaks of that. */
function priceFlaws(price: unknown, accepted: readonly Network[]): readonly string[] {
  if (typeof price !== "string") return [];
  // Without a network that is known, a price is held against all that are.
  const flaws = (accepted.length > 0 ? accepted : networks).flatMap(({ token }) => {
    const amount = parseDollars(price, token.decimals);
    if (amount.ok || amount.error === "not_dollars") return [];
    return [`${remedies[amount.error](token)} (it says ${JSON.stringify(price)})`];
  });
  return [...new Set(flaws)];
}

const remedies: { readonly [flaw in Exclude<AmountFlaw, "not_dollars">]: (token: Token) => string } = {
  zero: () => 'a price is above zero; write "free" where nothing is to be paid',
  too_precise: ({ name, decimals }) => `${name} has ${decimals} decimals; write at most that many`,
  too_large: () => "this is more than any token holds; write a smaller price",
};

/** @param keys of `checkRoutes`: a route whose key could not be read is a mistake that is told already */
export function compileRoutes(
  table: Pick<PricingTable, "routes" | "chargeOn">,
  keys: ReadonlyMap<string, RouteKey>,
  receivers: readonly Receiver[],
  report: Report,
): readonly Route[] {
  const usually = soldStatuses(table.chargeOn);
  return Object.entries(table.routes).flatMap(([key, value]) => {
    const place = keys.get(key);
    if (!place) return [];
    const chargeOn = value.chargeOn ? soldStatuses(value.chargeOn) : usually;
    const access = compileAccess(key, value, chargeOn, receivers, report);
    // What is free has to be named; what is priced or closed may not be walked around from below.
    return [{ key, ...place, access, below: access.kind !== "free" && !value.exact }];
  });
}

type RouteEntry = PricingTable["routes"][string];

function compileAccess(
  key: string,
  entry: RouteEntry,
  chargeOn: ReadonlySet<number>,
  receivers: readonly Receiver[],
  report: Report,
): Access {
  const { price, description, mimeType } = entry;
  if (price === "free" || price === "closed") return { kind: price };
  const terms = receivers.flatMap((receiver) => compileTerms(price, receiver));
  const about = { ...(description !== undefined && { description }), ...(mimeType !== undefined && { mimeType }) };
  const challenge = buildChallenge(
    about,
    terms.map(({ requirements }) => requirements),
  );
  if (challenge.fixedBytes > CHALLENGE_FIXED_BYTES_MAX) {
    const sizes = `its challenge has ${challenge.fixedBytes} bytes and a header has room for ${CHALLENGE_FIXED_BYTES_MAX}`;
    report(["routes", key], `${sizes}; shorten description or mimeType, or accept fewer networks`);
  }
  return { kind: "paid", offer: { terms, challenge, chargeOn } };
}

/** A part (206) could be the goods' dearer half: it is sold only where it is named. */
function soldStatuses(chargeOn: PricingTable["chargeOn"]): ReadonlySet<number> {
  const successes = Array.from({ length: 100 }, (_, i) => 200 + i).filter((status) => status !== 206);
  return new Set(chargeOn.flatMap((status) => (status === "2xx" ? successes : [status])));
}

/** Prices were checked with the networks; one that cannot be paid has no terms, and its mistake is told already. */
function compileTerms(price: string, receiver: Receiver): readonly Terms[] {
  const amount = parseDollars(price, receiver.token.decimals);
  const terms = amount.ok ? buildTerms({ ...receiver, amount: amount.value }) : null;
  return terms ? [terms] : [];
}
