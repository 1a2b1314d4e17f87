// The direct settlement in Node: its Durable Objects over SQLite in memory, with the manners of the platform's calls.

import { type DirectSettings, RelayerObject, type RelayerStub } from "../../src/direct/index.ts";
import type { Account } from "../../src/schemes/index.ts";
import type { Payment } from "./payment.ts";
import { openStore, type TestStore } from "./sqlite.ts";

class Relayer extends RelayerObject {}

export interface Relayers {
  readonly open: (name: string) => RelayerStub;
  /** What the object of that name keeps. */
  readonly store: (name: string) => TestStore;
  /** Begins every object anew on what it kept, as after a crash. */
  readonly restart: () => void;
  /** After so many more calls one is done, and its answer lost. */
  readonly loseAnswer: (after: number) => void;
}

/** What goes in and comes out is copied, as between an object and its callers. */
export function startRelayers(account: Account, nowMs: () => number = Date.now): Relayers {
  const stores = new Map<string, TestStore>();
  const objects = new Map<string, Relayer>();
  const store = (name: string): TestStore => {
    const kept = stores.get(name) ?? openStore();
    stores.set(name, kept);
    return kept;
  };
  const start = (name: string): Relayer => {
    const parts = { account: (address: string) => (address === account.address ? account : null), nowMs };
    const running =
      objects.get(name) ?? new Relayer({ storage: store(name) } as unknown as DurableObjectState, {}, parts);
    objects.set(name, running);
    return running;
  };
  let callsToLoss = Number.POSITIVE_INFINITY;
  const ask =
    <A extends unknown[]>(call: (...args: A) => unknown) =>
    async (...args: A) => {
      await new Promise((resolve) => setImmediate(resolve));
      const answer = structuredClone(call(...structuredClone(args)));
      if (callsToLoss-- === 0) throw new Error("the answer is lost");
      return answer;
    };
  return {
    store,
    restart: () => objects.clear(),
    loseAnswer: (after) => {
      callsToLoss = after;
    },
    open: (name) => ({
      find: ask((id) => start(name).find(id)),
      take: ask((relayer, wanted) => start(name).take(relayer, wanted)),
      tend: ask((tending) => start(name).tend(tending)),
      refusal: ask((payer) => start(name).refusal(payer)),
      mark: ask((id, seen) => start(name).mark(id, seen)),
      close: ask((id, transaction) => start(name).close(id, transaction)),
    }),
  };
}

/** Fast, for a chain whose blocks come when they are wanted. */
export const QUICK: Omit<DirectSettings, "urls"> = {
  network: "eip155:84532",
  verifyTimeoutMs: 5_000,
  settleTimeoutMs: 10_000,
  confirmations: 1,
  feeMax: 100_000_000_000n,
  pollMs: 20,
  resendMs: 200,
  replaceAfterMs: 60_000,
  settlementsMin: 100,
};

/** The body that the gate asks a facilitator with. */
export const facilitatorBodyOf = ({ accepted, payload }: Payment): string =>
  JSON.stringify({
    x402Version: 2,
    paymentPayload: { x402Version: 2, resource: { url: "https://api.example.com/paid" }, accepted, payload },
    paymentRequirements: accepted,
  });
