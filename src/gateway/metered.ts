// A call that is charged for what it used (scheme `upto`): the payer authorized a maximum, the upstream is asked, and what
// is settled is what its answer says. An answer in one piece goes out when it is paid for. A stream goes out as it comes:
// that it is owed is on record first, and what it used is read off it and settled behind its end.

import type { PaidAccess } from "../config/index.ts";
import type { LedgerEvent } from "../ledger/index.ts";
import { askForUsage, type Charge, chargeFor, Gauge, isEventStream, type Meter, needsEnd } from "../metering/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { AdmittedPayment } from "../schemes/index.ts";
import { err, gathered, isEncoded, ok, type Result } from "../std/index.ts";
import { isJson } from "../tariff/index.ts";
import { trackMetered, type UpstreamAnswer } from "../upstream/index.ts";
import { encodeReceipt, type Receipt } from "../x402/index.ts";
import { type Admitted, reporterOf } from "./admit.ts";
import { FIRST_DELIVERY, report } from "./attempt.ts";
import { charge, owe, oweNothing, receiptOf, settleBehind } from "./charge.ts";
import { creditOf } from "./credit.ts";
import {
  type Body,
  type Gate,
  type Metering,
  meteredMs,
  type Order,
  redeliveredMs,
  refuse,
  type Tracked,
} from "./gate.ts";
import { fetchGoods, paidBy } from "./goods.ts";
import { type Bill, billOf } from "./settle.ts";

/** Where what was used stands in the last event a stream is read on that nobody gets; the platform allows 30 seconds. */
const DRAIN_MS = 25_000;
/** How long a stream waits for a reader that takes nothing: its use is not known for so long. */
const STALL_MS = 30_000;
/** How long a stream's end waits for its receipt. */
const RECEIPT_MS = 10_000;
/** How long an answer without a length may take to turn out to be a short one. */
const GATHER_MS = 5_000;

/** Takes the use off one answer. */
interface Reading {
  /** @param isTaken whether the buyer has it: else its bytes are not counted */
  readonly take: (chunk: Uint8Array, isTaken: boolean) => void;
  /** Its seconds are counted no further. */
  readonly leave: () => void;
  readonly end: (isWhole: boolean, hasLeft: boolean) => Charge;
  /** Whether a stream has said that it is over. */
  readonly isDone: () => boolean;
  /** Whether a stream is to end with its receipt, and can. */
  readonly hasReceipt: boolean;
  /** Whether the use may stand at the end of the answer. */
  readonly needsEnd: boolean;
  /** Whether the payer signed for the time that was asked, or nearly so. */
  readonly hasTime: boolean;
}

/** Of what was asked for. The rest may have passed since it was signed. */
const TIME_SIGNED = 0.75;

async function serveMetered(
  gate: Gate,
  order: Order,
  admitted: Admitted,
  meter: Meter,
  judgedMs: number,
): Promise<Outcome> {
  const { payment } = admitted;
  const sinceMs = gate.nowMs();
  const asked = bodyFor(meter, order);
  if (!asked.ok) return oweNothing(gate, payment, asked.error.reason, refuse(asked.error));
  const goods = await fetchGoods(gate, { ...order, body: asked.value }, paidBy(payment, null));
  if (goods.kind === "unsold") return oweNothing(gate, payment, goods.reason, goods.outcome);
  // What the gate measures itself may be read as it comes, where nobody reads it whole.
  const isReadWhole = needsEnd(meter) || isJson(goods.answer.headers);
  const answer = isReadWhole ? await inOnePiece(gate, goods.answer) : goods.answer;
  if (answer === null) {
    const reason = "upstream_unreachable";
    return oweNothing(gate, payment, reason, refuse({ reason }));
  }
  const gauge = new Gauge(meter, answer);
  const { decimals, amount, validBeforeMs } = payment.payment;
  let leftMs: number | null = null;
  const reading: Reading = {
    take: (chunk, isTaken) => gauge.feed(chunk, isTaken),
    leave() {
      leftMs = gate.nowMs();
    },
    end(isWhole, hasLeft) {
      const usage = gauge.end((leftMs ?? gate.nowMs()) - sinceMs, isWhole);
      return chargeFor(meter, usage, { decimals, max: BigInt(amount) }, hasLeft);
    },
    isDone: () => gauge.isDone,
    needsEnd: needsEnd(meter),
    hasTime: validBeforeMs - judgedMs >= redeliveredMs(order.access) * TIME_SIGNED,
    hasReceipt: meter.receiptComment && isEventStream(answer.headers) && !isEncoded(answer.headers),
  };
  const { body } = answer;
  if (body instanceof ReadableStream) return stream(gate, order, admitted, { ...answer, body }, reading);
  if (body !== null) reading.take(body, true);
  return chargeWhole(gate, order, payment, answer, owedFor(order, reading.end(true, false)));
}

