// A payment as it lies in SQLite, and what is made of it. Pure.

import type { SettleMode } from "../schemes/index.ts";
import type { OpenPayment } from "./claim.ts";
import type { Kept } from "./standing.ts";
import { isServed, leaseUntil, type PaymentState, type Terms } from "./state.ts";
import type { Claim, Due, Entry } from "./words.ts";

/** The table's columns, as `docs/ledger.md` describes them. */
export interface Page extends Record<string, SqlStorageValue> {
  id: string;
  network: string;
  asset: string;
  payer: string;
  pay_to: string;
  amount: string;
  route: string;
  facilitator: string;
  settle_body: string | null;
  mode: SettleMode;
  fingerprint: string;
  key_digest: string | null;
  valid_before: number;
  credit_ms: number;
  debt_ms: number;
  pay: PaymentState["pay"];
  delivery: PaymentState["delivery"];
  attempt: string;
  courier: string;
  lease_until: number;
  settle_began: number;
  tx: string | null;
  reason: string | null;
  ends_at: number | null;
  redemptions: number;
  tries: number;
  tried_at: number;
  due_at: number | null;
  live: number | null;
  created_at: number;
  updated_at: number;
  seq: number;
  report_at: number | null;
  charge: string | null;
  calculation: string | null;
}

export interface Row extends Page {
  /** Joined from `answers`. */
  answer_until: number | null;
}

/** What an event may change. */
export const columnsOf = (state: PaymentState) => ({
  pay: state.pay,
  delivery: state.delivery,
  attempt: state.attempt,
  courier: state.courier,
  lease_until: state.leaseUntilMs,
  facilitator: state.facilitator,
  settle_began: Number(state.settleBegan),
  tx: state.transaction,
  reason: state.reason,
  ends_at: state.endsMs,
});

/** A claim that was granted. It is no news to the seller's books: most are over before they could be told. */
export const pageOf = (claim: Claim, seq: number): Page => ({
  id: claim.id,
  network: claim.network,
  asset: claim.asset,
  payer: claim.payer,
  pay_to: claim.payTo,
  amount: claim.amount,
  route: claim.route,
  facilitator: claim.facilitator,
  settle_body: claim.settleBody,
  mode: claim.mode,
  fingerprint: claim.fingerprint,
  key_digest: claim.keyDigest,
  valid_before: claim.validBeforeMs,
  credit_ms: claim.creditMs,
  debt_ms: claim.debtMs,
  pay: "claimed",
  delivery: "none",
  attempt: claim.attempt,
  courier: claim.attempt,
  lease_until: leaseUntil(claim, claim.nowMs),
  settle_began: 0,
  tx: null,
  reason: null,
  ends_at: null,
  redemptions: 0,
  tries: 0,
  tried_at: claim.nowMs,
  due_at: leaseUntil(claim, claim.nowMs),
  live: 1,
  created_at: claim.nowMs,
  updated_at: claim.nowMs,
  seq,
  report_at: null,
  charge: claim.charge,
  calculation: null,
});

/** What is to be settled, or was. */
export const chargeOf = ({ charge, amount }: Pick<Page, "charge" | "amount">): string => charge ?? amount;

/** What may be owed: all that was authorized, until it is known what was used. */
const exposureOf = (row: Row): string => (row.calculation === null ? row.amount : chargeOf(row));

export const keptOf = (row: Row, nowMs: number): Kept => ({
  pay: row.pay,
  delivery: row.delivery,
  attempt: row.attempt,
  courier: row.courier,
  leaseUntilMs: row.lease_until,
  facilitator: row.facilitator,
  settleBegan: row.settle_began === 1,
  transaction: row.tx,
  reason: row.reason,
  endsMs: row.ends_at,
  fingerprint: row.fingerprint,
  hasAnswer: row.answer_until !== null && nowMs < row.answer_until,
  redemptions: row.redemptions,
});

export interface OpenRow extends OpenPayment {
  readonly row: Row;
}

/** A metered stream is owed from its head on, and goes on until its use is noted: it may yet come to nothing. */
const isRunning = ({ pay, charge, calculation }: Row): boolean =>
  pay === "claimed" || (pay === "owed" && charge !== null && calculation === null);

export const openOf = (row: Row, nowMs: number): OpenRow => ({
  ...keptOf(row, nowMs),
  id: row.id,
  mode: row.mode,
  asset: row.asset,
  amount: BigInt(exposureOf(row)),
  isRunning: isRunning(row),
  row,
});

export const termsOf = ({ credit_ms, debt_ms }: Row): Terms => ({
  creditMs: credit_ms,
  debtMs: debt_ms,
});

export const dueOf = (row: Row, state: PaymentState): Due => ({
  id: row.id,
  attempt: state.attempt,
  network: row.network,
  asset: row.asset,
  payer: row.payer,
  payTo: row.pay_to,
  amount: row.amount,
  charge: chargeOf(row),
  courier: state.courier,
  route: row.route,
  facilitator: row.facilitator,
  // What is open is kept with it; for one that a later format lost, the facilitator is not asked again.
  settleBody: row.settle_body ?? "",
  isOwed: state.pay === "owed" || isServed(state),
  settleBegan: state.settleBegan,
  transaction: state.transaction,
  createdAtMs: row.created_at,
  validBeforeMs: row.valid_before,
});

export const entryOf = (row: Row): Entry => ({
  id: row.id,
  network: row.network,
  asset: row.asset,
  payer: row.payer,
  payTo: row.pay_to,
  amount: chargeOf(row),
  calculation: row.calculation,
  pay: row.pay,
  delivery: row.delivery,
  route: row.route,
  transaction: row.tx,
  facilitator: row.facilitator,
  createdAtMs: row.created_at,
  updatedAtMs: row.updated_at,
  seq: row.seq,
});
