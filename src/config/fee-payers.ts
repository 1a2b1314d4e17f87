// Payers on Solana sign for the account that pays the gas, which a facilitator names and may change. So an offer has a form
// for each set of such accounts; it is built when it is first met, and leaves out what nobody can be named for.

import type { Known } from "../facilitator/index.ts";
import { type Terms, withFeePayer } from "../schemes/index.ts";
import { remembering } from "../std/index.ts";
import type { PaymentRequirements } from "../x402/index.ts";
import type { Offer } from "./table.ts";

/** By network; null where nobody is known. */
export type FeePayers = Known["feePayer"];

/** Facilitators have a few accounts, and take turns with them. */
const FORMS_MAX = 16;

/** As long as an address can be. */
export const LONGEST: FeePayers = () => "1".repeat(44);

/** The entries of a challenge. */
export const entriesOf = (terms: readonly Terms[], feePayers: FeePayers): readonly PaymentRequirements[] =>
  terms.flatMap(({ scheme, requirements }) => {
    if (!scheme.isSponsored) return requirements;
    const feePayer = feePayers(requirements.network);
    return feePayer === null ? [] : withFeePayer(requirements, feePayer);
  });

/**
 * @param plain where nobody pays a payer's gas all of the offer
 * @returns the form in which nobody is known, and where to have the others
 */
export function withFeePayers(
  plain: Omit<Offer, "variant">,
  challengesWith: (feePayers: FeePayers) => Pick<Offer, "challenge" | "upfront">,
): Offer {
  const sponsored = plain.terms.filter(({ scheme }) => scheme.isSponsored);
  const networks = [...new Set(sponsored.map(({ requirements }) => requirements.network))];
  if (networks.length === 0) return { ...plain, variant: null };
  const form = remembering(FORMS_MAX, (text): Offer => {
    const keys = text.split(" ");
    return { ...plain, ...challengesWith((network) => keys[networks.indexOf(network)] || null), variant: null };
  });
  const formOf = (feePayers: FeePayers): Offer => form(networks.map((network) => feePayers(network) ?? "").join(" "));
  return { ...formOf(() => null), variant: ({ feePayer }) => formOf(feePayer) };
}
