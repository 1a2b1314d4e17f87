// All facilitators that a table names, which of them a payment is taken to, and what is known of them.

import { canSettle, type Facilitator, type FacilitatorSettings, type Need } from "./facilitator.ts";
import type { Listed } from "./supported.ts";

/** A payment, as far as it decides who is asked about it. */
export type Sought = Need &
  Listed & {
    /** Names of x402 extensions without which it does not go through. */
    readonly extensions: readonly string[];
    /** On Solana who is to pay the gas. */
    readonly feePayer: string | null;
  };

export interface Facilitators {
  /**
   * Of these settings those that can settle it, in their order; those that do not list it come last, because a list may
   * be old. What needs an extension goes to those that list that; where it is not known of one, to whom it may be. None
   * where each is known to sign for other fee payers alone.
   */
  readonly among: (settings: readonly FacilitatorSettings[], payment: Sought) => readonly Facilitator[];
  /** Of these settings all; those of one name can differ in the time that a route gives them. */
  readonly of: (settings: readonly FacilitatorSettings[]) => readonly Facilitator[];
  /** The one that a payment is pinned to; null where the table names it no more. */
  readonly named: (name: string) => Facilitator | null;
  readonly all: readonly Facilitator[];
}

export function buildFacilitators(built: ReadonlyMap<FacilitatorSettings, Facilitator>): Facilitators {
  const all = [...built.values()];
  // The gate asks for none that its table does not name.
  const of = (those: readonly FacilitatorSettings[]) => those.map((one) => built.get(one) as Facilitator);
  return {
    among(those, payment) {
      const able = of(those.filter((one) => canSettle(one, payment)));
      const found = payment.extensions.reduce(extending, paying(able, payment));
      const isAble = ({ supported }: Facilitator): boolean => supported.lists(payment) !== false;
      return found.every(isAble) ? found : [...found.filter(isAble), ...found.filter((one) => !isAble(one))];
    },
    of,
    named: (name) => all.find((one) => one.name === name) ?? null,
    all,
  };
}

function extending(those: readonly Facilitator[], extension: string): readonly Facilitator[] {
  const saying = (word: boolean | null) => those.filter(({ supported }) => supported.extends(extension) === word);
  const sure = saying(true);
  const maybe = sure.length > 0 ? sure : saying(null);
  return maybe.length > 0 ? maybe : those;
}

/** Those that sign for its fee payer, and behind them those that may. */
function paying(those: readonly Facilitator[], { feePayer, network }: Sought): readonly Facilitator[] {
  if (feePayer === null) return those;
  const saying = (word: boolean | null) =>
    those.filter(({ supported }) => supported.paysAs(feePayer, network) === word);
  return [...saying(true), ...saying(null)];
}

/** What is known of an offer's facilitators, as far as it changes what a client is told. */
export interface Known {
  /**
   * Whether one that can be asked lists this x402 extension. Null where one may come to: it rests, or has not been heard
   * of yet.
   */
  readonly extends: (extension: string) => boolean | null;
  /** Who pays the gas of a payment by `exact` on this network of Solana; null where nobody knows. */
  readonly feePayer: (network: string) => string | null;
}

export const knownOf = (those: readonly Facilitator[]): Known => ({
  extends(extension) {
    const words = those.map(({ supported, breaker }) => {
      const word = supported.extends(extension);
      return word && !breaker.isAsked() ? null : word;
    });
    if (words.includes(true)) return true;
    return words.includes(null) ? null : false;
  },
  /** The first that can be asked has the word. */
  feePayer(network) {
    const able = those.filter(({ supported }) => supported.lists({ scheme: "exact", network }) !== false);
    const asked = able.filter(({ breaker }) => breaker.isAsked());
    const named = [...asked, ...able].map(({ supported }) => supported.feePayer(network));
    return named.find((feePayer) => feePayer !== null) ?? null;
  },
});
