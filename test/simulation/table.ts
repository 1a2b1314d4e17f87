// The pricing tables of simulated worlds: every way to settle, with and without an RPC, with narrow and wide caps.

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

/** Millionths of a dollar. */
export const ROUTES = {
  "/after": { micros: 10_000 },
  "/before": { micros: 20_000 },
  "/async": { micros: 30_000 },
  "/wallet": { micros: 10_000 },
} as const;

export type RoutePath = keyof typeof ROUTES;

export const UPSTREAM_TIMEOUT_MS = 2_000;
export const CREDIT_MS = 86_400_000;

export interface Rules {
  readonly config: Config;
  readonly hasRpc: boolean;
  /** Millionths of a token that a payer may have unsettled, and that all together may owe. */
  readonly unsettledMicros: number;
  readonly totalMicros: number;
}

function rulesOf(hasRpc: boolean, isNarrow: boolean): Rules {
  const [, other] = COINS;
  const seconds = { verifyTimeoutSeconds: 2, settleTimeoutSeconds: 6 };
  const [first, second] = FACILITATORS.map((url) => ({ url, ...seconds }));
  const dollars = (route: RoutePath): string => `$${ROUTES[route].micros / 1_000_000}`;
  const [unsettledMicros, totalMicros] = isNarrow ? [60_000, 40_000] : [1_000_000, 1_000_000];
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
    },
  });
  if (!parsed.ok) throw new Error(parsed.error.map(sentence).join("\n"));
  return { config: parsed.value, hasRpc, unsettledMicros, totalMicros };
}

export const TABLES: readonly Rules[] = [
  rulesOf(true, false),
  rulesOf(true, true),
  rulesOf(false, false),
  rulesOf(false, true),
];

/** What a route asks of a coin, in atomic units. */
export const amountOf = (route: RoutePath, { decimals }: Coin): bigint =>
  BigInt(ROUTES[route].micros) * 10n ** BigInt(decimals - 6);
