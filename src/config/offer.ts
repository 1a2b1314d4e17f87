// A priced route's offer: what is asked, in which ways it can be paid, and the challenge that says so.

import { payeeAdvice } from "#advice";
import { canSettle, type FacilitatorSettings } from "../facilitator/index.ts";
import { buildTerms, type PaymentFlow, type Scheme, type SettleMode, type Terms } from "../schemes/index.ts";
import type { JsonObject } from "../std/index.ts";
import type { UpstreamSettings } from "../upstream/index.ts";
import {
  buildChallenge,
  CHALLENGE_FIXED_BYTES_MAX,
  type Challenge,
  isGasSponsoring,
  PAYMENT_IDENTIFIER,
  PRICE_QUOTE,
  PRICE_QUOTE_BYTES_MAX,
  paymentIdentifier,
} from "../x402/index.ts";
import { readFacilitators } from "./facilitators.ts";
import { checkTotal, parseThreshold, unsettledLimit } from "./limits.ts";
import { isTold, type Members } from "./members.ts";
import { isMetered, readMeter } from "./meter.ts";
import type { Path, Report } from "./mistake.ts";
import type { Parts } from "./parts.ts";
import { type PricedOption, priceOptions } from "./price.ts";
import type { Charge, routeEntries, Table } from "./schema.ts";
import { entriesOf, LONGEST, type Settlers } from "./settlers.ts";
import { checkSolana } from "./solana.ts";
import { attemptMs, LEASE_MARGIN_MS, type Limits, type Offer } from "./table.ts";
import { isAddressOn, methodOf, nameOf, type Option, readOptions, type TokenBook } from "./tokens.ts";
import { type Challenges, fits, largestOf, withVariants } from "./variants.ts";

/** A route as it is written. */
export type Entry = Members<typeof routeEntries>;

/** What holds for a route that does not say otherwise. Null is what the table says wrongly, which is told. */
export interface Scope {
  readonly report: Report;
  /** Of the scheme table, those that not every bundle has. */
  readonly rows: readonly Scheme[];
  readonly book: TokenBook;
  readonly options: readonly Option[];
  /** Null where the table rightly names nobody; empty where it should, which is told. */
  readonly payTo: string | null;
  readonly upstream: UpstreamSettings | null;
  /** Empty where the table says it wrongly. */
  readonly usualFacilitators: readonly FacilitatorSettings[];
  /** Null where settlements are believed. */
  readonly verifyAboveMicros: bigint | null;
  /** URLs by network (CAIP-2). */
  readonly rpc: ReadonlyMap<string, readonly string[]>;
  readonly chargeOn: ReadonlySet<number>;
  readonly maxTimeoutSeconds: number;
  /** Null where the table sets no limit. */
  readonly bodyBytesMax: number | null;
  readonly extensions: JsonObject;
  readonly identifier: Offer["identifier"];
  readonly contractWallets: boolean;
  readonly mode: Offer["mode"];
  readonly settle: SettleMode;
  /** Null where the table does not say. */
  readonly maxUnsettled: string | null;
  /** Whether payers may be in debt. */
  readonly mayOwe: boolean;
  readonly limits: Omit<Limits, "unsettledMicros">;
  /** What all payers together may owe. */
  readonly unsettledTotalMicros: bigint;
  readonly named: Table["upstreams"];
  readonly upstreams: Parts<UpstreamSettings>;
  readonly facilitators: Parts<FacilitatorSettings>;
  /** By what `chargeOn` says. */
  readonly sold: Map<string, ReadonlySet<number>>;
}

