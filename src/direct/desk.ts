// What settling needs, built once: the RPCs, the outboxes, the account.

import { buildChain, buildEndpoints, type Chain, type Endpoint } from "../chain/index.ts";
import { Breaker } from "../facilitator/index.ts";
import type { Account } from "../schemes/index.ts";
import { buildPurse } from "./funds.ts";
import { buildRefusals, type Refusals } from "./refusals.ts";
import { buildRelay, type Relay } from "./relay.ts";
import type { DirectParts, DirectSettings } from "./settings.ts";

export interface Desk {
  readonly settings: DirectSettings;
  readonly account: Account;
  readonly endpoints: readonly Endpoint[];
  /** Told whether any of them answers. */
  readonly breaker: Breaker;
  /** Finds out what became of an authorization where our own transaction does not tell. */
  readonly chain: Chain;
  /** Of the relayer on that network (CAIP-2). */
  readonly relay: (network: string) => Relay;
  readonly purse: ReturnType<typeof buildPurse>;
  readonly refusals: Refusals;
  readonly nowMs: () => number;
}

export function buildDesk(settings: DirectSettings, parts: DirectParts): Desk {
  const { account, open, nowMs, random, fetcher = globalThis } = parts;
  const { urls, verifyTimeoutMs, settlementsMin } = settings;
  // One after the other, they still answer in time.
  const rpc = { urls, timeoutMs: Math.ceil(verifyTimeoutMs / Math.max(urls.length, 1)) };
  return {
    settings,
    account,
    endpoints: buildEndpoints(rpc, fetcher),
    breaker: new Breaker(nowMs, random),
    chain: buildChain(rpc, fetcher),
    relay: (network) => buildRelay(open, network, account.address),
    purse: buildPurse(settlementsMin, nowMs),
    refusals: buildRefusals(nowMs),
    nowMs,
  };
}