/** Whoever asks in a way that only the upstream understands is not served for what costs an answer without its use. */
const UNCLEAR = {
  reason: "price_ambiguous",
  by: "what the answer says that it used",
  why: 'the gate cannot ask for that here: send plain JSON in UTF-8, and "stream" as true or false',
} as const;

function bodyFor({ includeUsage }: Meter, { body, call }: Order): Result<Body, typeof UNCLEAR> {
  if (!includeUsage || body === null) return ok(body);
  // A metered call's body was read.
  const asking = askForUsage(body as Uint8Array, call.request.headers);
  return asking === null ? err(UNCLEAR) : ok(asking);
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
  owed: Owed,
): Promise<Outcome> {
  const bill = billOf(payment, owed);
  const reporter = reporterOf(payment);
  if (owed.amount === 0n) {
    gate.waitUntil(report(gate, reporter, [{ kind: "served" }, { kind: "delivered" }, ...waived(bill, owed)]));
    gate.waitUntil(gate.exposure.free(reporter.attempt));
    payment.leave();
    return { kind: "sold", answer, receipt: receiptOf(payment, "", bill) };
  }
  return charge(gate, order, payment, answer, bill);
}

type StreamedAnswer = UpstreamAnswer & { readonly body: ReadableStream<Uint8Array> };

async function stream(
  gate: Gate,
  order: Order,
  admitted: Admitted,
  answer: StreamedAnswer,
  { take: feed, leave, end, isDone, hasReceipt, needsEnd, hasTime }: Reading,
): Promise<Outcome> {
  const { payment } = admitted;
  const [refused, credit] = await Promise.all([owe(gate, admitted, answer), creditOf(gate, order, payment.payment.id)]);
  if (refused !== null) return refused;
  const lastsMs = meteredMs(gate, order, payment.payment);
  const receipt = Promise.withResolvers<Uint8Array | null>();
  const last = hasReceipt ? receipt.promise : null;
  let isInLine = false;
  const take = (chunk: Uint8Array, isTaken: boolean): void => {
    feed(chunk, isTaken);
    if (isTaken) isInLine = !LINE_ENDS.includes(chunk.at(-1));
  };
  // What the gate measures itself is what was handed on, and nobody is charged for more.
  const [stallMs, drainMs] = needsEnd ? [STALL_MS, DRAIN_MS] : [lastsMs, 0];
  // Who signs for little time chooses where the cut falls: it may be in a pause, and breaks nothing off.
  const breaksInSilence = needsEnd && hasTime;
  const { nowMs } = gate;
  const settings = { take, leave, stallMs, drainMs, lastsMs, last, breaksInSilence, nowMs };
  const { answer: piped, ended } = trackMetered(answer, answer.body, settings);
  const settled = ended.then(async ({ delivery, isWhole, isSilent }) => {
    // Who gives up an API that says nothing has not left to hide what it used, and what came to its end hides nothing.
    const charged = end(isWhole, delivery === "left" && !isSilent && !isWhole);
    const owed = owedFor(order, charged, delivery === "left");
    const handed = FIRST_DELIVERY[isDone() ? "delivered" : delivery];
    const timer = setTimeout(() => receipt.resolve(null), RECEIPT_MS);
    const settlement = await settleStream(gate, order, payment, handed, owed);
    clearTimeout(timer);
    receipt.resolve(settlement === null ? null : commentOf(settlement, isInLine));
  });
  gate.waitUntil(settled);
  if (credit !== null) piped.headers.set(PAYMENT_HEADER, credit.payment);
  return { kind: "served", answer: piped };
}