/** Null where nobody could pay, which is told. */
export function compileOffer(
  price: Charge | undefined,
  entry: Entry,
  upstream: UpstreamSettings | null,
  pricePath: Path,
  path: Path,
  scope: Scope,
): Offer | null {
  const { mode = scope.mode, contractWallets = scope.contractWallets } = entry;
  const { paymentIdentifier: identifier = scope.identifier } = entry;
  const extensions = advertised(entry.extensions ?? scope.extensions, identifier);
  const facilitators = facilitatorsOf(entry, path, scope);
  if (entry.extensions) checkExtensions(entry.extensions, path, scope.report);
  const options = optionsOf(entry, path, scope);
  if (price === undefined) return null;
  const untold = isTold(entry, "maxTimeoutSeconds") ? Number.POSITIVE_INFINITY : scope.maxTimeoutSeconds;
  const maxTimeoutSeconds = entry.maxTimeoutSeconds ?? untold;
  const isOwnTime = [entry.maxTimeoutSeconds, entry.upstream, entry.facilitators, entry.verifyAbove].some(
    (own) => own !== undefined,
  );
  const verifyAboveMicros = thresholdOf(entry, path, scope);
  const asked = { facilitators, verifyAboveMicros };
  const priced = priceOptions(price, options, scope.book, pricePath, scope.report);
  if (verifyAboveMicros !== null) checkChains(priced, facilitators, entry, path, scope);
  checkFacilitators(priced, facilitators, entry, path, scope);
  const webSocket = entry.websocket ?? false;
  const meter = isMetered(price) ? readMeter(price, entry, { price: pricePath, route: path }, scope.report) : null;
  const settle = webSocket ? "before" : meter ? "async" : (entry.settle ?? scope.settle);
  if (webSocket && entry.settle !== undefined && entry.settle !== settle) {
    scope.report([...path, "settle"], 'write "before" or remove this: a WebSocket is paid when it is opened');
  }
  const words = { settle: meter ? "after" : settle, own: entry.maxUnsettled ?? null, usual: scope.maxUnsettled };
  const limits = { ...scope.limits, unsettledMicros: unsettledLimit(words, priced, path, scope.report) };
  const marginMs = settle === "async" ? LEASE_MARGIN_MS : 0;
  if (isOwnTime || marginMs > 0) checkTime(maxTimeoutSeconds, upstream, asked, path, scope.report, marginMs);
  if (settle === "async") checkTotal(priced, scope.unsettledTotalMicros, path, scope.report);
  const payable = checkSolana(priced, { settle, upstream, facilitators }, entry, path, scope);
  const inFlow = (flow: PaymentFlow): readonly Terms[] =>
    payable.flatMap((option) => buildTerms({ ...option, maxTimeoutSeconds }, contractWallets, flow, scope.rows) ?? []);
  const usual = inFlow(settle === "before" ? "upfront" : "authorization");
  const upfront = scope.mayOwe && settle !== "before" && !meter ? inFlow("upfront") : [];
  const challengesWith = (all: JsonObject, settlers: Settlers): Challenges => ({
    challenge: challengeOf(usual, entry, all, settlers),
    upfront: upfront.length > 0 ? challengeOf(upfront, entry, all, settlers) : null,
  });
  const challenges = challengesWith(extensions, LONGEST);
  if (!fits(challenges, roomFor(entry))) {
    reportSize(
      upfront.length > 0 ? upfront : usual,
      largestOf(challenges).fixedBytes + roomFor(entry),
      entry,
      path,
      scope,
    );
  }
  const { ranges = false } = entry;
  const text = textOf(price);
  const about = { price: text, about: aboutOf(entry), maxTimeoutSeconds };
  const whole = entry.chargeOn ? soldOf(entry.chargeOn, scope) : scope.chargeOn;
  const chargeOn = ranges && whole.has(200) ? new Set([...whole, 206]) : whole;
  const terms = [...usual, ...upfront];
  const money = { meter, terms, ...challenges, settle, webSocket, limits, chargeOn, ranges };
  if (facilitators.length === 0) return null;
  return withVariants({ ...about, ...money, ...asked, identifier, extensions, mode }, challengesWith, roomFor(entry));
}

/** The operator's own, and what the gate itself keeps the promise of. */
const advertised = (extensions: JsonObject, identifier: Offer["identifier"]): JsonObject =>
  identifier === "off"
    ? extensions
    : { ...extensions, [PAYMENT_IDENTIFIER]: paymentIdentifier(identifier === "required") };

function challengeOf(terms: readonly Terms[], entry: Entry, extensions: JsonObject, settlers: Settlers): Challenge {
  return buildChallenge(aboutOf(entry), entriesOf(terms, settlers), extensions);
}

