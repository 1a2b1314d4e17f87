// Payers whom the outbox has refused of late, as far as this isolate knows: whoever is not to be settled for is not to be
// served either. Before the goods everybody may come, and the outbox is one for all; so it is asked there only while it
// refuses strangers.

import type { Refusal } from "./trust.ts";

/** What was heard of the outbox holds for so long. */
const REMEMBERED_MS = 60_000;
/** The first ones are forgotten for the next. */
const PAYERS_MAX = 1_000;

export interface Refusals {
  /** Null where none is known. */
  readonly recall: (payer: string) => Refusal | null;
  readonly remember: (payer: string, reason: Refusal) => void;
  /** Whether somebody was refused of late for what others burned. */
  readonly meetStrangers: () => boolean;
}

export function buildRefusals(nowMs: () => number): Refusals {
  const known = new Map<string, { readonly reason: Refusal; readonly untilMs: number }>();
  let strangersUntilMs = Number.NEGATIVE_INFINITY;
  return {
    recall(payer) {
      const refusal = known.get(payer.toLowerCase());
      return refusal && nowMs() < refusal.untilMs ? refusal.reason : null;
    },
    remember(payer, reason) {
      const untilMs = nowMs() + REMEMBERED_MS;
      if (reason === "relayer_reverted_too_often") strangersUntilMs = untilMs;
      known.delete(payer.toLowerCase());
      known.set(payer.toLowerCase(), { reason, untilMs });
      const [first] = known.keys();
      if (known.size > PAYERS_MAX && first !== undefined) known.delete(first);
    },
    meetStrangers: () => nowMs() < strangersUntilMs,
  };
}
