// What an offer says may depend on what its facilitators say that they can do, which is not known when the table is read.
// Such an offer has forms, one for each answer that makes a difference; a form is built when it is first met.

import type { Known, Listed } from "../facilitator/index.ts";
import type { Terms } from "../schemes/index.ts";
import { type JsonObject, remembering } from "../std/index.ts";
import { CHALLENGE_FIXED_BYTES_MAX, type Challenge, type GasSponsoring, gasSponsoring } from "../x402/index.ts";
import type { Settlers } from "./settlers.ts";
import type { Offer } from "./table.ts";

export type Challenges = Pick<Offer, "challenge" | "upfront">;

/** The one for debtors has the longer entries. */
export const largestOf = ({ challenge, upfront }: Challenges): Challenge => upfront ?? challenge;

/** @param more bytes that are added for each request */
export const fits = (challenges: Challenges, more: number): boolean =>
  largestOf(challenges).fixedBytes + more <= CHALLENGE_FIXED_BYTES_MAX;

/** What a form of an offer depends on; few of them, and each a short one. */
interface Answers {
  /** Whether a facilitator pays for an allowance in this way; null where nobody knows. */
  readonly sponsors: readonly (boolean | null)[];
  /** For whose account payers sign, by scheme and network; null where nobody is known. */
  readonly settlers: readonly (string | null)[];
}

const NOBODY: Settlers = () => null;

/** Facilitators have a few accounts, and take turns with them. */
const FORMS_MAX = 64;

/**
 * The offer, which advertises who pays for an allowance's gas where Permit2 is a way to pay and a facilitator does so, and
 * names for whom payers sign where they sign for one. What has no room in a header is left out, and what nobody can be named
 * for.
 *
 * @param spareBytes of a challenge, which are added for each request
 */
export function withVariants(
  plain: Omit<Offer, "sponsoring" | "settlers" | "variant">,
  challengesWith: (extensions: JsonObject, settlers: Settlers) => Challenges,
  spareBytes: number,
): Offer {
  const names = sponsoringOf(plain.terms);
  const bound = boundOf(plain.terms);
  if (names.length + bound.length === 0) return { ...plain, sponsoring: [], settlers: NOBODY, variant: null };
  const build = ({ sponsors, settlers: accounts }: Answers): Offer => {
    const sponsoring = names.filter((_, i) => sponsors[i] !== false);
    const settlers: Settlers = (payment) => accounts[bound.findIndex((one) => isSame(one, payment))] ?? null;
    let form = { ...plain, ...challengesWith(plain.extensions, settlers), sponsoring, settlers, variant: null };
    for (const name of names.filter((_, i) => sponsors[i] === true)) {
      const extensions = { ...form.extensions, [name]: gasSponsoring[name] };
      const challenges = challengesWith(extensions, settlers);
      if (fits(challenges, spareBytes)) form = { ...form, extensions, ...challenges };
    }
    return form;
  };
  const formOf = remembering(FORMS_MAX, (text) => build(JSON.parse(text) as Answers));
  const form = (answers: Answers): Offer => formOf(JSON.stringify(answers));
  const variant = (known: Known): Offer =>
    form({ sponsors: names.map(known.extends), settlers: bound.map(known.settler) });
  return { ...form({ sponsors: names.map(() => null), settlers: bound.map(() => null) }), variant };
}

/** The ways to pay in which payers sign for somebody, each once: flows and payees make no difference. */
function boundOf(terms: readonly Terms[]): readonly Listed[] {
  const all = terms.filter(({ scheme }) => scheme.settlerKey !== null).map(({ requirements }) => requirements);
  return all.filter((one, i) => all.findIndex((other) => isSame(one, other)) === i);
}

const isSame = (one: Listed, other: Listed): boolean => one.scheme === other.scheme && one.network === other.network;

/** A token without a domain of its own has nothing that its owner could sign. */
function sponsoringOf(terms: readonly Terms[]): readonly GasSponsoring[] {
  const tokens = terms.flatMap(({ scheme, token }) => (scheme.assetTransferMethod === "permit2" ? token : []));
  if (tokens.length === 0) return [];
  const takesPermits = tokens.some(({ version }) => version !== "");
  return takesPermits ? ["eip2612GasSponsoring", "erc20ApprovalGasSponsoring"] : ["erc20ApprovalGasSponsoring"];
}
