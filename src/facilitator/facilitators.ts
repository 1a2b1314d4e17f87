// All facilitators that a table names, and which of them a payment is taken to.

import { canSettle, type Facilitator, type FacilitatorSettings, type Need } from "./facilitator.ts";
import type { Listed } from "./supported.ts";

export interface Facilitators {
  /**
   * Of these settings those that can settle it, in their order; those that do not list it come last, because a list may
   * be old.
   */
  readonly among: (settings: readonly FacilitatorSettings[], payment: Need & Listed) => readonly Facilitator[];
  /** The one with these settings: those of one name can differ in the time that a route gives it. */
  readonly of: (settings: FacilitatorSettings) => Facilitator;
  /** The one that a payment is pinned to; null where the table names it no more. */
  readonly named: (name: string) => Facilitator | null;
  readonly all: readonly Facilitator[];
}

export function buildFacilitators(built: ReadonlyMap<FacilitatorSettings, Facilitator>): Facilitators {
  const all = [...built.values()];
  // The gate asks for none that its table does not name.
  const of = (settings: FacilitatorSettings): Facilitator => built.get(settings) as Facilitator;
  return {
    among(those, payment) {
      const found = those.filter((one) => canSettle(one, payment)).map(of);
      const isAble = ({ supported }: Facilitator): boolean => supported.lists(payment) !== false;
      return found.every(isAble) ? found : [...found.filter(isAble), ...found.filter((one) => !isAble(one))];
    },
    of,
    named: (name) => all.find((one) => one.name === name) ?? null,
    all,
  };
}
