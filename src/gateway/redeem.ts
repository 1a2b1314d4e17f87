// Faregate-Redeem: the right to what was paid for and not delivered. Either the token that the failed answer carried,
// or the payer's own signature under a sentence that names the payment and an end. Never the payment alone: after its
// settlement everybody can read it on the chain.

import type { Outcome } from "../outcome/index.ts";
import { isSignedBy } from "../schemes/index.ts";
import { partsOf } from "../x402/index.ts";
import type { Gate, Sale } from "./gate.ts";
import { refuse } from "./gate.ts";
import { readOrder } from "./order.ts";
import { present, presentationOf } from "./revisit.ts";
import { decodeId, openSealed } from "./seal.ts";

export const REDEEM_HEADER = "faregate-redeem";

/** A sentence that was signed for longer would be worth stealing. */
const SIGNED_SECONDS_MAX = 3600;

export async function redeem(gate: Gate, sale: Sale, voucher: string): Promise<Outcome> {
  const id = await readVoucher(gate, sale, voucher);
  if (id === null) return refuse({ reason: "invalid_voucher" });
  const order = await readOrder(gate, sale, { key: null, x402Version: 2 });
  if (!order.ok) return refuse(order.error);
  const presentation = { ...presentationOf(gate, order.value, id, gate.newId()), isRedeemer: true };
  return present(gate, order.value, presentation, refuse({ reason: "invalid_voucher" }));
}

/** The payment's id. */
async function readVoucher(gate: Gate, { call }: Sale, voucher: string): Promise<string | null> {
  const signed = /^([^.]+)\.(\d{1,12})\.([^.]+)$/.exec(voucher);
  if (signed === null) return openSealed(gate.seal, "redeem", voucher);
  const [, encoded, until, signature] = signed as unknown as [string, string, string, string];
  const id = decodeId(encoded);
  const leftSeconds = Number(until) - Math.floor(gate.nowMs() / 1000);
  if (id === null || leftSeconds < 0 || leftSeconds > SIGNED_SECONDS_MAX) return null;
  const { payer } = partsOf(id);
  const { proto, host } = call.target;
  return isSignedBy(payer, redemptionText(`${proto}://${host}`, id, until), signature) ? id : null;
}

/** What a payer signs (EIP-191): the gate's origin, the payment, and until when in seconds since 1970. */
export const redemptionText = (origin: string, id: string, until: string): string =>
  `Deliver what I paid for at ${origin}\nPayment: ${id}\nUntil: ${until}`;
