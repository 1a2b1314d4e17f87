// Some payers sign for the account that a facilitator settles with, which it names and may change: on Solana the one that
// pays the gas, by `upto` the only one that the proxy listens to. A challenge leaves out what nobody can be named for.

import type { Known } from "../facilitator/index.ts";
import { requirementsFor, type Terms } from "../schemes/index.ts";
import type { PaymentRequirements } from "../x402/index.ts";

/** By scheme and network; null where nobody is known. */
export type Settlers = Known["settler"];

/** As long as an address can be. */
export const LONGEST: Settlers = () => "1".repeat(44);

/** The entries of a challenge. */
export const entriesOf = (terms: readonly Terms[], settlers: Settlers): readonly PaymentRequirements[] =>
  terms.flatMap((one) => {
    if (one.scheme.settlerKey === null) return one.requirements;
    const settler = settlers(one.requirements);
    return settler === null ? [] : requirementsFor(one, settler);
  });
