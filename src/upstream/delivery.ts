// Whether a streamed answer reached its reader: the end of the pipe tells, nobody else knows.

import type { UpstreamAnswer } from "./upstream.ts";

export interface Delivery {
  readonly answer: UpstreamAnswer;
  readonly ended: Promise<"delivered" | "truncated">;
}

/** With a declared length the client keeps its Content-Length, and a short body breaks instead of ending early. */
export const pipeOf = (length: number | null): TransformStream<Uint8Array, Uint8Array> =>
  length === null ? new IdentityTransformStream() : new FixedLengthStream(length);

/** Less than any lease; and twice as long each time. */
const GOES_ON_MS = 20_000;
/** Nobody knows whether a reader who takes nothing is still there. */
const GOES_ON_MS_MAX = 640_000;

/** @param goesOn told now and then while it lasts, with when it will be told again; of a very long one no longer */
export function trackDelivery(
  answer: UpstreamAnswer,
  body: ReadableStream<Uint8Array>,
  goesOn: (nextMs: number) => void,
): Delivery {
  const { readable, writable } = pipeOf(answer.length);
  const after = (ms: number): ReturnType<typeof setTimeout> =>
    setTimeout(() => {
      goesOn(2 * ms);
      if (ms < GOES_ON_MS_MAX) timer = after(2 * ms);
    }, ms);
  let timer = after(GOES_ON_MS);
  const end =
    <E>(ending: E) =>
    (): E => {
      clearTimeout(timer);
      return ending;
    };
  const ended = body.pipeTo(writable).then(end("delivered" as const), end("truncated" as const));
  return { answer: { ...answer, body: readable }, ended };
}