const aboutOf = ({ description, mimeType }: Entry): Offer["about"] => ({
  ...(description !== undefined && { description }),
  ...(mimeType !== undefined && { mimeType }),
});

/** What is quoted of it: of a price by use the most. */
function textOf(price: Charge): string {
  if (typeof price === "string") return price;
  return isMetered(price) ? price.upto : `${price.amount} ${price.asset}`;
}

/** What the challenge of a price that follows the request quotes is added for each request. */
const roomFor = ({ price }: Entry): number =>
  typeof price === "object" && ("by" in price || "quote" in price) ? PRICE_QUOTE_BYTES_MAX : 0;

/** What the table alone makes too large is told once, where it stands. */
function reportSize(
  terms: readonly Terms[],
  bytes: number,
  { accepts, extensions }: Entry,
  path: Path,
  scope: Scope,
): void {
  const room = `a header has room for ${CHALLENGE_FIXED_BYTES_MAX}`;
  const isOwn = accepts !== undefined || extensions !== undefined;
  if (
    !isOwn &&
    challengeOf(terms, {}, advertised(scope.extensions, scope.identifier), LONGEST).fixedBytes >
      CHALLENGE_FIXED_BYTES_MAX
  ) {
    const key = Object.keys(scope.extensions).length > 0 ? "extensions" : "accepts";
    scope.report(
      [key],
      `a challenge with these is too large: ${room} bytes; shorten extensions, or accept fewer networks`,
    );
    return;
  }
  const remedy = "shorten description, mimeType or extensions, or accept fewer networks";
  scope.report(path, `its challenge has ${bytes} bytes and ${room}; ${remedy}`);
}

/** The nearer word decides who is paid: an entry of the route's own list, the route, the table's list, the table. */
function optionsOf(entry: Entry, path: Path, scope: Scope): readonly (Option & { readonly payTo: string })[] {
  if (isTold(entry, "accepts")) return [];
  const own = entry.accepts && readOptions(entry.accepts, [...path, "accepts"], scope.book, scope.report);
  const nearer = isTold(entry, "payTo") ? "" : entry.payTo;
  const options = (own ?? scope.options).map((option) => {
    const listed = scope.options.find((one) => isSameWay(one, option));
    const words = [own && option.payTo, nearer, listed?.payTo, scope.payTo].filter((word) => typeof word === "string");
    // One of another family of networks says nothing of this; an empty one is wrong, and told.
    const payTo = words.find((word) => word === "" || isAddressOn(option.network, word)) ?? null;
    return { ...option, payTo, elsewhere: words[0] };
  });
  for (const { network, elsewhere } of options.filter(({ payTo }) => payTo === null)) {
    if (elsewhere === undefined) {
      scope.report([...path, "payTo"], "nobody would be paid; write a wallet's address here or for the whole table");
    } else reportPayee(network, elsewhere, own ? path : [], scope);
  }
  for (const mistake of payeeAdvice(options, entry, scope.payTo, path) ?? []) scope.report(...mistake);
  return options.map(({ payTo, elsewhere: _, ...option }) => ({ ...option, payTo: payTo ?? "" }));
}

function reportPayee(network: string, elsewhere: string, path: Path, { report }: Scope): void {
  const name = nameOf(network);
  const remedy = `write { "network": "${name}", "payTo": "…" } with your wallet's address there`;
  report([...path, "accepts"], `nobody would be paid on ${name}, where ${elsewhere} is no address; ${remedy}`);
}

const isSameWay = (a: Option, b: Option): boolean =>
  a.network === b.network && a.token === b.token && methodOf(a, a.token) === methodOf(b, b.token);

function facilitatorsOf(entry: Entry, path: Path, scope: Scope): readonly FacilitatorSettings[] {
  if (isTold(entry, "facilitators")) return [];
  return entry.facilitators ? readFacilitators(entry.facilitators, scope, path, scope.report) : scope.usualFacilitators;
}

const thresholdOf = ({ verifyAbove }: Entry, path: Path, scope: Scope): bigint | null =>
  verifyAbove === undefined
    ? scope.verifyAboveMicros
    : parseThreshold(verifyAbove, [...path, "verifyAbove"], scope.report);

