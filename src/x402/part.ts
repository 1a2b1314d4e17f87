// A payment of which a part may be settled (scheme `upto`, "Phase-Dependent amount Semantics"): what was signed is the most,
// and the requirements that a facilitator is asked to settle by say how much of it.

import { isObject, type JsonObject, parseJson } from "../std/index.ts";

export interface Part {
  /** To be settled, in atomic units. */
  readonly amount: string;
  /** Of the account that the payer signed as the one that may settle it. */
  readonly facilitatorAddress: string;
}

const JSON_LIMITS = { depthMax: 16, nodesMax: 4096 };

/** Who alone may settle a payment, by its scheme's payload; null where it does not say, so that all of it is settled. */
export function facilitatorAddressOf(payload: JsonObject): string | null {
  const { witness } = objectOf(payload["permit2Authorization"]);
  const { facilitator } = objectOf(witness);
  return typeof facilitator === "string" ? facilitator : null;
}

/** What a body of `/settle` asks for; null where that is all that was signed. */
export function readPart(body: string): Part | null {
  const json = parseJson(body, JSON_LIMITS);
  const { paymentPayload, paymentRequirements } = objectOf(json.ok ? json.value : null);
  const facilitatorAddress = facilitatorAddressOf(objectOf(objectOf(paymentPayload)["payload"]));
  const { amount } = objectOf(paymentRequirements);
  return facilitatorAddress !== null && typeof amount === "string" ? { amount, facilitatorAddress } : null;
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});
