// A call that is charged for what it used (scheme `upto`): the payer authorized a maximum, the upstream is asked, and what
// is settled is what its answer says. An answer in one piece goes out when it is paid for. A stream goes out as it comes:
// that it is owed is on record first, and what it used is read off it and settled behind its end.

import type { LedgerEvent } from "../ledger/index.ts";
import { askForUsage, type Charge, chargeFor, Gauge, isEventStream, type Meter } from "../metering/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { AdmittedPayment } from "../schemes/index.ts";
import { gathered } from "../std/index.ts";
import { trackMetered, type UpstreamAnswer } from "../upstream/index.ts";
import { reporterOf } from "./admit.ts";
import { report } from "./attempt.ts";
import { charge, oweNothing, receiptOf, settleBehind } from "./charge.ts";
import { creditOf } from "./credit.ts";
import { discard, type Gate, meteredMs, type Order, refuse } from "./gate.ts";
import { fetchGoods, paidBy } from "./goods.ts";
import { type Bill, billOf } from "./settle.ts";

/** What was used stands in the last event, so a stream is read on that nobody gets; the platform allows 30 seconds. */
const DRAIN_MS = 25_000;
/** How long an answer without a length may take to turn out to be a short one. */
const GATHER_MS = 5_000;

/** Takes the use off one answer. */
interface Reading {
  readonly take: (chunk: Uint8Array) => void;
  readonly end: (isWhole: boolean) => Charge;
}

export async function serveMetered(gate: Gate, order: Order, payment: AdmittedPayment, meter: Meter): Promise<Outcome> {
  const sinceMs = gate.nowMs();
  const asked = meter.includeUsage && order.body instanceof Uint8Array ? askForUsage(order.body) : order.body;
  const goods = await fetchGoods(gate, { ...order, body: asked }, paidBy(payment, null));
  if (goods.kind === "unsold") return oweNothing(gate, reporterOf(payment), goods.reason, goods.outcome);
  const answer = await inOnePiece(gate, goods.answer);
  if (answer === null) {
    const reason = "upstream_unreachable";
    return oweNothing(gate, reporterOf(payment), reason, refuse({ reason }));
  }
  const gauge = new Gauge(meter, answer, gate.config.bufferBytesMax);
  const { decimals, amount } = payment.payment;
  const reading: Reading = {
    take: (chunk) => gauge.feed(chunk),
    end: (isWhole) => chargeFor(meter, gauge.end(gate.nowMs() - sinceMs, isWhole), { decimals, max: BigInt(amount) }),
  };
  const { body } = answer;
  if (body instanceof ReadableStream) return stream(gate, order, payment, { ...answer, body }, reading);
  if (body !== null) reading.take(body);
  return chargeWhole(gate, order, payment, answer, reading.end(true));
}

/** What is short and no stream of events is read whole, also where its length was not declared; null where it breaks off. */
async function inOnePiece({ config }: Gate, answer: UpstreamAnswer): Promise<UpstreamAnswer | null> {
  const { body, headers, length } = answer;
  if (!(body instanceof ReadableStream) || length !== null || isEventStream(headers)) return answer;
  try {
    const whole = await gathered(body, config.bufferBytesMax, GATHER_MS);
    const { whole: _, ...rest } = answer;
    return whole instanceof ReadableStream
      ? { ...rest, body: whole }
      : { ...rest, body: whole, length: whole.byteLength };
  } catch {
    return null;
  }
}

async function chargeWhole(
  gate: Gate,
  order: Order,
  payment: AdmittedPayment,
  answer: UpstreamAnswer,
  charged: Charge,
): Promise<Outcome> {
  const bill = billOf(payment, charged);
  const reporter = reporterOf(payment);
  if (charged.amount === 0n) {
    gate.waitUntil(report(gate, reporter, [{ kind: "served" }, { kind: "delivered" }, ...waived(bill, charged)]));
    gate.waitUntil(gate.exposure.free(reporter.attempt));
    return { kind: "sold", answer, receipt: receiptOf(payment, "", bill) };
  }
  const outcome = await charge(gate, order, payment, answer, bill);
  gate.waitUntil(gate.exposure.free(reporter.attempt));
  return outcome;
}

type StreamedAnswer = UpstreamAnswer & { readonly body: ReadableStream<Uint8Array> };

async function stream(
  gate: Gate,
  order: Order,
  payment: AdmittedPayment,
  answer: StreamedAnswer,
  { take, end }: Reading,
): Promise<Outcome> {
  const reporter = reporterOf(payment);
  const [isHeld, credit] = await Promise.all([
    report(gate, reporter, [{ kind: "served" }]),
    creditOf(gate, order, reporter.id),
  ]);
  if (!isHeld) {
    discard(answer);
    const reason = "ledger_unavailable";
    return oweNothing(gate, reporter, reason, refuse({ reason }));
  }
  const lastsMs = meteredMs(gate, order, payment.payment);
  const { answer: piped, ended } = trackMetered(answer, answer.body, { take, drainMs: DRAIN_MS, lastsMs });
  const settled = ended.then(async ({ delivery, isWhole }) => {
    const charged = end(isWhole);
    // Whoever leaves pays for what was used, and has no credit: there is no whole that was paid for.
    const handed: LedgerEvent = { kind: delivery === "broken" ? "truncated" : "delivered" };
    return settleStream(gate, order, payment, handed, charged);
  });
  gate.waitUntil(settled);
  const headers = new Headers(piped.headers);
  if (credit !== null) headers.set(PAYMENT_HEADER, credit.payment);
  return { kind: "served", answer: { ...piped, headers } };
}

/** Where what became of the payment can be read: a stream's head is gone before anybody knows. */
const PAYMENT_HEADER = "faregate-payment";

async function settleStream(
  gate: Gate,
  order: Order,
  payment: AdmittedPayment,
  handed: LedgerEvent,
  charged: Charge,
): Promise<void> {
  const bill = billOf(payment, charged);
  const reporter = reporterOf(payment);
  if (charged.amount === 0n) {
    await report(gate, reporter, [handed, ...waived(bill, charged)]);
    return gate.exposure.free(reporter.attempt);
  }
  await report(gate, reporter, [handed, bill.noted]);
  return settleBehind(gate, order, payment, bill);
}

const waived = (bill: Bill, { isMissing }: Charge): readonly LedgerEvent[] => [
  bill.noted,
  { kind: "waived", reason: isMissing ? "usage_missing" : "no_usage" },
];
