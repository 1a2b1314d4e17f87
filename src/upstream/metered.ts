// A streamed answer whose use is read on its way: it reaches the client as it comes, and its reader sees every chunk. When
// the client is gone, or takes nothing any more, the upstream is read on for a while, because what was used stands in the
// last event.

import { pipeOf } from "./delivery.ts";
import type { UpstreamAnswer } from "./upstream.ts";

export interface MeteredDelivery {
  readonly answer: UpstreamAnswer;
  /**
   * When the upstream has come to its end, whether or not the client has taken that yet. `left`: the client went before it,
   * or took so long that it was too late for more. `broken`: the upstream did.
   */
  readonly ended: Promise<{ readonly delivery: "delivered" | "left" | "broken"; readonly isWhole: boolean }>;
}

export interface MeteredSettings {
  readonly take: (chunk: Uint8Array) => void;
  /** After how long without taking anything a client has left. */
  readonly stallMs: number;
  /** How long a stream is read on that nobody gets. */
  readonly drainMs: number;
  /** How long it may last at most. */
  readonly lastsMs: number;
  /** What the client still gets behind the end of a whole stream; its length is nobody's word then. */
  readonly last: Promise<Uint8Array | null> | null;
}

export function trackMetered(
  answer: UpstreamAnswer,
  body: ReadableStream<Uint8Array>,
  settings: MeteredSettings,
): MeteredDelivery {
  const length = settings.last === null ? answer.length : null;
  const { readable, writable } = pipeOf(length);
  const headers = new Headers(answer.headers);
  if (length === null) headers.delete("content-length");
  const piped = { ...answer, headers, body: readable, length };
  return { answer: piped, ended: pump(answer, body.getReader(), writable.getWriter(), settings) };
}

async function pump(
  { length }: UpstreamAnswer,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  { take, stallMs, drainMs, lastsMs, last }: MeteredSettings,
): Promise<Awaited<MeteredDelivery["ended"]>> {
  let isGone = false;
  let lacking = length ?? 0;
  const late = Promise.withResolvers<"late">();
  const timers = [setTimeout(() => late.resolve("late"), lastsMs)];
  const leave = (): void => {
    if (!isGone) timers.push(setTimeout(() => late.resolve("late"), drainMs));
    isGone = true;
  };
  // Whoever goes while the upstream is silent is not heard of by writing.
  writer.closed.catch(leave);
  const hand = async (chunk: Uint8Array): Promise<void> => {
    const stalled = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      leave();
      stalled.resolve();
      writer.abort(new Error("nothing was read for too long")).catch(() => undefined);
    }, stallMs);
    await Promise.race([writer.write(chunk).catch(leave), late.promise, stalled.promise]);
    clearTimeout(timer);
  };
  try {
    for (;;) {
      const read = await Promise.race([late.promise, reader.read().catch(() => null)]);
      if (read === "late") return breakOff(reader, writer, true);
      // Whoever writes less than was declared breaks off, too: behind a service binding nothing else says so.
      if (read === null || (read.done && lacking > 0)) return breakOff(reader, writer, isGone);
      if (read.done) break;
      lacking -= read.value.byteLength;
      take(read.value);
      if (!isGone) await hand(read.value);
    }
    // Not waited for: who reads nothing keeps a stream from closing, but not what it used from being charged.
    if (!isGone) finish(writer, last).catch(() => undefined);
    return { delivery: isGone ? "left" : "delivered", isWhole: true };
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

async function finish(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  last: Promise<Uint8Array | null> | null,
): Promise<void> {
  const bytes = await last;
  if (bytes !== null) await writer.write(bytes);
  await writer.close();
}

function breakOff(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  isGone: boolean,
): Awaited<MeteredDelivery["ended"]> {
  reader.cancel().catch(() => undefined);
  // Not waited for: a client that reads nothing keeps a write from ending.
  writer.abort(new Error("the stream broke off")).catch(() => undefined);
  return { delivery: isGone ? "left" : "broken", isWhole: false };
}
