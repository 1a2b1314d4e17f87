// The ledger as the gateway calls it. One object per network and payer, found by name; a call that fails is a value.

import { err, ok, type Result } from "../std/index.ts";
import type { Claim, ClaimAnswer, Ledger, Revisit, RevisitAnswer } from "./ledger.ts";
import type { LedgerEvent } from "./state.ts";

export interface Account {
  readonly network: string;
  readonly payer: string;
}

export interface Books {
  readonly claim: (claim: Claim) => Promise<Result<ClaimAnswer, "unavailable">>;
  readonly revisit: (account: Account, revisit: Revisit) => Promise<Result<RevisitAnswer, "unavailable">>;
  /** Tries a few times: what is not recorded in the end stays a claim, and a claim past its lease is unknown. */
  readonly record: (
    account: Account,
    id: string,
    attempt: string,
    nowMs: number,
    events: readonly LedgerEvent[],
  ) => Promise<void>;
}

const RECORD_PAUSES_MS = [0, 100, 1000];

export function buildBooks(namespace: DurableObjectNamespace<Ledger>): Books {
  const ledgerOf = ({ network, payer }: Account) => namespace.getByName(`${network}|${payer.toLowerCase()}`);
  return {
    claim: (claim) => attempted(async () => ledgerOf(claim).claim(claim)),
    revisit: (account, revisit) => attempted(async () => ledgerOf(account).revisit(revisit)),
    async record(account, id, attempt, nowMs, events) {
      let recorded: Result<boolean, "unavailable"> = err("unavailable");
      for (const pauseMs of RECORD_PAUSES_MS) {
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
        recorded = await attempted(async () => ledgerOf(account).record(id, attempt, nowMs, events));
        if (recorded.ok) break;
      }
      // What the book does not hold stands in the log at least.
      if (!recorded.ok || !recorded.value) {
        console.error(JSON.stringify({ event: "not_recorded", id, attempt, events, ledger: recorded }));
      }
    },
  };
}

async function attempted<T>(call: () => Promise<T>): Promise<Result<T, "unavailable">> {
  try {
    return ok(await call());
  } catch {
    return err("unavailable");
  }
}
