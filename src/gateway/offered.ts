// What is offered at this moment: an offer may depend on what its facilitators say that they can do. They are asked behind
// the answer, now and then; nobody waits for them.

import { type Offer, offersOf, type PaidAccess } from "../config/index.ts";
import { type Facilitator, knownOf } from "../facilitator/index.ts";
import type { Gate } from "./gate.ts";

type Variable = Offer & { readonly variant: NonNullable<Offer["variant"]> };
const isVariable = (offer: Offer): offer is Variable => offer.variant !== null;

const offeredNow = (gate: Gate, access: PaidAccess): PaidAccess =>
  isVariable(access.offer) ? { ...access, offer: formNow(gate, access.offer) } : access;

function formNow(gate: Gate, { facilitators: named, variant }: Variable): Offer {
  const facilitators = gate.facilitators.of(named);
  lookUp(gate, facilitators);
  return variant(knownOf(facilitators));
}

/** The same; what other isolates have heard is waited for where nothing could be offered without it. */
export async function offeredSoon(gate: Gate, access: PaidAccess): Promise<PaidAccess> {
  const offered = offeredNow(gate, access);
  if (access.offer.variant === null || !offered.offer.challenge.isEmpty) return offered;
  await recall(gate.facilitators.of(access.offer.facilitators));
  return offeredNow(gate, access);
}

const recall = (facilitators: readonly Facilitator[]): Promise<unknown> =>
  Promise.all(facilitators.map(({ supported }) => supported.recallSoon()));

export interface Standing {
  /** Those who have never said what they can do, where something of the table hangs on it. */
  readonly unheard: readonly Facilitator[];
  /** Whether all can be sold that the table sells. */
  readonly isSold: boolean;
}

/** What becomes of the table by what its facilitators say of themselves. */
export async function standingOf(gate: Gate): Promise<Standing> {
  const offers = gate.config.routes.flatMap(({ access }) => offersOf(access)).filter(isVariable);
  const asked = new Set(offers.flatMap(({ facilitators }) => gate.facilitators.of(facilitators)));
  const unheard = () => [...asked].filter(({ supported }) => !supported.isHeard);
  await recall(unheard());
  // Each of them has its facilitators looked up.
  const forms = offers.map((offer) => formNow(gate, offer));
  const isSold = forms.every(({ challenge }) => !challenge.isEmpty);
  return { unheard: unheard(), isSold };
}

/** What they can do, where that was read too long ago. */
export function lookUp(gate: Gate, facilitators: readonly Facilitator[]): void {
  for (const { supported } of facilitators) if (supported.isStale()) gate.waitUntil(supported.refresh());
}