/** Nobody is charged for it: who left nearly all of it has had it. While the API says nothing there is nothing to have. */
function trackAgain(
  { nowMs }: Gate,
  access: PaidAccess,
  answer: UpstreamAnswer,
  body: ReadableStream<Uint8Array>,
): Tracked {
  const meter = access.offer.meter as Meter;
  const gauge = new Gauge(meter, answer);
  const { answer: piped, ended } = trackMetered(answer, body, {
    take: (chunk) => gauge.feed(chunk),
    leave: () => undefined,
    stallMs: STALL_MS,
    drainMs: 0,
    lastsMs: redeliveredMs(access),
    breaksInSilence: needsEnd(meter),
    nowMs,
    last: null,
  });
  return { answer: piped, ended: ended.then(({ delivery }) => (gauge.isDone ? "delivered" : delivery)) };
}

/** Where what became of the payment can be read: a stream's head is gone before anybody knows. */
const PAYMENT_HEADER = "faregate-payment";

/** A line that ends no event, wherever the stream ended (HTML, 9.2.6 "Interpreting an event stream"). */
const commentOf = (receipt: Receipt, isInLine: boolean): Uint8Array =>
  new TextEncoder().encode(`${isInLine ? "\n" : ""}: ${encodeReceipt(receipt).join(" ")}\n`);
const LINE_ENDS: readonly unknown[] = [0x0a, 0x0d];

/** @returns what the payer is told, once it is settled */
async function settleStream(
  gate: Gate,
  order: Order,
  payment: AdmittedPayment,
  handed: LedgerEvent,
  owed: Owed,
): Promise<Receipt | null> {
  const bill = billOf(payment, owed);
  const reporter = reporterOf(payment);
  if (owed.amount === 0n) {
    await report(gate, reporter, [handed, ...waived(bill, owed)]);
    await gate.exposure.free(reporter.attempt);
    payment.leave();
    return receiptOf(payment, "", bill);
  }
  // What the book does not know of is not settled: it would call it something else. The alarm settles what it has.
  if (!(await report(gate, reporter, [handed, bill.noted]))) {
    payment.leave();
    return null;
  }
  const settlement = await settleBehind(gate, order, payment, bill);
  return settlement.kind === "settled" ? receiptOf(payment, settlement.transaction, settlement.bill) : null;
}

/** What is to be settled, and why nothing is where that is nothing. */
interface Owed extends Pick<Charge, "amount" | "calculation"> {
  readonly waiver: Extract<LedgerEvent, { kind: "waived" }>["reason"];
}

/**
 * To HEAD an API may do the work of GET, and shows nothing of what that would have used (RFC 9110 section 9.3.2); and who
 * left before taking anything had it work all the same.
 */
const owedFor = ({ call }: Order, { amount, calculation, isMissing }: Charge, hasLeft = false): Owed => ({
  amount,
  calculation,
  waiver: isMissing || hasLeft || call.request.method === "HEAD" ? "usage_missing" : "no_usage",
});

const waived = ({ noted }: Bill, { waiver }: Owed): readonly LedgerEvent[] => [
  noted,
  { kind: "waived", reason: waiver },
];

export const metering: Metering = { serve: serveMetered, track: trackAgain };
