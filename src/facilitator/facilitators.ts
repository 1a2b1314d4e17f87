// All facilitators that a table names, and which of them a payment is taken to.

import type { PaymentRequirements } from "../x402/index.ts";
import type { Facilitator, FacilitatorSettings } from "./facilitator.ts";

/** What a facilitator has to be able to do. */
export type Need = Pick<PaymentRequirements, "scheme" | "network">;

export interface Facilitators {
  /**
   * Of these settings, in their order; those that say that they cannot do it come last, because such a list may be old.
   */
  readonly among: (settings: readonly FacilitatorSettings[], need: Need) => readonly Facilitator[];
  /** The one that a payment is pinned to; null where the table names it no more. */
  readonly named: (name: string) => Facilitator | null;
  readonly all: readonly Facilitator[];
}

export function buildFacilitators(built: ReadonlyMap<FacilitatorSettings, Facilitator>): Facilitators {
  const all = [...built.values()];
  return {
    among(those, need) {
      // The gate asks for none that its table does not name.
      const found = those.map((one) => built.get(one) as Facilitator);
      const isAble = ({ supported }: Facilitator): boolean => supported.lists(need) !== false;
      return found.every(isAble) ? found : [...found.filter(isAble), ...found.filter((one) => !isAble(one))];
    },
    named: (name) => all.find((one) => one.name === name) ?? null,
    all,
  };
}
