// What a pricing table means, as text for people: a line for each route and way to pay, in the order in which routes are
// looked at. What is the same everywhere is said once above the lines, so that a hundred of them stay readable.

import { formatUnits } from "viem";
import {
  type ComputedAccess,
  type Config,
  type FreeAccess,
  nameOf,
  offersOf,
  type PaidAccess,
  type PricedRoute,
} from "../src/config/index.ts";
import { titleOf } from "../src/facilitator/index.ts";
import { compareRoutes } from "../src/route/index.ts";
import { redacted } from "../src/std/index.ts";
import { entriesOf, followsText, type Listed } from "./computed-price.ts";
import { meterText } from "./metered-price.ts";
import { secretsText } from "./secret-places.ts";
import { MICRO_DECIMALS, tableWarnings } from "./table-warnings.ts";

type Terms = PaidAccess["offer"]["terms"][number];
type Access = PricedRoute["access"];

type Cells = { readonly [column: string]: string };

/** Beside the route and its price; empty where a line has none. */
const DETAILS = [
  "settles",
  "open at most",
  "pays to",
  "upstream",
  "facilitator",
  "mode",
  "sells",
  "signed for",
  "body at most",
];
/** What a route takes that others refuse; never said once for all. */
const SPELLINGS = "takes";
/** What a price by use comes to, so long that it is last. */
const RATES = "for use";

/** @param others than those of the table alone */
export function formatTable(config: Config, others: readonly string[] = []): string {
  const { routes, unmatched, hosts, prefix } = config;
  const sorted = routes.toSorted(compareRoutes);
  const lines = [
    ...sorted.flatMap(({ key, access, below, rest, allows, caseSensitive }) => {
      const ranges = offersOf(access).some((offer) => offer.ranges);
      const takes = [...allows, ...(caseSensitive ? ["caseSensitive"] : []), ...(ranges ? ["ranges"] : [])].join(", ");
      const [first, ...others] = linesOf(below && !rest ? `${key} and below` : key, access);
      return [{ ...first, [SPELLINGS]: takes }, ...others];
    }),
    ...linesOf("everything else", unmatched),
  ];
  const valuesOf = (column: string) => new Set(lines.map((line) => line[column] ?? "").filter((value) => value !== ""));
  const common = DETAILS.filter((column) => valuesOf(column).size === 1);
  const columns = [
    "route",
    "price",
    "to pay",
    ...DETAILS.filter((column) => valuesOf(column).size > 1),
    ...[SPELLINGS, RATES].filter((column) => valuesOf(column).size > 0),
  ];
  const served = hosts?.map(({ host, proto }) => (proto === null ? host : `${proto}://${host}`)).join(", ");
  const secrets = redacted(secretsText(config));
  return [
    `${routes.length} ${routes.length === 1 ? "route" : "routes"}, the first that covers a request means it.`,
    ...common.map((column) => `  ${column.padEnd(12)}  ${[...valuesOf(column)].join("")}`),
    `  ${"hosts".padEnd(12)}  ${served ?? "every one"}`,
    `  ${"own paths".padEnd(12)}  /${prefix}/`,
    ...(secrets === "" ? [] : [`  ${"secrets".padEnd(12)}  ${secrets}`]),
    ...[...tableWarnings(config), ...others].map((text) => `  ${"warning".padEnd(12)}  ${text}`),
    "",
    ...align(
      [
        Object.fromEntries(columns.map((column) => [column, column])),
        ...lines.filter((line) => columns.some((column) => line[column])),
      ].map((line) => columns.map((column) => line[column] ?? "")),
    ),
  ].join("\n");
}

/** One for each way to pay; what is the route's own stands on the first. */
function linesOf(route: string, access: Access): readonly Cells[] {
  if (access.kind === "closed") return [{ route, price: "closed" }];
  if (access.kind === "free") return [{ route, price: "free", ...passage(access) }];
  const [offer] = offersOf(access);
  const about = { ...passage(access), ...(offer && aboutOf(offer)) };
  if (access.kind === "paid") {
    return paymentLines({ route, ...about }, access.offer);
  }
  const entries = entriesOf(access).flatMap(([said, entry]) => entryLines(`  ${said}`, entry));
  return [{ route, price: followsText(access), ...about }, ...entries];
}

function aboutOf(offer: PaidAccess["offer"]): Cells {
  return {
    facilitator: offer.facilitators.map(titleOf).join(", "),
    mode: offer.mode,
    sells: soldText(offer),
    settles: offer.settle,
    "open at most": `$${formatUnits(offer.limits.unsettledMicros, MICRO_DECIMALS)} a payer`,
  };
}

/** What all entries of a route have in common stands on the route's own line. */
function entryLines(route: string, access: Listed): readonly Cells[] {
  if (access.kind !== "paid") return [{ route, price: access.kind }];
  return paymentLines({ route }, access.offer);
}

function paymentLines(about: Cells, offer: PaidAccess["offer"]): readonly Cells[] {
  const rates: Cells = offer.meter ? { [RATES]: meterText(offer.meter) } : {};
  return usualTerms(offer).map((terms, i) => ({ ...(i === 0 && { ...about, ...rates }), ...payment(terms) }));
}

/** Without those that only payers in debt are offered. */
const usualTerms = ({ terms, settle }: PaidAccess["offer"]): readonly Terms[] =>
  terms.filter(({ flow }) => (flow === "upfront") === (settle === "before"));

function passage({ upstream, bodyBytesMax }: FreeAccess | PaidAccess | ComputedAccess): Cells {
  const { url, service, host } = upstream;
  const through = service === null ? "" : ` through ${service}`;
  const asked = host === "upstream" ? "" : ` as ${host}`;
  return {
    upstream: `${url.href.replace(/\/$/, "")}${through}${asked}`,
    "body at most": bodyBytesMax === null ? "" : `${bodyBytesMax} bytes`,
  };
}

function payment({ scheme, token, requirements }: Terms): Cells {
  const { network, amount, payTo, maxTimeoutSeconds } = requirements;
  const by = scheme.assetTransferMethod === "permit2" ? " by Permit2" : "";
  return {
    price: priceText({ token, requirements }),
    "to pay": `${amount} ${token.name} on ${nameOf(network)}${by}`,
    "pays to": payTo,
    "signed for": `${maxTimeoutSeconds} s`,
  };
}

/** Dollars where the token is one, else so much of it; the most, where the price follows use. */
export function priceText({ token, requirements }: Pick<Terms, "token" | "requirements">): string {
  const whole = formatUnits(BigInt(requirements.amount), token.decimals);
  const most = requirements.scheme === "upto" ? "up to " : "";
  return most + (token.dollar ? `$${whole}` : `${whole} ${token.name}`);
}

function soldText({ chargeOn, webSocket }: PaidAccess["offer"]): string {
  const named = [...chargeOn].filter((status) => status < 200 || status > 299 || status === 206);
  const isClass = chargeOn.has(299) && chargeOn.has(200);
  const sold = isClass ? ["2xx", ...named] : [...chargeOn];
  return [...sold, ...(webSocket ? ["WebSockets"] : [])].join(", ");
}

/** Rows of equally many cells, as columns. */
export function align(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
