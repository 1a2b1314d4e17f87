// The outbox as a settlement calls it: one object for each network and relayer, found by name. A call that fails is a
// value, and is made twice: every one of them may be repeated, because an answer may be lost after the commit.

import { attempted, type Result } from "../std/index.ts";
import type { Seen, Sent, Taken, Tended, Wanted } from "./outbox.ts";
import type { RelayerObject } from "./relayer.ts";
import type { Refusal } from "./trust.ts";
import type { Tending } from "./upkeep.ts";

/** What of the object is called from outside; a stub's methods may answer at once or later. */
export type RelayerStub = {
  [K in "find" | "take" | "tend" | "refusal" | "mark" | "close"]: (...args: Parameters<RelayerObject[K]>) => unknown;
};

export interface Relay {
  readonly find: (id: string) => Promise<Result<Sent | null, "unavailable">>;
  readonly take: (wanted: Wanted) => Promise<Result<Taken, "unavailable">>;
  readonly tend: (tending: Omit<Tending, "relayer">) => Promise<Result<Tended, "unavailable">>;
  /** Why nothing would be taken of a payer now; null where something might. */
  readonly refusal: (payer: string) => Promise<Result<Refusal | null, "unavailable">>;
  /** What it does not hear, whoever takes a nonce later looks for. */
  readonly mark: (id: string, seen: Seen | null) => Promise<void>;
  /** What it does not hear it finds out from the chain when it is asked again. */
  readonly close: (id: string, transaction: string) => Promise<void>;
}

/** No two names are one account on one network. */
const nameOf = (network: string, relayer: string): string => `${network}|${relayer}`.toLowerCase();

/** @param open the object of that name */
export function buildRelay(open: (name: string) => RelayerStub, network: string, relayer: string): Relay {
  const name = nameOf(network, relayer);
  const ask = async <T>(call: (stub: RelayerStub) => unknown): Promise<Result<T, "unavailable">> => {
    const once = () => attempted(async () => (await call(open(name))) as T);
    const answer = await once();
    return answer.ok ? answer : once();
  };
  return {
    find: (id) => ask((stub) => stub.find(id)),
    take: (wanted) => ask((stub) => stub.take(relayer, wanted)),
    tend: (tending) => ask((stub) => stub.tend({ ...tending, relayer })),
    refusal: (payer) => ask((stub) => stub.refusal(payer)),
    async mark(id, seen) {
      await ask((stub) => stub.mark(id, seen));
    },
    async close(id, transaction) {
      await ask((stub) => stub.close(id, transaction));
    },
  };
}
