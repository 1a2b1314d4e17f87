// What the APIs behind the gate answer to whoever asks them directly, without any header of the gate's: an API that then
// hands out what is sold has no lock. Only GET is asked, because any other method could change something there.

import { type ComputedAccess, type Config, type FixedAccess, offersOf, type PricedRoute } from "../src/config/index.ts";
import type { PriceTable } from "../src/tariff/index.ts";
import { addressOf, type UpstreamSettings } from "../src/upstream/index.ts";

export type Finding =
  /** It answered with something that looks like the goods. */
  | { readonly kind: "open"; readonly url: string; readonly status: number }
  | { readonly kind: "locked"; readonly url: string; readonly status: number }
  /** An answer that a locked API and an open one could give. */
  | { readonly kind: "unclear"; readonly url: string; readonly status: number }
  /** Nothing lets anybody connect, which is the best lock. */
  | { readonly kind: "closed"; readonly url: string; readonly why: string }
  /** Nothing was asked, by no doing of the API's. */
  | { readonly kind: "unknown"; readonly url: string; readonly why: string }
  | { readonly kind: "unasked"; readonly upstream: string; readonly why: string };

/** Of one upstream; the first that is open tells enough. */
const ROUTES_MAX = 5;
/** Longer than connecting may take, so that who lets nobody connect is told apart from who is slow. */
const TIMEOUT_MS = 20_000;

export function askDirectly(config: Config): Promise<readonly Finding[]> {
  return Promise.all(config.upstreams.map((upstream) => askUpstream(config, upstream)));
}

async function askUpstream(config: Config, upstream: UpstreamSettings): Promise<Finding> {
  const name = upstream.url.href;
  if (upstream.service !== null) {
    return { kind: "unasked", upstream: name, why: `it is behind the service binding ${upstream.service}` };
  }
  const questions = questionsOf(config, upstream);
  const findings: Finding[] = [];
  for (const question of questions) findings.push(await ask(question));
  const weights = ["open", "unclear", "locked", "unknown", "closed"];
  const [worst] = findings.toSorted((a, b) => weights.indexOf(a.kind) - weights.indexOf(b.kind));
  return worst ?? { kind: "unasked", upstream: name, why: "no route of it sells a GET" };
}

/** A request for something that is sold. */
interface Question {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
}

/** What a GET says besides its place, so that it means something with a price. */
type Saying = Pick<Question, "headers"> & { readonly query: string };

const NOTHING: Saying = { query: "", headers: {} };

/** Null where nothing that a GET can say is sold. */
function sayingOf({ access, methods }: PricedRoute): Saying | null {
  if (methods !== null && !methods.includes("GET")) return null;
  if (access.kind === "computed") return computedSaying(access);
  return access.kind === "paid" ? NOTHING : null;
}

function computedSaying(access: ComputedAccess): Saying | null {
  if (offersOf(access).length === 0) return null;
  return access.tariff.kind === "quoted" ? NOTHING : tableSaying(access.tariff.table);
}

const isSold = (access: FixedAccess | null | undefined): boolean => access?.kind === "paid";

function tableSaying({ selector, entries, steps, missing, otherwise }: PriceTable<FixedAccess>): Saying | null {
  const [said] = [...entries].find(([, access]) => isSold(access)) ?? [];
  switch (selector.kind) {
    case "query":
      if (said !== undefined) return { ...NOTHING, query: `?${new URLSearchParams({ [selector.name]: said })}` };
      break;
    case "header":
      if (said !== undefined) return { ...NOTHING, headers: { [selector.name]: said } };
      break;
    case "bodyBytes":
      return isSold(steps[0]?.[1] ?? otherwise) ? NOTHING : null;
    // Listening to the server costs nothing, and is no more than what is sold to let in whoever asks.
    case "mcp":
      return NOTHING;
  }
  return isSold(missing ?? otherwise) ? NOTHING : null;
}

/** Those without a `:name` first: nobody knows which values of it the API has. */
function questionsOf({ routes, hosts }: Config, upstream: UpstreamSettings): readonly Question[] {
  const sold = routes.flatMap((route) => {
    const saying = sayingOf(route);
    const isItsOwn = route.access.kind !== "closed" && route.access.upstream === upstream;
    return saying !== null && isItsOwn ? [{ ...route, saying }] : [];
  });
  const openPlaces = ({ names, rest }: PricedRoute): number =>
    names.filter((name) => name === null).length + Number(rest);
  return sold
    .toSorted((a, b) => openPlaces(a) - openPlaces(b))
    .slice(0, ROUTES_MAX)
    .map(({ names, host, saying: { query, headers } }) => {
      const asked = host ?? hosts?.[0]?.host.replace(/:\d+$/, "") ?? upstream.url.hostname;
      const { origin, prefix } = addressOf(upstream, asked);
      return { url: `${origin}${prefix}/${names.map((name) => name ?? "1").join("/")}${query}`, headers };
    });
}

/** What says that the host is there, and lets nobody in. */
const NO_WAY_IN: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

async function ask({ url, headers }: Question): Promise<Finding> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const { status, body } = await fetch(url, { headers, redirect: "manual", signal });
    await body?.cancel();
    if (status >= 200 && status <= 299) return { kind: "open", url, status };
    return { kind: [401, 402, 403].includes(status) ? "locked" : "unclear", url, status };
  } catch (error) {
    const { code, name } =
      (error as { cause?: { code?: string; name?: string } }).cause ?? (error as NodeJS.ErrnoException);
    const why = String(code ?? name);
    return { kind: NO_WAY_IN.has(why) ? "closed" : "unknown", url, why };
  }
}

export function formatFinding(finding: Finding): string {
  switch (finding.kind) {
    case "open":
      return `OPEN    ${finding.url} answered ${finding.status} without the gate: whoever knows this address pays nothing. See docs/origin-lock.md.`;
    case "locked":
      return `locked  ${finding.url} answered ${finding.status}.`;
    case "unclear":
      return `unclear ${finding.url} answered ${finding.status}, which an API without a lock may answer too.`;
    case "closed":
      return `closed  ${finding.url} cannot be reached from here (${finding.why}).`;
    case "unknown":
      return `unknown ${finding.url} cannot be reached from here (${finding.why}): this says nothing about a lock.`;
    case "unasked":
      return `unasked ${finding.upstream}: ${finding.why}.`;
  }
}
