// What passes as it is, unpaid.

import type { ComputedAccess, FreeAccess, PaidAccess } from "../config/index.ts";
import type { Outcome } from "../outcome/index.ts";
import { forward } from "./forward.ts";
import { type Call, discard, type Gate, refuse } from "./gate.ts";

/** The same bytes both ways. */
export async function pass(gate: Gate, call: Call, access: FreeAccess | PaidAccess): Promise<Outcome> {
  const forwarded = await forward(gate, call, access, call.body, null);
  if (forwarded.kind !== "answered") return refuse(forwarded);
  const { answer } = forwarded;
  const { status } = answer;
  // Its own challenge would name somebody else's payee under our name; and there is no status above 599.
  if (status !== 402 && status <= 599) return { kind: "passed", answer };
  discard(answer);
  return refuse({ reason: "upstream_not_sellable", status });
}

/** As if it had no price. */
export const freely = ({ upstream, bodyBytesMax }: ComputedAccess): FreeAccess => ({
  kind: "free",
  upstream,
  bodyBytesMax,
});
