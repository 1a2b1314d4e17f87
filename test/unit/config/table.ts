// One correct table; each test changes one thing of it.

import { expect } from "vitest";
import { type Config, type Mistake, type PaidAccess, parseConfig } from "../../../src/config/index.ts";
import { parseTarget } from "../../../src/route/index.ts";
import type { PaymentRequirements } from "../../../src/x402/index.ts";
import { PAY_TO } from "../../support/payment.ts";

export const table = {
  upstream: "https://legacy.example.com",
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: ["https://x402.org/facilitator"],
  routes: { "GET /v1/quotes/*": "$0.001" },
};

export const BASE_USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
export const EURC = "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42";
/** Wallets of two more payees. */
export const [ALICE, BOB] = [
  "0x1111111111111111111111111111111111111111",
  "0x2222222222222222222222222222222222222222",
];

const parse = (changes: object) => parseConfig({ ...table, ...changes });

export const parsed = (changes: object = {}): Config => {
  const config = parse(changes);
  return config.ok ? config.value : expect.fail(JSON.stringify(config.error));
};

export const mistakes = (changes: object): readonly Mistake[] => {
  const config = parse(changes);
  return config.ok ? [] : config.error;
};

/** The same table with one route, which is priced and says this too. */
export const route = (changes: object): object => ({ routes: { "/a": { price: "$1", ...changes } } });

/** What the route of a request compiled to. */
export function accessOf(config: Config, method: string, url: string) {
  const target = parseTarget(url.startsWith("/") ? `http://h${url}` : url);
  const match = config.matcher.match(method, target.ok ? target.value : expect.fail(target.error.reason));
  return match.kind === "route" ? match.route.access : expect.fail(`${url} has no route`);
}

export function paidOf(config: Config, url = "/a", method = "GET"): PaidAccess {
  const access = accessOf(config, method, url);
  return access.kind === "paid" ? access : expect.fail(`${url} is not priced`);
}

export const requirementsOf = (config: Config, url = "/a", method = "GET"): readonly PaymentRequirements[] =>
  paidOf(config, url, method).offer.terms.map(({ requirements }) => requirements);
