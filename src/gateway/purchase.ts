// A checked payment's way: admit, execute once, settle, deliver. From the claim on, whatever this invocation manages
// to do, the ledger holds a row that says how far it may have come.

import type { Offer } from "../config/index.ts";
import type { LedgerEvent } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { AdmittedPayment, CheckedPayment } from "../schemes/index.ts";
import { capped } from "../std/index.ts";
import { trackDelivery, type UpstreamAnswer } from "../upstream/index.ts";
import { admit, report } from "./admit.ts";
import { discard, forward, type Gate, type Order, refuse } from "./gate.ts";

/** What is kept of an error page that nobody pays for. */
const UNSOLD_BYTES_MAX = 64 * 1024;

export async function purchase(gate: Gate, order: Order, checked: CheckedPayment): Promise<Outcome> {
  const admission = await admit(gate, order, checked);
  if (admission.kind !== "admitted") return admission;
  const { payment } = admission;
  const forwarded = await forward(gate, order.call, order.access, order.body);
  const goods = appraise(forwarded, order.access.offer);
  if (goods.kind === "sellable") return charge(gate, order, payment, goods.answer);
  gate.waitUntil(report(gate, payment, { kind: "uncharged", reason: goods.reason }));
  return goods.outcome;
}

type Goods =
  | { readonly kind: "sellable"; readonly answer: UpstreamAnswer }
  | { readonly kind: "unsold"; readonly outcome: Outcome; readonly reason: string };

/** A redirect or a part that the offer does not sell could be the goods themselves, so neither is given away. */
function appraise(forwarded: Awaited<ReturnType<typeof forward>>, { chargeOn }: Offer): Goods {
  if (forwarded.kind !== "answered") return { kind: "unsold", outcome: refuse(forwarded), reason: forwarded.reason };
  const { answer } = forwarded;
  const { status } = answer;
  const reason = `upstream_${status}`;
  if (chargeOn.has(status)) return { kind: "sellable", answer };
  if (isPlainError(status)) return { kind: "unsold", outcome: { kind: "unsold", answer: shorten(answer) }, reason };
  discard(answer);
  return { kind: "unsold", outcome: refuse({ reason: "upstream_not_sellable", status }), reason };
}

/** The upstream's own challenge would name another payee under our name. */
const isPlainError = (status: number): boolean => status >= 400 && status <= 599 && status !== 402;

async function charge(gate: Gate, order: Order, payment: AdmittedPayment, answer: UpstreamAnswer): Promise<Outcome> {
  const { call, access } = order;
  const settlement = await call.trace.measure("settle", gate.facilitator(access.offer.facilitator).settle(payment));
  const { payer, network, x402Version } = payment.payment;
  switch (settlement.kind) {
    case "settled": {
      const { transaction } = settlement;
      const delivered = deliver(gate, payment, transaction, answer);
      return { kind: "sold", answer: delivered, receipt: { x402Version, success: true, transaction, network, payer } };
    }
    case "rejected": {
      const { reason: code } = settlement;
      discard(answer);
      gate.waitUntil(report(gate, payment, { kind: "rejected", reason: code }));
      const receipt = { x402Version, success: false, errorReason: code, transaction: "", network, payer };
      return refuse({ reason: "settlement_rejected", code, receipt, invitation: order.invitation });
    }
    case "unknown":
      discard(answer);
      gate.waitUntil(report(gate, payment, { kind: "lost" }));
      return refuse({ reason: "settlement_unknown" });
  }
}

/** Everything is recorded behind the answer, the settlement first of all; a stream's end is recorded when it comes. */
function deliver(gate: Gate, admitted: AdmittedPayment, transaction: string, sold: UpstreamAnswer): UpstreamAnswer {
  const { id, validBeforeMs } = admitted.payment;
  const settled: LedgerEvent = { kind: "settled", transaction };
  gate.waitUntil(gate.spent.write(id, transaction, validBeforeMs, gate.nowMs()));
  if (!(sold.body instanceof ReadableStream)) {
    gate.waitUntil(report(gate, admitted, settled, { kind: "delivered" }));
    return sold;
  }
  const recorded = report(gate, admitted, settled);
  gate.waitUntil(recorded);
  const { answer, ended } = trackDelivery(sold, sold.body);
  gate.waitUntil(recorded.then(() => ended).then((kind) => report(gate, admitted, { kind })));
  return answer;
}

function shorten({ status, headers, body }: UpstreamAnswer): UpstreamAnswer {
  headers.delete("content-length");
  const isStream = body instanceof ReadableStream;
  const start = isStream ? capped(body, UNSOLD_BYTES_MAX) : (body?.subarray(0, UNSOLD_BYTES_MAX) ?? null);
  return { status, headers, body: start, length: null };
}
