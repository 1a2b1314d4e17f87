// What in a table is no mistake, and still worth a look before real money comes.

import { formatUnits } from "viem";
import { type Config, nameOf, offersOf, type PricedRoute } from "../src/config/index.ts";
import type { Meter } from "../src/metering/index.ts";
import { isCheaperUnnamed } from "./computed-price.ts";

/** Limits are kept in millionths of a token. */
export const MICRO_DECIMALS = 6;

/** Names of the built-in networks where no money is moved. */
const TESTNET = /sepolia|amoy|fuji|testnet|apothem|devnet/;
const isTestnet = (network: string): boolean => TESTNET.test(nameOf(network));

export function tableWarnings({ routes, rpc, facilitators }: Config): readonly string[] {
  const networks = [...new Set(routes.flatMap(networksOf))];
  const blind = networks.filter((network) => !rpc.has(network) && !isTestnet(network)).map(nameOf);
  const unsettled = `no rpc for ${blind.join(", ")}: what became of a settlement that nobody confirmed may never be found out`;
  const own = facilitators.flatMap((one) => (one.kind === "direct" ? one.network : []));
  const idle = [...rpc.keys()].filter((network) => ![...networks, ...own].includes(network)).map(nameOf);
  return [
    ...(blind.length > 0 ? [unsettled] : []),
    ...idle.map((name) => `rpc.${name} is used by nothing: no route accepts ${name}`),
    ...mixedNetworks(routes),
    ...routes.flatMap(routeWarnings),
  ];
}

const networksOf = ({ access }: PricedRoute): readonly string[] => [
  ...new Set(offersOf(access).flatMap(({ terms }) => terms.map(({ requirements }) => requirements.network))),
];

/** One for all routes that mix the same networks. */
function mixedNetworks(routes: readonly PricedRoute[]): readonly string[] {
  const mixes = Map.groupBy(routes, (route) => networksOf(route).toSorted().join());
  return [...mixes].flatMap(([mix, [first, ...others]]) => {
    const networks = mix.split(",").filter((network) => network !== "");
    const [testnets, real] = [networks.filter(isTestnet), networks.filter((network) => !isTestnet(network))];
    if (testnets.length === 0 || real.length === 0 || !first) return [];
    const free = `who pays on ${testnets.map(nameOf).join(", ")} gets for worthless dollars what costs real ones on ${real.map(nameOf).join(", ")}`;
    return [`${named(first, others)}: ${free}; accept one kind of networks`];
  });
}

const named = ({ key }: PricedRoute, others: readonly PricedRoute[]): string =>
  others.length === 0 ? `"${key}"` : `"${key}" and ${others.length} more`;

const HIDDEN = 'who keeps the use from being read pays less than the most; write "onMissingUsage": "maximum"';

function routeWarnings({ key, access }: PricedRoute): readonly string[] {
  const told = (remedy: string): string => `"${key}": ${remedy}`;
  const hidden = offersOf(access).some(({ meter }) => meter !== null && isLenient(meter)) ? [told(HIDDEN)] : [];
  if (access.kind !== "computed") return hidden;
  const cheap = isCheaperUnnamed(access)
    ? [`"${key}" sells what no entry names for less than something that one does`]
    : [];
  const { tariff } = access;
  const isMcp = tariff.kind === "table" && tariff.table.selector.kind === "mcp";
  const unnamed = isMcp ? [...tariff.table.entries.keys()].flatMap((name) => mcpRemedy(name) ?? []) : [];
  return [...hidden, ...cheap, ...unnamed.map(told)];
}

/** Whether a buyer's ways to keep a use out of the answer, or to leave before it, are worth something. */
function isLenient({ rates, onMissingUsage: { left, otherwise }, includeUsage }: Meter): boolean {
  const canBeUnsaid = otherwise !== "maximum" && !includeUsage;
  return (left !== "maximum" || canBeUnsaid) && rates.some(({ source }) => source.kind === "answer");
}

/** What MCP has without a slash: two methods, and two of HTTP. */
const SHORT = ["initialize", "ping", "GET", "DELETE"];
/** Methods that name something, which stands behind a space. */
const NAMING = /^(tools\/call|prompts\/get|resources\/read)\//;

function mcpRemedy(name: string): string | null {
  if (NAMING.test(name)) return `"${name}" is no method of MCP; write "${name.replace(NAMING, "$1 ")}"`;
  if (name.includes("/") || SHORT.includes(name)) return null;
  return `"${name}" is no method of MCP; write "tools/call ${name}" for the tool`;
}

/** A correct table as it is written, which the compiled one keeps no name of. */
interface Written {
  readonly upstream: unknown;
  readonly upstreams?: object;
  readonly maxUnsettled?: unknown;
  readonly routes: { readonly [key: string]: unknown };
}

/** Of what is delivered before it is paid: how much of it may never be is for its seller to say. */
export function unchosenLimits({ routes }: Config, written: Written): readonly string[] {
  if (written.maxUnsettled !== undefined) return [];
  const isChosen = ({ key }: PricedRoute): boolean =>
    (written.routes[key] as { readonly maxUnsettled?: unknown }).maxUnsettled !== undefined;
  const owing = routes.filter((route) => !isChosen(route) && limitOf(route) > 0n);
  return [...Map.groupBy(owing, limitOf)].flatMap(([micros, [first, ...others]]) =>
    first === undefined
      ? []
      : `${named(first, others)}: one payer may owe $${formatUnits(micros, MICRO_DECIMALS)} for what is delivered before it is paid, as nothing says less; write "maxUnsettled", there or for the whole table`,
  );
}

/** What one payer may owe, in millionths of a token; none of what is paid before it is delivered. */
const limitOf = ({ access }: PricedRoute): bigint =>
  offersOf(access)
    .filter(({ settle }) => settle === "async")
    .map(({ limits }) => limits.unsettledMicros)
    .reduce((most, one) => (one > most ? one : most), 0n);

export function idleUpstreams({ upstream, upstreams = {}, routes }: Written): readonly string[] {
  const ofRoutes = Object.values(routes).map((value) => (value as { readonly upstream?: unknown }).upstream);
  const named = new Set([upstream, ...ofRoutes]);
  return Object.keys(upstreams)
    .filter((name) => !named.has(name))
    .map((name) => `upstreams.${name} is used by nothing: neither upstream nor a route names it`);
}
