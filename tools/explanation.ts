// Why a request gets what it gets. The verdict is the gate's own (see `gate-in-node.ts`); what is added here is only
// words about the keys that cover the place: what the first one has that the others have not.

import { type Config, offersOf, type PricedRoute } from "../src/config/index.ts";
import { refusalOf } from "../src/outcome/refusal.ts";
import { compareRoutes, covers, METHODS, parseTarget, type Target, upstreamUrl } from "../src/route/index.ts";
import { type Asked, choose, selectorText } from "../src/tariff/index.ts";
import { addressOf } from "../src/upstream/index.ts";
import { priceText } from "./compiled-table.ts";
import { entriesOf, type Listed, OF_TRANSPORT } from "./computed-price.ts";
import { NOTHING_SENT, type Sent, type Trial, tryRequest } from "./gate-in-node.ts";
import { meterText } from "./metered-price.ts";
import { flawWords, plainForm } from "./path-flaw.ts";

export interface Explanation {
  /** As the Worker gets it. */
  readonly method: string;
  readonly url: string;
  /** Of the answer to a request without a payment; 402 where it would be sold. */
  readonly status: number;
  /** `passed`, or the machine's word for the refusal. */
  readonly outcome: string;
  /** Sentences. */
  readonly why: readonly string[];
  /** The keys that cover the place, in the order in which they are looked at. */
  readonly candidates: readonly Candidate[];
  /** What the upstream is asked for once nothing stands in the way; null where the request is refused. */
  readonly upstream: string | null;
  /** The Allow header's value. */
  readonly allow: string | null;
  /** What the path is refused for. */
  readonly flaw: string | null;
  /** The PAYMENT-REQUIRED header's value. */
  readonly challenge: string | null;
  /** Extensions that a running gate adds to it: what they hang on cannot be known here. */
  readonly added: readonly string[];
}

export interface Candidate {
  readonly route: PricedRoute;
  readonly note: string;
}

/** @param url scheme, host and the raw request target */
export async function explain(
  config: Config,
  method: string,
  url: string,
  sent: Sent = NOTHING_SENT,
): Promise<Explanation> {
  const trial = await tryRequest(config, method, url, sent);
  const { response, line } = trial;
  const read = parseTarget(url, config.matcher.allows);
  const winner = config.routes.find(({ key }) => key === line.route) ?? null;
  const isOwn = line.target?.segments[0] === config.prefix;
  const { outcome } = line;
  const { problem } = outcome.kind === "refused" ? outcome : { problem: null };
  // Of a spelling that is refused no key is said to cover it: which one it means is what nobody can say.
  const isUnread = line.target === null || isOwn || problem?.reason === "invalid_path";
  const candidates = line.target === null || isUnread ? [] : candidatesOf(config, method, line.target, winner);
  const meant = line.target === null ? null : meantBy(winner, method, line.target, sent);
  const challenge = response.headers.get("payment-required");
  const about = { config, method, url, isOwn, winner, meant };
  const why = problem === null ? passedWhy(about) : refusedWhy(problem, about);
  return {
    method,
    url,
    status: response.status,
    outcome: problem?.reason ?? outcome.kind,
    why,
    candidates,
    upstream: read.ok ? upstreamOf(trial, winner, read.value) : null,
    allow: response.headers.get("allow"),
    flaw: problem !== null && "flaw" in problem ? problem.flaw : null,
    challenge,
    added: challenge === null ? [] : trial.unknown,
  };
}

/** Of what is for sale it is told before anybody has paid. */
function upstreamOf({ fetched, line }: Trial, winner: PricedRoute | null, target: Target): string | null {
  if (line.outcome.kind !== "refused") return fetched?.url ?? null;
  const isForSale = line.outcome.problem.reason === "payment_required";
  if (!isForSale || winner === null || winner.access.kind === "closed") return null;
  return upstreamUrl(addressOf(winner.access.upstream, target.hostname), target);
}

/** The entry of a computed price that the request means; null where it means none. */
function meantBy(
  winner: PricedRoute | null,
  method: string,
  { query, segments }: Target,
  { headers, body: text }: Sent,
): Listed | null {
  if (winner?.access.kind !== "computed" || winner.access.tariff.kind !== "table") return null;
  const body = text === null ? null : new TextEncoder().encode(text);
  const isAtKey = segments.length === winner.segments.length;
  const asked: Asked = { method, query, headers, body, isAtKey };
  const choice = choose(winner.access.tariff.table, asked);
  if (choice.kind === "transport") return OF_TRANSPORT;
  return choice.kind === "entry" ? choice.value : null;
}

function passedWhy({ winner, isOwn, meant }: About): readonly string[] {
  if (isOwn) return ["It is Faregate's own: the gate answers it itself."];
  if (winner === null) return ['No key covers it, and "unmatched" says free.'];
  if (winner.access.kind === "free") return [`It is free: "${winner.key}".`];
  if (winner.access.kind === "computed" && winner.access.mode === "enforce") {
    return [`It is free, as "${winner.key}" says of what is asked.`, ...pricesWhy(winner, meant)];
  }
  return [`"${winner.key}" only observes: the request passes, and the log says what would have been charged.`];
}

/** A key that names GET stands for HEAD too. */
const verbOf = (method: string): string => (method === "HEAD" ? "GET" : method);

interface About {
  readonly config: Config;
  readonly method: string;
  readonly url: string;
  readonly isOwn: boolean;
  readonly winner: PricedRoute | null;
  readonly meant: Listed | null;
}

type Refusal = Extract<Trial["line"]["outcome"], { kind: "refused" }>;

