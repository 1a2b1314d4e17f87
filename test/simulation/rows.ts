// A payer's page as it lies in SQLite, read from outside after every step.

import { transition } from "../../src/ledger/rules.ts";
import type { PaymentState, Terms } from "../../src/ledger/state.ts";
import type { Database } from "./sqlite.ts";

export interface Row {
  readonly id: string;
  readonly payer: string;
  readonly asset: string;
  readonly amount: string;
  /** What is settled of it; null where that is all. */
  readonly charge: string | null;
  /** Null until it is known what was used. */
  readonly calculation: string | null;
  readonly pay_to: string;
  readonly route: string;
  readonly mode: "after" | "before" | "async";
  readonly fingerprint: string;
  readonly key_digest: string | null;
  readonly valid_before: number;
  readonly credit_ms: number;
  readonly debt_ms: number;
  readonly pay: PaymentState["pay"];
  readonly delivery: PaymentState["delivery"];
  readonly attempt: string;
  readonly courier: string;
  readonly lease_until: number;
  readonly facilitator: string;
  readonly settle_began: number;
  readonly tx: string | null;
  readonly reason: string | null;
  readonly ends_at: number | null;
  readonly redemptions: number;
  readonly due_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly seq: number;
  readonly answer_until: number | null;
}

const SELECT = `SELECT p.id, payer, asset, amount, charge, calculation, pay_to, route, mode, fingerprint, key_digest,
    valid_before, credit_ms, debt_ms, pay, delivery, attempt, courier, lease_until, facilitator, settle_began, tx, reason,
    ends_at, redemptions, due_at, created_at, updated_at, seq, a.until AS answer_until
  FROM payments p LEFT JOIN answers a ON a.id = p.id`;

export function rowsOf(db: Database): ReadonlyMap<string, Row> {
  const [table] = db.rows("SELECT 1 FROM sqlite_master WHERE name = 'payments'");
  return new Map(table ? db.rows<Row>(SELECT).map((row) => [row.id, row]) : []);
}

export const stateOf = (row: Row): PaymentState => ({
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
});

const termsOf = ({ credit_ms, debt_ms }: Row): Terms => ({
  creditMs: credit_ms,
  debtMs: debt_ms,
});

interface Report {
  readonly id: string;
  readonly attempt: string;
  readonly nowMs: number;
  readonly events: readonly Parameters<typeof transition>[1][];
}

/** What a report did, event by event; one that was refused ends it. */
export function namesOfReport(before: Row | undefined, { attempt, nowMs, events }: Report): readonly string[] {
  if (!before) return ["a report of nothing is refused"];
  const names: string[] = [];
  let state = stateOf(before);
  for (const event of events) {
    const next = transition(state, event, attempt, nowMs, termsOf(before));
    const end = next.ok ? "" : " is refused";
    names.push(`pay ${state.pay} × ${event.kind}${end}`, `delivery ${state.delivery} × ${event.kind}${end}`);
    if (!next.ok) break;
    state = next.value;
  }
  return names;
}

/** What time alone has made of a row. */
export function namesOfTime(before: Row, after: Row): readonly string[] {
  const names: string[] = [];
  if (before.pay !== after.pay) names.push(`pay ${before.pay} → ${after.pay}`);
  if (before.delivery !== after.delivery) names.push(`delivery ${before.delivery} → ${after.delivery}`);
  return names;
}
