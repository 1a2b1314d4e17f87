// An offer at another price: of what was quoted before the table changed, and of what an upstream quotes.

import type { PaymentFlow, Terms } from "../schemes/index.ts";
import { buildChallenge, type Challenge, parseDollars, type Token } from "../x402/index.ts";
import { entriesOf } from "./settlers.ts";
import type { Offer } from "./table.ts";

/**
 * What a payment is held to at that price, in the ways to pay of today; null where none of them can take it. The challenge
 * stays the one of today.
 *
 * @param price as `Offer.price` is written
 */
export function termsAt({ terms }: Offer, price: string): readonly Terms[] | null {
  const repriced = terms.flatMap((one) => {
    const amount = amountOf(price, one.token);
    return amount === null ? [] : [{ ...one, requirements: { ...one.requirements, amount: amount.toString() } }];
  });
  return repriced.length > 0 ? repriced : null;
}

/** The whole offer at that price, its challenges too; null where one of its ways to pay cannot take it. */
export function offerAt(offer: Offer, price: string): Offer | null {
  const terms = termsAt(offer, price);
  if (terms === null || terms.length < offer.terms.length) return null;
  const flow: PaymentFlow = offer.settle === "before" ? "upfront" : "authorization";
  return {
    ...offer,
    price,
    terms,
    challenge: challengeOf(offer, terms, flow),
    upfront: offer.upfront && challengeOf(offer, terms, "upfront"),
    // A form of the offer has what this one has not: it is at that price too.
    variant:
      offer.variant && ((known) => offerAt((offer.variant as NonNullable<Offer["variant"]>)(known), price) as Offer),
  };
}

/** Of two prices of one route in dollars. */
export const isMore = ({ terms: [one] }: Offer, { terms: [other] }: Offer): boolean =>
  BigInt(one?.requirements.amount ?? 0) > BigInt(other?.requirements.amount ?? 0);

function challengeOf({ about, extensions, settlers }: Offer, terms: readonly Terms[], flow: PaymentFlow): Challenge {
  const inFlow = terms.filter((one) => one.flow === flow);
  return buildChallenge(about, entriesOf(inFlow, settlers), extensions);
}

function amountOf(price: string, { dollar, decimals, asset }: Token): bigint | null {
  const [amount = "", ofAsset] = price.split(" ");
  if (ofAsset !== undefined) return ofAsset === asset ? BigInt(amount) : null;
  const dollars = dollar ? parseDollars(price, decimals) : null;
  return dollars?.ok ? dollars.value : null;
}
