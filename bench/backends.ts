// What stands behind every Worker that is measured: the same upstream, the same facilitator and the same KV, in one process.

import { type Child, startChild } from "./child.ts";

/** How often each was asked. */
export interface Counts {
  readonly upstream: number;
  readonly verify: number;
  readonly settle: number;
  readonly kv: number;
}

export interface Observed extends Counts {
  /** From the arrival of a verify or settle to its answer, all of them together. */
  readonly facilitatorMs: number;
}

/** Milliseconds before an answer. */
export interface Delays {
  readonly verify: number;
  readonly settle: number;
  readonly kv: number;
}

export const NO_DELAYS: Delays = { verify: 0, settle: 0, kv: 0 };

export type BackendsQuestion =
  | { readonly kind: "ports" | "observed" }
  | { readonly kind: "delay"; readonly delays: Delays };

export interface BackendsAnswer {
  readonly ports: { readonly upstream: number; readonly facilitator: number; readonly kv: number };
  readonly observed: Observed;
}

/** The upstream's usual answer is JSON of this length. */
export const ANSWER_BYTES = 1024;

/** A nonce that begins so belongs to a payment that its payer did not sign: the facilitator knows without checking. */
export const FORGED_NONCE = "0xf0f0f0f0f0f0";

export interface Backends {
  readonly upstream: string;
  /** Each Worker has a facilitator of its own at the same server: what one settled is not spent for the other. */
  readonly facilitator: (name: string) => string;
  readonly kvPort: number;
  /** Since the last time. */
  readonly observed: () => Promise<Observed>;
  readonly delay: (delays: Delays) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startBackends(): Promise<Backends> {
  const child: Child<BackendsQuestion, BackendsAnswer> = startChild("backends-process.ts");
  const { ports } = await child.ask({ kind: "ports" });
  return {
    upstream: `http://127.0.0.1:${ports.upstream}`,
    facilitator: (name) => `http://127.0.0.1:${ports.facilitator}/${name}`,
    kvPort: ports.kv,
    observed: async () => (await child.ask({ kind: "observed" })).observed,
    delay: async (delays) => void (await child.ask({ kind: "delay", delays })),
    stop: child.stop,
  };
}
