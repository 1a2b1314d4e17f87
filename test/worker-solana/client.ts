// How tests speak with a gate that accepts Solana.

import { inject } from "vitest";
import type { FacilitatorCall } from "../support/fake-facilitator.ts";
import { hashOf, type SolanaPayment } from "../support/solana-payment.ts";
import { ask, eventually } from "../worker/client.ts";

/** The challenge, once it is known for whom payers sign. */
export const challenged = (path: string): Promise<Response> => eventually(() => ask(path), 402);

export const encode = (payment: SolanaPayment): string => btoa(JSON.stringify(payment));

export async function facilitatorCalls({ payload }: SolanaPayment): Promise<FacilitatorCall[]> {
  const response = await fetch(`${inject("facilitator")}/__calls?nonce=${hashOf(payload.transaction)}`);
  return response.json();
}
