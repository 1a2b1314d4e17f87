// A Worker's isolate: the real gate over the simulated parts, with a list of spent payments and a clock of its own.

import { createHmac } from "node:crypto";
import type { Chain } from "../../src/chain/index.ts";
import { buildFacilitator, buildFacilitators, type HttpSettings } from "../../src/facilitator/index.ts";
import { findOut, type Gate, handle, metering } from "../../src/gateway/index.ts";
import {
  buildBooks,
  buildExposure,
  buildNotes,
  buildSpentPayments,
  buildTransactions,
  type Due,
  type LedgerStub,
  readGateKey,
} from "../../src/ledger/index.ts";
import type { Outcome } from "../../src/outcome/index.ts";
import { buildUpstream } from "../../src/upstream/index.ts";
import type { Invocation } from "./invocation.ts";
import type { Kv } from "./kv.ts";
import { actor } from "./process.ts";
import type { Rules } from "./table.ts";
import type { SimulatedUpstream } from "./upstream.ts";
import type { World } from "./world.ts";

export interface Surroundings {
  readonly rules: Rules;
  readonly open: (name: string) => LedgerStub;
  readonly kv: Kv;
  readonly chain: Chain;
  readonly upstream: SimulatedUpstream;
}

/** Clocks of two machines differ by this at most. */
export const SKEW_MS = 1_500;

export class Isolate {
  readonly #world: World;
  readonly #around: Surroundings;
  readonly #skewMs: number;
  #gate: Gate;

  constructor(world: World, around: Surroundings) {
    this.#world = world;
    this.#around = around;
    this.#skewMs = world.random.int(-SKEW_MS, SKEW_MS);
    this.#gate = this.#build();
  }

  /** Forgets everything. */
  restart(): void {
    this.#gate = this.#build();
  }

  handle(request: Request): Promise<Outcome> {
    return handle(this.#gate, request, actor().name);
  }

  /** As the Worker's `Clerk` does. */
  attend(due: Due): Promise<void> {
    return findOut(this.#gate, due, false);
  }

  #build(): Gate {
    const { rules, open, kv, chain, upstream } = this.#around;
    const { config } = rules;
    const [settings] = config.upstreams as [(typeof config.upstreams)[number]];
    const fetcher = { fetch: upstream.fetch.bind(upstream) } as unknown as Pick<Fetcher, "fetch">;
    const behind = buildUpstream({ ...settings, headers: [], signer: null, fetcher });
    const nowMs = (): number => this.#world.nowMs + this.#skewMs;
    const parts = {
      authorize: null,
      notes: buildNotes(kv.view()),
      nowMs,
      random: () => this.#world.random.int(0, 999) / 1000,
    };
    return {
      config,
      books: buildBooks(open),
      spent: buildSpentPayments(kv.view(), new Map()),
      exposure: buildExposure(open),
      transactions: buildTransactions(open),
      quotes: new Map(),
      sellComputed: null,
      metering,
      seal: { sign: signer(() => readGateKey(open, this.#world.newId("key"))) },
      facilitators: buildFacilitators(
        new Map(config.facilitators.map((settings) => [settings, buildFacilitator(settings as HttpSettings, parts)])),
      ),
      upstream: () => behind,
      publicKeys: async () => [],
      chain: () => (rules.hasRpc ? chain : null),
      admitUnproven: async () => true,
      nowMs,
      newId: () => this.#world.newId("attempt"),
      sleep: (ms) => this.#world.pause(ms),
      waitUntil: (promise) => (actor() as Invocation).hold(promise),
      log: () => undefined,
    };
  }
}

/** As the door does it. */
function signer(readKey: () => Promise<string | null>): (text: string) => Promise<string | null> {
  let key: string | null = null;
  return async (text) => {
    key ??= await readKey();
    return key && createHmac("sha256", key).update(text).digest("base64url");
  };
}
