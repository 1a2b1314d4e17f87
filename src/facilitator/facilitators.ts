// All facilitators that a table names, which of them a payment is taken to, and what is known of them.

import { canSettle, type Facilitator, type FacilitatorSettings, type Need } from "./facilitator.ts";
import type { Listed } from "./supported.ts";

/** A payment, as far as it decides who is asked about it. */
export type Sought = Need &
  Listed & {
    /** Names of x402 extensions without which it does not go through. */
    readonly extensions: readonly string[];
    /** The facilitator's account that alone can settle it; null where any may. */
    readonly settler: string | null;
  };

export interface Facilitators {
  /**
   * Of these settings those that can settle it, in their order; those that do not list it come last, because a list may
   * be old. What needs an extension goes to those that list that; where it is not known of one, to whom it may be. None
   * where each is known to settle as others alone.
   */
  readonly among: (settings: readonly FacilitatorSettings[], payment: Sought) => readonly Facilitator[];
  /** Of these settings all; those of one name can differ in the time that a route gives them. */
  readonly of: (settings: readonly FacilitatorSettings[]) => readonly Facilitator[];
  /** The one that a payment is pinned to; null where the table names it no more. */
  readonly named: (name: string) => Facilitator | null;
  readonly all: readonly Facilitator[];
  /** What everybody may know of it, and which of several of one host it is, in the order of the table. */
  readonly publicName: (one: Facilitator) => string;
}

export function buildFacilitators(built: ReadonlyMap<FacilitatorSettings, Facilitator>): Facilitators {
  const all = [...built.values()];
  // The gate asks for none that its table does not name.
  const of = (those: readonly FacilitatorSettings[]) => those.map((one) => built.get(one) as Facilitator);
  return {
    among(those, payment) {
      const able = of(those.filter((one) => canSettle(one, payment)));
      const found = payment.extensions.reduce(extending, settling(able, payment));
      const isAble = ({ supported }: Facilitator): boolean => supported.lists(payment) !== false;
      return found.every(isAble) ? found : [...found.filter(isAble), ...found.filter((one) => !isAble(one))];
    },
    of,
    named: (name) => all.find((one) => one.name === name) ?? null,
    all,
    publicName({ name, publicName }) {
      const alike = [...new Set(all.filter((one) => one.publicName === publicName).map((one) => one.name))];
      return alike.length > 1 ? `${publicName} #${alike.indexOf(name) + 1}` : publicName;
    },
  };
}

function extending(those: readonly Facilitator[], extension: string): readonly Facilitator[] {
  const saying = (word: boolean | null) => those.filter(({ supported }) => supported.extends(extension) === word);
  const sure = saying(true);
  const maybe = sure.length > 0 ? sure : saying(null);
  return maybe.length > 0 ? maybe : those;
}

/** Those whose account it names, and behind them those whose it may be. */
function settling(those: readonly Facilitator[], payment: Sought): readonly Facilitator[] {
  const { settler } = payment;
  if (settler === null) return those;
  const saying = (word: boolean | null) =>
    those.filter(({ supported }) => supported.settlesAs(settler, payment) === word);
  return [...saying(true), ...saying(null)];
}

/** What is known of an offer's facilitators, as far as it changes what a client is told. */
export interface Known {
  /**
   * Whether one that can be asked lists this x402 extension. Null where one may come to: it rests, or has not been heard
   * of yet.
   */
  readonly extends: (extension: string) => boolean | null;
  /** The account for which payers by this scheme are to sign on this network; null where nobody knows. */
  readonly settler: (payment: Listed) => string | null;
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
  settler(payment) {
    const able = those.filter(({ supported }) => supported.lists(payment) !== false);
    const asked = able.filter(({ breaker }) => breaker.isAsked());
    const named = [...asked, ...able].map(({ supported }) => supported.settler(payment));
    return named.find((account) => account !== null) ?? null;
  },
});
