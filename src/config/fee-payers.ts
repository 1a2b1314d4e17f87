// Payers on Solana sign for the account that pays the gas, which a facilitator names and may change. A challenge leaves out
// what nobody can be named for.

import type { Known } from "../facilitator/index.ts";
import { type Terms, withFeePayer } from "../schemes/index.ts";
import type { PaymentRequirements } from "../x402/index.ts";

/** By network; null where nobody is known. */
export type FeePayers = Known["feePayer"];

/** As long as an address can be. */
export const LONGEST: FeePayers = () => "1".repeat(44);

/** The entries of a challenge. */
export const entriesOf = (terms: readonly Terms[], feePayers: FeePayers): readonly PaymentRequirements[] =>
  terms.flatMap(({ scheme, requirements }) => {
    if (!scheme.isSponsored) return requirements;
    const feePayer = feePayers(requirements.network);
    return feePayer === null ? [] : withFeePayer(requirements, feePayer);
  });
