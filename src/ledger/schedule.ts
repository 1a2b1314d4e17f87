// When a payment is looked at next. Pure.

import type { Row } from "./rows.ts";
import { isOpen, lapsesAt, type PaymentState } from "./state.ts";

/** Nothing is looked at more often, however often it is presented and however long it stays open. */
const TRY_MS_MIN = 2_000;
const TRY_MS_MAX = 600_000;
/** An authorization may be mined late, and the chain's own clock, its last block, is behind ours. */
const SURELY_OVER_MS = 150_000;
/** What is open for longer is left to the operator: an authorization may have been signed to last for ever. */
const OPEN_MS_MAX = 30 * 86_400_000;
/** Changes of a moment are reported together. */
const REPORT_AFTER_MS = 2_000;

/** When time, or somebody who finds out, has something to do; null for never. */
export const dueMs = (row: Row, state: PaymentState): number | null =>
  isOpen(state) ? Math.max(state.leaseUntilMs, nextTryMs(row)) : lapsesAt(state);

/** Later and later, but once when the authorization has surely run out: then the chain can be certain. */
function nextTryMs({ tried_at, tries, valid_before }: Row): number {
  const backoffMs = tried_at + Math.min(TRY_MS_MAX, TRY_MS_MIN * 2 ** tries);
  const certainMs = valid_before + SURELY_OVER_MS;
  return tried_at < certainMs ? Math.min(backoffMs, certainMs) : backoffMs;
}

/** Whether it was just looked at: who presents it again and again makes nobody work for it. */
export const isRested = ({ tries, tried_at }: Row, nowMs: number): boolean =>
  tries === 0 || nowMs >= tried_at + TRY_MS_MIN;

export const isTooLong = ({ created_at }: Row, nowMs: number): boolean => nowMs >= created_at + OPEN_MS_MAX;

/** What was to be reported earlier goes with it. */
export const reportMs = ({ report_at }: Row, nowMs: number): number =>
  Math.min(report_at ?? Number.POSITIVE_INFINITY, nowMs + REPORT_AFTER_MS);
