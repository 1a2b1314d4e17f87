// What is offered at this moment: an offer may depend on what its facilitators say that they can do. They are asked behind
// the answer, now and then; nobody waits for them.

import type { PaidAccess } from "../config/index.ts";
import { type Facilitator, knownOf } from "../facilitator/index.ts";
import type { Gate } from "./gate.ts";

function offeredNow(gate: Gate, access: PaidAccess): PaidAccess {
  const { offer } = access;
  if (offer.variant === null) return access;
  const facilitators = gate.facilitators.of(offer.facilitators);
  lookUp(gate, facilitators);
  return { ...access, offer: offer.variant(knownOf(facilitators)) };
}

/** The same, in an isolate that has heard of nobody yet: what others have heard is waited for where nothing is offered without it. */
export async function offeredSoon(gate: Gate, access: PaidAccess): Promise<PaidAccess> {
  const offered = offeredNow(gate, access);
  if (access.offer.variant === null || !offered.offer.challenge.isEmpty) return offered;
  const facilitators = gate.facilitators.of(access.offer.facilitators);
  await Promise.all(facilitators.map(({ supported }) => supported.recallSoon()));
  return offeredNow(gate, access);
}

/** What they can do, where that was read too long ago. */
export function lookUp(gate: Gate, facilitators: readonly Facilitator[]): void {
  for (const { supported } of facilitators) if (supported.isStale()) gate.waitUntil(supported.refresh());
}
