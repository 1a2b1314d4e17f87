// The gateway around its real parts, for what only shows when one of them is looked at by itself: what an invocation
// holds, a part that never answers, a clock that was moved, a chain of the test's own.

import { env } from "cloudflare:workers";
import type { Chain } from "../../src/chain/index.ts";
import { type Config, parseConfig } from "../../src/config/index.ts";
import { buildFacilitator, buildFacilitators, type HttpSettings } from "../../src/facilitator/index.ts";
import { type Gate, handle, metering, sellComputed } from "../../src/gateway/index.ts";
import type { Ledger } from "../../src/index.ts";
import {
  type Books,
  buildBooks,
  buildExposure,
  buildNotes,
  buildSpentPayments,
  buildTransactions,
  type LedgerStub,
} from "../../src/ledger/index.ts";
import { respond } from "../../src/outcome/index.ts";
import { buildUpstream } from "../../src/upstream/index.ts";
import { encodePayment, type Payment } from "../support/payment.ts";
import { ORIGIN } from "./client.ts";

const { LEDGER, SPENT } = env as unknown as { LEDGER: DurableObjectNamespace<Ledger>; SPENT: KVNamespace };

/** A ledger by its name, as the Worker opens it. */
export const openLedger = (name: string): LedgerStub => LEDGER.getByName(name);

export function configOf(table: unknown): Config {
  const config = parseConfig(table);
  if (!config.ok) throw new Error(`the fixture's table is wrong: ${JSON.stringify(config.error)}`);
  return config.value;
}

const PARTS = { authorize: null, notes: buildNotes(SPENT), nowMs: Date.now, random: Math.random };

export interface Held {
  readonly promises: Promise<unknown>[];
  /** When all of it is over, and all that was held meanwhile. */
  readonly over: () => Promise<void>;
}

export function newHeld(): Held {
  const promises: Promise<unknown>[] = [];
  const over = async (): Promise<void> => {
    for (let seen = 0; seen < promises.length; ) {
      seen = promises.length;
      await Promise.allSettled(promises);
    }
  };
  return { promises, over };
}

export function gateOf(config: Config, { promises }: Held, changes: Partial<Gate> = {}): Gate {
  return {
    config,
    books: buildBooks(openLedger),
    exposure: buildExposure(openLedger),
    quotes: new Map(),
    sellComputed,
    metering,
    seal: { sign: async (text) => `mac-of-${btoa(text).replaceAll("=", "")}` },
    spent: buildSpentPayments(SPENT, new Map()),
    transactions: buildTransactions(openLedger),
    facilitators: buildFacilitators(
      new Map(config.facilitators.map((settings) => [settings, buildFacilitator(settings as HttpSettings, PARTS)])),
    ),
    upstream: (settings) => buildUpstream({ ...settings, headers: [], signer: null, fetcher: globalThis }),
    publicKeys: async () => [],
    chain: () => null,
    admitUnproven: async () => false,
    nowMs: Date.now,
    newId: () => crypto.randomUUID(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    waitUntil: (promise) => void promises.push(promise),
    log: () => undefined,
    ...changes,
  };
}

export const requestOf = (path: string, payment: Payment | null, headers: Record<string, string> = {}): Request =>
  new Request(ORIGIN + path, {
    headers: { ...headers, ...(payment && { "payment-signature": encodePayment(payment) }) },
  });

/** As a client would get it. */
export const answerOf = async (gate: Gate, request: Request): Promise<Response> =>
  respond(await handle(gate, request, "request-id"), "*", { requestId: "request-id", origin: null });

/** Ledgers that never answer. */
export const hangingBooks: Books = buildBooks(
  () =>
    new Proxy({} as LedgerStub, {
      get: () => () => new Promise<never>(() => undefined),
    }),
);

/** A chain that says one thing. */
export const chainOf =
  (fateOf: Chain["fateOf"]): Gate["chain"] =>
  (network) =>
    network === "eip155:84532" ? { fateOf, covers: async () => null } : null;
