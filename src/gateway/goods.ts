// What the upstream's one execution is worth: goods that the offer sells, or something that nobody pays for.

import type { Offer } from "../config/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { AdmittedPayment } from "../schemes/index.ts";
import { capped } from "../std/index.ts";
import { isHandshake, type Paid, type UpstreamAnswer } from "../upstream/index.ts";
import { partsOf } from "../x402/index.ts";
import { isSettled, isUnaskedPart } from "./conditions.ts";
import { forward } from "./forward.ts";
import { discard, type Gate, type Order, refuse } from "./gate.ts";

export type Goods =
  | { readonly kind: "sellable"; readonly answer: UpstreamAnswer }
  | { readonly kind: "unsold"; readonly outcome: Outcome; readonly reason: string };

/** The one execution. */
export async function fetchGoods(gate: Gate, { call, access, body }: Order, paid: Paid): Promise<Goods> {
  const forwarded = await forward(gate, call, access, body, paid);
  if (forwarded.kind !== "answered") return { kind: "unsold", outcome: refuse(forwarded), reason: forwarded.reason };
  const { answer } = forwarded;
  return isSold(answer, call.request, access.offer) ? { kind: "sellable", answer } : unsold(answer, access.offer, paid);
}

/** @param transaction of a settlement that came first */
export function paidBy({ payment }: AdmittedPayment, transaction: string | null): Paid {
  const { payer, network, id, asset, amount } = payment;
  return { payer, network, id, asset, amount, transaction };
}

/** Of an earlier payment no more is in hand than its id and its settlement. */
export function paidBefore(id: string, transaction: string): Paid {
  const { payer, network } = partsOf(id);
  return { payer, network, id, asset: null, amount: null, transaction };
}

/** Who asks for a WebSocket pays for one, and for nothing else that an upstream may say instead. */
function isSold({ status, webSocket }: UpstreamAnswer, request: Request, offer: Offer): boolean {
  if (isHandshake(request)) return webSocket !== undefined;
  return offer.chargeOn.has(status) && !isUnaskedPart(status, offer, request.headers);
}

/** A redirect or a part that the offer does not sell could be the goods themselves, so neither is given away. */
function unsold(answer: UpstreamAnswer, { ranges }: Offer, paid: Paid): Goods {
  const { status } = answer;
  const reason = `upstream_${status}`;
  // Where the offer lets a client ask so: of what it has already nothing is given away, and a 412 may hold the goods (RFC
  // 7240 section 4.2, `return=representation`).
  const isUnchanged = status === 304 && ranges && !isSettled(paid);
  if (isPlainError(status) || isUnchanged) {
    const told = status === 412 && ranges ? withoutBody(answer) : answer;
    return { kind: "unsold", outcome: { kind: "unsold", answer: shorten(told) }, reason };
  }
  discard(answer);
  return { kind: "unsold", outcome: refuse({ reason: "upstream_not_sellable", status }), reason };
}

/** The upstream's own challenge would name another payee under our name. */
const isPlainError = (status: number): boolean => status >= 400 && status <= 599 && status !== 402;

function withoutBody(answer: UpstreamAnswer): UpstreamAnswer {
  discard(answer);
  return { ...answer, body: null };
}

/** What is kept of an error page that nobody pays for. */
const UNSOLD_BYTES_MAX = 64 * 1024;

function shorten({ status, headers: whole, body }: UpstreamAnswer): UpstreamAnswer {
  const headers = new Headers(whole);
  headers.delete("content-length");
  const isStream = body instanceof ReadableStream;
  const start = isStream ? capped(body, UNSOLD_BYTES_MAX) : (body?.subarray(0, UNSOLD_BYTES_MAX) ?? null);
  return { status, headers, body: start, length: null };
}
