// The ledger as the gateway calls it. One object per network and payer, found by name; a call that fails is a value.

import { attempted, err, type Result } from "../std/index.ts";
import { partsOf } from "../x402/index.ts";
import type { LedgerObject } from "./ledger.ts";
import { registryOf } from "./registry.ts";
import type { Reservation } from "./vault.ts";
import type { Claim, ClaimAnswer, Entry, PresentAnswer, Presentation, Report } from "./words.ts";

export interface Books {
  readonly claim: (claim: Claim) => Promise<Result<ClaimAnswer, "unavailable">>;
  readonly present: (presentation: Presentation) => Promise<Result<PresentAnswer, "unavailable">>;
  /** Tries a few times: what is not recorded in the end stays a claim, and a claim past its lease is unknown. */
  readonly record: (report: Report) => Promise<boolean>;
  readonly entry: (id: string) => Promise<Result<Entry | null, "unavailable">>;
}

/** What of the object is called from outside; a stub's methods may answer at once or later. */
export type LedgerStub = {
  [K in "claim" | "present" | "record" | "entry" | "key" | "reserve" | "free" | "assign"]: (
    ...args: Parameters<LedgerObject[K]>
  ) => unknown;
};

/** A facilitator's name is its URL, whose path may be a secret, and whoever has what was signed can settle it. */
const UNTOLD: readonly string[] = ["facilitator", "settleBody"];
const withoutSecrets = (key: string, value: unknown): unknown => (UNTOLD.includes(key) ? undefined : value);

const RECORD_PAUSES_MS = [0, 100, 1000];

/** @param open the object of that name */
export function buildBooks(open: (name: string) => LedgerStub): Books {
  const ask = <T>(id: string, call: (ledger: LedgerStub) => unknown) =>
    attempted(async () => (await call(open(accountOf(id)))) as T);
  /** An answer may be lost after the commit; the attempt's id makes the repeat harmless. */
  const askTwice = async <T>(id: string, call: (ledger: LedgerStub) => unknown) => {
    const answer = await ask<T>(id, call);
    return answer.ok ? answer : ask<T>(id, call);
  };
  return {
    claim: (claim) => askTwice(claim.id, (ledger) => ledger.claim(claim)),
    present: (presentation) => askTwice(presentation.id, (ledger) => ledger.present(presentation)),
    entry: (id) => ask(id, (ledger) => ledger.entry(id)),
    async record(report) {
      let recorded: Result<boolean, "unavailable"> = err("unavailable");
      for (const pauseMs of RECORD_PAUSES_MS) {
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
        recorded = await ask<boolean>(report.id, (ledger) => ledger.record(report));
        if (recorded.ok) break;
      }
      if (recorded.ok && recorded.value) return true;
      // What the book does not hold stands in the log at least.
      const { id, attempt, events } = report;
      const line = { event: "not_recorded", id, attempt, events, ledger: recorded };
      console.error(JSON.stringify(line, withoutSecrets));
      return false;
    },
  };
}

/** What all payers together owe. */
export interface Exposure {
  /** Whether one more fits under the cap. What cannot be asked does not fit. */
  readonly reserve: (reservation: Reservation) => Promise<boolean>;
  readonly free: (attempt: string) => Promise<void>;
}

/** No payer's name has this form. */
const GATE = "gate";

export function buildExposure(open: (name: string) => LedgerStub): Exposure {
  return {
    async reserve(reservation) {
      const reserved = await attempted(async () => (await open(GATE).reserve(reservation)) as boolean);
      return reserved.ok && reserved.value;
    },
    async free(attempt) {
      // One that is not freed ends by itself, with its authorization.
      await attempted(async () => open(GATE).free(attempt));
    },
  };
}

/** Which payment each transaction has paid. */
export interface Transactions {
  /** False where another payment has it: the first that names it has it, for ever. What cannot be asked is believed. */
  readonly assign: (id: string, transaction: string) => Promise<boolean>;
}

/** Twice this long is within what a lease has to spare. */
const ASSIGN_MS = 2_500;

export function buildTransactions(open: (name: string) => LedgerStub): Transactions {
  return {
    async assign(id, transaction) {
      const name = registryOf(partsOf(id).network, transaction);
      const ask = () => attempted(async () => (await open(name).assign(transaction, id)) as boolean, ASSIGN_MS);
      const first = await ask();
      const answer = first.ok ? first : await ask();
      return !answer.ok || answer.value;
    },
  };
}

/** The gate's own key; null while it cannot be had. */
export async function readGateKey(open: (name: string) => LedgerStub, drawn: string): Promise<string | null> {
  const key = await attempted(async () => (await open(GATE).key(drawn)) as string);
  return key.ok ? key.value : null;
}

/** Network and payer, as every payment id begins and names them. */
export function accountOf(id: string): string {
  const { network, payer } = partsOf(id);
  return `${network}|${payer}`;
}
