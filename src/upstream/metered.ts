// A streamed answer whose use is read on its way: it reaches the client as it comes, and its reader sees every chunk. When
// the client is gone the upstream is read on for a while, because what was used stands in the last event.

import type { UpstreamAnswer } from "./upstream.ts";

export interface MeteredDelivery {
  readonly answer: UpstreamAnswer;
  /** `left`: the client went before the end. `broken`: the upstream did, or it was too late for more. */
  readonly ended: Promise<{ readonly delivery: "delivered" | "left" | "broken"; readonly isWhole: boolean }>;
}

export interface MeteredSettings {
  readonly take: (chunk: Uint8Array) => void;
  /** How long a stream is read on that nobody gets. */
  readonly drainMs: number;
  /** How long it may last at most. */
  readonly lastsMs: number;
}

export function trackMetered(
  answer: UpstreamAnswer,
  body: ReadableStream<Uint8Array>,
  settings: MeteredSettings,
): MeteredDelivery {
  const { length } = answer;
  const { readable, writable } = length === null ? new IdentityTransformStream() : new FixedLengthStream(length);
  return { answer: { ...answer, body: readable }, ended: pump(body.getReader(), writable.getWriter(), settings) };
}

async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  { take, drainMs, lastsMs }: MeteredSettings,
): Promise<Awaited<MeteredDelivery["ended"]>> {
  let isGone = false;
  const late = Promise.withResolvers<"late">();
  const timers = [setTimeout(() => late.resolve("late"), lastsMs)];
  const leave = (): void => {
    if (!isGone) timers.push(setTimeout(() => late.resolve("late"), drainMs));
    isGone = true;
  };
  // Whoever goes while the upstream is silent is not heard of by writing.
  writer.closed.catch(leave);
  try {
    for (;;) {
      const read = await Promise.race([reader.read().catch(() => null), late.promise]);
      if (read === null || read === "late") return breakOff(reader, writer, isGone);
      if (read.done) break;
      take(read.value);
      if (!isGone) await Promise.race([writer.write(read.value).catch(leave), late.promise]);
    }
    if (!isGone) await writer.close().catch(leave);
    return { delivery: isGone ? "left" : "delivered", isWhole: true };
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
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
