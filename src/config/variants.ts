// What an offer says may depend on what its facilitators say that they can do, which is not known when the table is read.
// Such an offer has forms, one for each answer that makes a difference; a form is built when it is first met.

import type { Known } from "../facilitator/index.ts";
import type { Terms } from "../schemes/index.ts";
import type { JsonObject } from "../std/index.ts";
import { CHALLENGE_FIXED_BYTES_MAX, type Challenge, type GasSponsoring, gasSponsoring } from "../x402/index.ts";
import type { Offer } from "./table.ts";

export type Challenges = Pick<Offer, "challenge" | "upfront">;

/** The one for debtors has the longer entries. */
export const largestOf = ({ challenge, upfront }: Challenges): Challenge => upfront ?? challenge;

export const fits = (challenges: Challenges): boolean => largestOf(challenges).fixedBytes <= CHALLENGE_FIXED_BYTES_MAX;

/**
 * The offer, which advertises who pays for an allowance's gas where Permit2 is a way to pay and a facilitator does so. What
 * has no room in a header is left out.
 */
export function withSponsoring(
  plain: Omit<Offer, "sponsoring" | "variant">,
  challengesWith: (extensions: JsonObject) => Challenges,
): Offer {
  const names = sponsoringOf(plain.terms);
  const build = (words: readonly (boolean | null)[]): Offer => {
    const sponsoring = names.filter((_, i) => words[i] !== false);
    let form = { ...plain, sponsoring, variant: null };
    for (const name of names.filter((_, i) => words[i] === true)) {
      const extensions = { ...form.extensions, [name]: gasSponsoring[name] };
      const challenges = challengesWith(extensions);
      if (fits(challenges)) form = { ...form, extensions, ...challenges };
    }
    return form;
  };
  const unknown = build(names.map(() => null));
  return names.length === 0 ? unknown : { ...unknown, variant: formsOf((known) => names.map(known.extends), build) };
}

/** A token without a domain of its own has nothing that its owner could sign. */
function sponsoringOf(terms: readonly Terms[]): readonly GasSponsoring[] {
  const tokens = terms.flatMap(({ scheme, token }) => (scheme.assetTransferMethod === "permit2" ? token : []));
  if (tokens.length === 0) return [];
  const takesPermits = tokens.some(({ version }) => version !== "");
  return takesPermits ? ["eip2612GasSponsoring", "erc20ApprovalGasSponsoring"] : ["erc20ApprovalGasSponsoring"];
}

/** @param ask what the offer depends on: few answers, and each a short one */
function formsOf<Answers>(
  ask: (known: Known) => Answers,
  build: (answers: Answers) => Offer,
): NonNullable<Offer["variant"]> {
  const built = new Map<string, Offer>();
  return (known) => {
    const answers = ask(known);
    const key = JSON.stringify(answers);
    const form = built.get(key) ?? build(answers);
    built.set(key, form);
    return form;
  };
}
