// The pricing tables of simulated worlds: every way to settle, with and without an RPC, with narrow and wide caps, and with
// every word about a use that is missing.

import { type Config, parseConfig, sentence } from "../../src/config/index.ts";

export const ORIGIN = "https://gate.example.com";
export const NETWORK = "eip155:84532";
export const PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

export interface Coin {
  readonly asset: string;
  readonly name: string;
  readonly version: string;
  readonly decimals: number;
}

/** The network's own first; the second has other decimals. */
export const COINS: readonly [Coin, Coin] = [
  { asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e", name: "USDC", version: "2", decimals: 6 },
  { asset: "0x808456652fdb597867f38412077A9182bf77359F", name: "Other Dollar", version: "1", decimals: 8 },
];

export const FACILITATORS = ["https://one.facilitator.example", "https://two.facilitator.example"] as const;

/** With which account each of them settles a maximum. */
export const SETTLERS: { readonly [facilitator: string]: string } = {
  [FACILITATORS[0]]: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  [FACILITATORS[1]]: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
};

/** Millionths of a dollar; of what is metered the most. */
export const ROUTES = {
  "/after": { micros: 10_000 },
  "/before": { micros: 20_000 },
  "/async": { micros: 30_000 },
  "/wallet": { micros: 10_000 },
  "/metered": { micros: 30_000 },
} as const;

/** Millionths of a dollar for a unit of what is metered. */
const UNIT_MICROS = 1_000;

export type RoutePath = keyof typeof ROUTES;

export const UPSTREAM_TIMEOUT_MS = 2_000;
export const CREDIT_MS = 86_400_000;

export interface Rules {
  readonly config: Config;
  readonly hasRpc: boolean;
  /** Millionths of a token that a payer may have unsettled, and that all together may owe. */
  readonly unsettledMicros: number;
  readonly totalMicros: number;
  /** What a metered call costs at least, and where nobody knows what it used. */
  readonly leastMicros: number;
  readonly missingMicros: number;
}

const MISSING = ["minimum", "maximum", "nothing"] as const;

function rulesOf(hasRpc: boolean, isNarrow: boolean, onMissingUsage: (typeof MISSING)[number]): Rules {
  const [, other] = COINS;
  const seconds = { verifyTimeoutSeconds: 2, settleTimeoutSeconds: 6 };
  const [first, second] = FACILITATORS.map((url) => ({ url, ...seconds }));
  const dollars = (route: RoutePath): string => `$${ROUTES[route].micros / 1_000_000}`;
  const [unsettledMicros, totalMicros] = isNarrow ? [60_000, 40_000] : [1_000_000, 1_000_000];
  // What costs nothing at least is what may cost nothing.
  const leastMicros = onMissingUsage === "nothing" ? 0 : 2_000;
  const missingMicros = { minimum: leastMicros, maximum: ROUTES["/metered"].micros, nothing: 0 }[onMissingUsage];
  const metered = {
    upto: dollars("/metered"),
    meter: [{ usd: `${UNIT_MICROS / 1_000_000}`, per: "1", of: "usage.units" }],
    min: `$${leastMicros / 1_000_000}`,
    receiptComment: isNarrow,
    onMissingUsage,
  };
  const parsed = parseConfig({
    upstream: { url: "https://upstream.example/base", timeoutSeconds: UPSTREAM_TIMEOUT_MS / 1000 },
    payTo: PAY_TO,
    hosts: [ORIGIN],
    accepts: ["base-sepolia", { network: "base-sepolia", asset: other.asset }],
    tokens: [{ network: "base-sepolia", ...other, dollar: true }],
    facilitators: [first, second],
    bufferBytesMax: 1_000,
    maxInFlight: isNarrow ? 3 : 100,
    maxUncharged: isNarrow ? 3 : 100,
    creditDays: CREDIT_MS / 86_400_000,
    debtDays: 1,
    maxUnsettled: `$${unsettledMicros / 1_000_000}`,
    maxUnsettledTotal: `$${totalMicros / 1_000_000}`,
    rpc: hasRpc ? { "base-sepolia": "https://rpc.example" } : {},
    ...(hasRpc && !isNarrow && { verifyAbove: "$0.015" }),
    routes: {
      "/after": dollars("/after"),
      "/before": { price: dollars("/before"), settle: "before", facilitators: [second, first] },
      "/async": { price: dollars("/async"), settle: "async", facilitators: [first] },
      "/wallet": { price: dollars("/wallet"), contractWallets: true, facilitators: [second, first] },
      "/metered": { price: metered },
    },
  });
  if (!parsed.ok) throw new Error(parsed.error.map(sentence).join("\n"));
  return { config: parsed.value, hasRpc, unsettledMicros, totalMicros, leastMicros, missingMicros };
}

export const TABLES: readonly Rules[] = MISSING.flatMap((onMissingUsage) => [
  rulesOf(true, false, onMissingUsage),
  rulesOf(true, true, onMissingUsage),
  rulesOf(false, false, onMissingUsage),
  rulesOf(false, true, onMissingUsage),
]);

const inUnitsOf = ({ decimals }: Coin, micros: number): bigint => BigInt(micros) * 10n ** BigInt(decimals - 6);

/** What a route asks of a coin, in atomic units; of what is metered the most. */
export const amountOf = (route: RoutePath, coin: Coin): bigint => inUnitsOf(coin, ROUTES[route].micros);

/** What a metered call costs, in atomic units. @param units null where nobody knows them */
export function chargeOf({ leastMicros, missingMicros }: Rules, coin: Coin, units: number | null): bigint {
  const used = units === null ? missingMicros : Math.max(leastMicros, units * UNIT_MICROS);
  return inUnitsOf(coin, Math.min(used, ROUTES["/metered"].micros));
}

export const coinOf = (asset: string): Coin => {
  const coin = COINS.find((one) => one.asset.toLowerCase() === asset.toLowerCase());
  if (!coin) throw new Error(`there is no coin ${asset}`);
  return coin;
};