/** Each way to pay needs somebody who settles it; what a service can do is its own to say. */
function checkFacilitators(
  priced: readonly PricedOption[],
  facilitators: readonly FacilitatorSettings[],
  entry: Entry,
  path: Path,
  scope: Scope,
): void {
  if (facilitators.length === 0) return;
  for (const option of priced.filter((one) => !facilitators.some((facilitator) => canSettle(facilitator, one)))) {
    const { network, token, assetTransferMethod } = option;
    const at = entry.facilitators === undefined ? [] : path;
    const way = `${token.name} on ${nameOf(network)} by ${assetTransferMethod}`;
    scope.report([...at, "facilitators"], `none of them settles ${way}; add one that does`);
  }
}

/** What is to be looked for on a chain needs somebody to ask: of the table's, or whom its own account there asks. */
function checkChains(
  priced: readonly PricedOption[],
  facilitators: readonly FacilitatorSettings[],
  { verifyAbove }: Entry,
  path: Path,
  scope: Scope,
): void {
  const own = facilitators.flatMap((one) => (one.kind === "direct" ? one.network : []));
  for (const { network } of priced.filter((option) => ![...scope.rpc.keys(), ...own].includes(option.network))) {
    const at = verifyAbove === undefined ? [] : path;
    scope.report(
      [...at, "verifyAbove"],
      `rpc names nobody to ask about ${nameOf(network)}; add it there, or remove this`,
    );
  }
}

/** What an authorization has to last beyond every budget: signing and the way to us take time too. */
const SPARE_MS = 10_000;

/** @param marginMs for who goes on settling what was served, where nothing is heard of its attempt any more */
export function checkTime(
  maxTimeoutSeconds: number,
  upstream: UpstreamSettings | null,
  asked: Parameters<typeof attemptMs>[1],
  path: Path,
  report: Report,
  marginMs = 0,
): void {
  if (!upstream || asked.facilitators.length === 0) return;
  const neededMs = attemptMs(upstream, asked) + marginMs + SPARE_MS;
  if (maxTimeoutSeconds * 1000 >= neededMs) return;
  const least = Math.ceil(neededMs / 1000);
  report(
    [...path, "maxTimeoutSeconds"],
    `write at least ${least}: a payment has to outlast the upstream and the facilitators`,
  );
}

/** Extensions that promise something of the gate, not only of the API behind it. */
const PROMISES = ["sign-in-with-x", "offer-receipt"];

export function checkExtensions(extensions: JsonObject, path: Path, report: Report): void {
  if (Object.hasOwn(extensions, PAYMENT_IDENTIFIER)) {
    report([...path, "extensions", PAYMENT_IDENTIFIER], 'write "paymentIdentifier": "optional" or "required" instead');
  }
  if (Object.hasOwn(extensions, PRICE_QUOTE)) {
    report([...path, "extensions", PRICE_QUOTE], "a price that follows the request says this itself; remove it");
  }
  for (const name of PROMISES.filter((promise) => Object.hasOwn(extensions, promise))) {
    report([...path, "extensions", name], "the gate would have to keep what this one promises, and does not yet");
  }
  for (const name of Object.keys(extensions).filter(isGasSponsoring)) {
    report([...path, "extensions", name], "remove this: the gate advertises it where a facilitator lists it");
  }
}

/** A part (206) could be the goods' dearer half: it is sold only where it is named, or where a route has `ranges`. */
const SUCCESSES = Array.from({ length: 100 }, (_, i) => 200 + i).filter((status) => status !== 206);

export const soldStatuses = (chargeOn: Table["chargeOn"]): ReadonlySet<number> =>
  new Set(chargeOn.flatMap((status) => (status === "2xx" ? SUCCESSES : [status])));

function soldOf(chargeOn: Table["chargeOn"], { sold }: Scope): ReadonlySet<number> {
  const words = String(chargeOn);
  const statuses = sold.get(words) ?? soldStatuses(chargeOn);
  sold.set(words, statuses);
  return statuses;
}