function refusedWhy(problem: Refusal["problem"], about: About): readonly string[] {
  const { config, method, winner, meant } = about;
  switch (problem.reason) {
    case "payment_required":
      return forSaleWhy(winner, meant);
    case "method_not_allowed":
      return [
        METHODS.includes(verbOf(method))
          ? `${method} is not one of the methods of this place: ${problem.allow.join(", ")}.`
          : `${method} passes nowhere, because no key can name it.`,
      ];
    case "misdirected":
      return [`"hosts" does not list this one; it lists ${config.hosts?.map(({ host }) => host).join(", ")}.`];
    case "invalid_path":
      return flawWhy(problem.flaw, about.url);
    case "uri_too_long":
      return [`The URL without its query is longer than ${problem.bytesMax} bytes, and the challenge has to name it.`];
    case "not_found":
      return [notFoundWhy(about)];
    case "price_ambiguous":
    case "price_unknown":
    case "not_sold":
    case "unsupported_body":
    case "length_required":
    case "quote_unavailable":
      return [`"${winner?.key}": ${refusalOf(problem).message}`, ...pricesWhy(winner, meant)];
    default:
      return [`The gate refuses it: ${problem.reason}.`];
  }
}

function forSaleWhy(winner: PricedRoute | null, meant: Listed | null): readonly string[] {
  const isInParts = winner !== null && offersOf(winner.access).some((offer) => offer.ranges);
  const parts = "Range and If-* pass to your API: a part costs the whole price, and a 304 nothing.";
  return [`It is for sale: "${winner?.key}".`, ...pricesWhy(winner, meant), ...(isInParts ? [parts] : [])];
}

/** Of a price that follows the request, all of it, and which entry is meant; of one that follows use, its rates. */
function pricesWhy(winner: PricedRoute | null, meant: Listed | null): readonly string[] {
  if (winner?.access.kind === "paid" && winner.access.offer.meter) return [`A call costs ${priceOf(winner.access)}.`];
  if (winner?.access.kind !== "computed") return [];
  const { access } = winner;
  const prices = entriesOf(access).map(
    ([said, entry]) => `  ${said}: ${priceOf(entry)}${entry === meant ? "  <- this request" : ""}`,
  );
  const { tariff } = access;
  if (tariff.kind === "table") return [`Its price depends on ${selectorText(tariff.table.selector)}:`, ...prices];
  return [`Its price is what ${tariff.path} of your API says, which is not asked here:`, ...prices];
}

function priceOf(entry: Listed): string {
  if (entry.kind !== "paid") return entry.kind;
  const { terms, meter } = entry.offer;
  return [...new Set(terms.map(priceText))].join(" or ") + (meter ? `: ${meterText(meter)}` : "");
}

function notFoundWhy({ config, isOwn, winner }: About): string {
  if (isOwn) return `It lies below /${config.prefix}/, which is Faregate's own; nothing of yours can be there.`;
  if (winner !== null) return `It is closed: "${winner.key}".`;
  return 'No key covers it, and "unmatched" says closed.';
}

function flawWhy(flaw: string, url: string): readonly string[] {
  const raw = /^[^/]*:\/\/[^/]*([^?#]*)/.exec(url)?.[1] ?? "";
  const plain = plainForm(raw);
  const why = `The path is refused: ${flawWords(flaw)} (${flaw}).`;
  return plain === null ? [why] : [why, `Its plain form, if that is what is meant: ${plain}`];
}

function candidatesOf(
  { routes }: Config,
  method: string,
  target: Target,
  winner: PricedRoute | null,
): readonly Candidate[] {
  const verb = verbOf(method);
  const sorted = routes.filter((route) => covers(route, target)).toSorted(orderAt(target));
  let barrier: PricedRoute | null = null;
  let isDecided = false;
  return sorted.map((route) => {
    if (route === winner) {
      isDecided = true;
      return { route, note: "wins" };
    }
    if (winner !== null && isDecided) return { route, note: lossTo(winner, route) };
    if (barrier !== null)
      return { route, note: `is not looked at: "${barrier.key}" comes first and lets nothing past` };
    const lacks = `has no ${verb}`;
    if (route.access.kind === "free") return { route, note: `${lacks}; a free place lets the request on` };
    barrier = route;
    return {
      route,
      note: `${lacks}, and lets nothing past: it is ${route.access.kind === "closed" ? "closed" : "priced"}`,
    };
  });
}

/** Of one pattern, `/a` comes first at `/a` itself, and `/a/*` below it: there it is the one that is written for the place. */
const orderAt =
  ({ segments }: Target) =>
  (a: PricedRoute, b: PricedRoute): number => {
    const isBelow = segments.length > a.segments.length;
    return isBelow && isSamePattern(a, b) && a.rest !== b.rest ? Number(b.rest) - Number(a.rest) : compareRoutes(a, b);
  };

const isSamePattern = (a: PricedRoute, b: PricedRoute): boolean =>
  a.host === b.host && JSON.stringify(a.segments) === JSON.stringify(b.segments);

/** What the winner has that the other has not. */
function lossTo(winner: PricedRoute, { host, segments, rest, methods }: PricedRoute): string {
  const by = `"${winner.key}"`;
  if (winner.host !== null && host === null) return `names no host, and ${by} does`;
  const differs = segments.findIndex((segment, i) => segment !== winner.segments[i]);
  const literal = winner.segments[differs];
  if (literal !== undefined && literal !== null) return `takes any segment where ${by} says "${literal}"`;
  if (segments.length < winner.segments.length) return `ends before ${by} does`;
  if (rest !== winner.rest)
    return rest ? `covers what lies below; ${by} is this path` : `is the path above; ${by} lies below`;
  return methods === null ? `names no method, and ${by} does` : `comes after ${by}`;
}
