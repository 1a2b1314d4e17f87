// Payers whom the outbox has refused of late, as far as this isolate knows: whoever is not to be settled for is not to be
// served either. It asks nobody, because before the goods everybody may come, and the outbox is one for all.

import type { Refusal } from "./trust.ts";

/** The outbox is asked again after so long. */
const REMEMBERED_MS = 60_000;
/** The first ones are forgotten for the next. */
const PAYERS_MAX = 1_000;

export interface Refusals {
  /** Null where none is known. */
  readonly recall: (payer: string) => Refusal | null;
  readonly remember: (payer: string, reason: Refusal) => void;
}

export function buildRefusals(nowMs: () => number): Refusals {
  const known = new Map<string, { readonly reason: Refusal; readonly untilMs: number }>();
  return {
    recall(payer) {
      const refusal = known.get(payer.toLowerCase());
      return refusal && nowMs() < refusal.untilMs ? refusal.reason : null;
    },
    remember(payer, reason) {
      known.delete(payer.toLowerCase());
      known.set(payer.toLowerCase(), { reason, untilMs: nowMs() + REMEMBERED_MS });
      const [first] = known.keys();
      if (known.size > PAYERS_MAX && first !== undefined) known.delete(first);
    },
  };
}
