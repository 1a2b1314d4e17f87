// What an attempt tells the ledger, and how an answer is handed over. Everything is recorded behind the answer, under
// `waitUntil`: a client that leaves cancels none of it.

import type { LedgerEvent, StoredAnswer } from "../ledger/index.ts";
import { trackDelivery, type UpstreamAnswer } from "../upstream/index.ts";
import { type Gate, leaseMs, type Metering, type Order, type Tracked } from "./gate.ts";

/** Whose report it is. */
export interface Reporter {
  readonly id: string;
  readonly attempt: string;
}

/** An answer for repeats is kept for a day. */
const ANSWER_MS = 86_400_000;
/** Larger ones are not kept: a row of the ledger has to hold them. */
const ANSWER_BYTES_MAX = 1_048_576;

/** @returns whether the ledger holds it */
export function report(
  gate: Gate,
  { id, attempt }: Reporter,
  events: readonly LedgerEvent[],
  kept: StoredAnswer | null = null,
): Promise<boolean> {
  const nowMs = gate.nowMs();
  const answer = kept && { ...kept, untilMs: nowMs + ANSWER_MS };
  return gate.books.record({ id, attempt, nowMs, events, answer });
}

/**
 * Null for a stream or a WebSocket, for what is too large to keep, and for the answer to a body that no repeat can be
 * held against.
 */
export function storable(order: Order, { status, headers, body, webSocket }: UpstreamAnswer): StoredAnswer | null {
  if (
    order.body instanceof ReadableStream ||
    webSocket !== undefined ||
    body instanceof ReadableStream ||
    (body?.byteLength ?? 0) > ANSWER_BYTES_MAX
  )
    return null;
  return { status, headers: [...headers], body: body ?? new Uint8Array() };
}

export const restored = ({ status, headers, body }: StoredAnswer): UpstreamAnswer => ({
  status,
  headers: new Headers(headers.map(([name, value]): [string, string] => [name, value])),
  body,
  length: body.byteLength,
});

/** How the end of a delivery is told. Who leaves what is metered has no credit for the rest: there is no whole that was paid for. */
type Ending = { readonly [end in Awaited<Tracked["ended"]>]: LedgerEvent };

export const FIRST_DELIVERY: Ending = {
  delivered: { kind: "delivered" },
  truncated: { kind: "truncated" },
  left: { kind: "delivered" },
  broken: { kind: "truncated" },
};
export const REDELIVERY: Ending = {
  delivered: { kind: "redeemed" },
  truncated: { kind: "undelivered" },
  left: { kind: "redeemed" },
  broken: { kind: "undelivered" },
};

/** What the ledger is told beside how a delivery ended. */
export interface Telling {
  /** Once it goes out. */
  readonly before: readonly LedgerEvent[];
  /** When it has ended. */
  readonly beforeEnd: readonly LedgerEvent[];
}

export const NOTHING_MORE: Telling = { before: [], beforeEnd: [] };

/**
 * The answer as the client gets it. A whole one and an opened WebSocket are delivered with that; a stream when its end
 * has been piped, and until then only `before` is on record.
 */
export function deliver(
  gate: Gate,
  order: Order,
  reporter: Reporter,
  answer: UpstreamAnswer,
  telling: Promise<Telling> | Telling,
  ending: Ending,
): UpstreamAnswer {
  if (!(answer.body instanceof ReadableStream)) {
    const kept = order.key && storable(order, answer);
    const tell = async (): Promise<boolean> => {
      const { before, beforeEnd } = await telling;
      return report(gate, reporter, [...before, ...beforeEnd, ending.delivered], kept);
    };
    gate.waitUntil(tell());
    return answer;
  }
  const begin = async (): Promise<readonly LedgerEvent[]> => {
    const { before, beforeEnd } = await telling;
    if (before.length > 0) await report(gate, reporter, before);
    return beforeEnd;
  };
  const begun = begin();
  gate.waitUntil(begun);
  // One after the other: what it ended with is the last word.
  let told: Promise<unknown> = begun;
  const goesOn = (nextMs: number): void => {
    if (ending !== FIRST_DELIVERY) return;
    const event: LedgerEvent = { kind: "delivering", leaseMs: nextMs + leaseMs(order.access) };
    told = told.then(() => report(gate, reporter, [event]));
    gate.waitUntil(told);
  };
  const { answer: piped, ended } =
    order.access.offer.meter === null
      ? trackDelivery(answer, answer.body, goesOn)
      : (gate.metering as Metering).track(gate, order.access, answer, answer.body);
  const tellEnd = async (): Promise<boolean> => {
    const end = ending[await ended];
    await told;
    return report(gate, reporter, [...(await begun), end]);
  };
  gate.waitUntil(tellEnd());
  return piped;
}
