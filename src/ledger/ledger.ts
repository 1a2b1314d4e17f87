// The book of one payer on one network: a SQLite Durable Object that does no network I/O. Its methods run without an
// `await`, so each is one transaction and nothing comes between a look and a write.

import { DurableObject } from "cloudflare:workers";
import { type LedgerEvent, type PaymentState, type Standing, standingOf, transition } from "./state.ts";

/** A payment as it is claimed. Amounts are atomic units in decimal, times are milliseconds. */
export interface Claim {
  readonly id: string;
  readonly attempt: string;
  readonly nowMs: number;
  readonly leaseMs: number;
  readonly fingerprint: string;
  readonly network: string;
  readonly asset: string;
  readonly payer: string;
  readonly payTo: string;
  readonly amount: string;
  readonly route: string;
  /** Pinned: what one facilitator may have settled is never settled elsewhere. */
  readonly facilitator: string;
  /** The body of `/settle`, kept because asking again has to be identical. */
  readonly settleBody: string;
  readonly validBeforeMs: number;
}

/** A payment that is presented again; `leaseMs` is how long asking the facilitator again may take. */
export type Revisit = Pick<Claim, "id" | "attempt" | "nowMs" | "leaseMs" | "fingerprint">;

/** A payment that was taken before. `unresolved` hands out the right to ask the facilitator again, to one at a time. */
export type Known =
  | { readonly kind: "unresolved"; readonly facilitator: string; readonly settleBody: string }
  | Exclude<Standing, { kind: "unresolved" | "claimable" }>;

export type ClaimAnswer = { readonly kind: "granted" } | Known;
export type RevisitAnswer = { readonly kind: "claimable" } | Known;

interface Row extends Record<string, SqlStorageValue> {
  pay: PaymentState["pay"];
  delivery: PaymentState["delivery"];
  attempt: string;
  lease_until: number;
  fingerprint: string;
  tx: string | null;
  reason: string | null;
  facilitator: string;
  settle_body: string | null;
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS payments (
  id TEXT PRIMARY KEY, network TEXT NOT NULL, asset TEXT NOT NULL, payer TEXT NOT NULL, pay_to TEXT NOT NULL,
  amount TEXT NOT NULL, route TEXT NOT NULL, facilitator TEXT NOT NULL, settle_body TEXT,
  fingerprint TEXT NOT NULL, valid_before INTEGER NOT NULL,
  pay TEXT NOT NULL, delivery TEXT NOT NULL, attempt TEXT NOT NULL, lease_until INTEGER NOT NULL,
  tx TEXT, reason TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL)`;

/** A conflict with a released payment is none: it never reached the upstream and may be claimed again. */
const CLAIM = `INSERT INTO payments (id, network, asset, payer, pay_to, amount, route, facilitator, settle_body,
    fingerprint, valid_before, pay, delivery, attempt, lease_until, created_at, updated_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'claimed', 'none', ?12, ?13, ?14, ?14)
  ON CONFLICT (id) DO UPDATE SET pay_to = ?5, amount = ?6, route = ?7, facilitator = ?8, settle_body = ?9,
    fingerprint = ?10, pay = 'claimed', attempt = ?12, lease_until = ?13, updated_at = ?14
  WHERE pay = 'released'
  RETURNING attempt`;

export class Ledger extends DurableObject {
  readonly #sql: SqlStorage;

  /** Only a claim makes a book: whoever merely asks leaves nothing behind. */
  #exists: boolean;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#exists = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'payments'").toArray().length > 0;
  }

  claim(claim: Claim): ClaimAnswer {
    const { id, attempt, nowMs, leaseMs } = claim;
    if (!this.#exists) this.#sql.exec(SCHEMA);
    this.#exists = true;
    const granted = this.#sql
      .exec(
        CLAIM,
        id,
        claim.network,
        claim.asset,
        claim.payer,
        claim.payTo,
        claim.amount,
        claim.route,
        claim.facilitator,
        claim.settleBody,
        claim.fingerprint,
        claim.validBeforeMs,
        attempt,
        nowMs + leaseMs,
        nowMs,
      )
      .toArray();
    if (granted.length > 0) return { kind: "granted" };
    const known = this.revisit(claim);
    if (known.kind === "claimable") throw new Error("a claimable payment was not granted");
    return known;
  }

  /** The truth about a payment, and for one that is unresolved the right to ask once more. */
  revisit({ id, attempt, nowMs, leaseMs, fingerprint }: Revisit): RevisitAnswer {
    const row = this.#row(id);
    const standing = standingOf(row && stateOf(row), fingerprint, nowMs);
    if (standing.kind !== "unresolved") return standing;
    this.#sql.exec("UPDATE payments SET attempt = ?, lease_until = ? WHERE id = ?", attempt, nowMs + leaseMs, id);
    return { kind: "unresolved", facilitator: row?.facilitator ?? "", settleBody: row?.settle_body ?? "" };
  }

  /** Takes an attempt's reports in order; false where one of them does not count. */
  record(id: string, attempt: string, nowMs: number, events: readonly LedgerEvent[]): boolean {
    return events.every((event) => {
      const row = this.#row(id);
      const next = transition(row && stateOf(row), event, attempt);
      if (!next.ok) return false;
      this.#write(id, next.value, nowMs);
      return true;
    });
  }

  #row(id: string): Row | null {
    if (!this.#exists) return null;
    return this.#sql.exec<Row>("SELECT * FROM payments WHERE id = ?", id).toArray()[0] ?? null;
  }

  /** A payment that is final never settles again, so its signature need not be kept. */
  #write(id: string, { pay, delivery, leaseUntilMs, transaction, reason }: PaymentState, nowMs: number): void {
    this.#sql.exec(
      `UPDATE payments SET pay = ?1, delivery = ?2, lease_until = ?3, tx = ?4, reason = ?5, updated_at = ?6,
         settle_body = CASE WHEN ?1 IN ('claimed', 'unknown') THEN settle_body END
       WHERE id = ?7`,
      pay,
      delivery,
      leaseUntilMs,
      transaction,
      reason,
      nowMs,
      id,
    );
  }
}

const stateOf = (row: Row): PaymentState => ({
  pay: row.pay,
  delivery: row.delivery,
  attempt: row.attempt,
  leaseUntilMs: row.lease_until,
  fingerprint: row.fingerprint,
  transaction: row.tx,
  reason: row.reason,
});
