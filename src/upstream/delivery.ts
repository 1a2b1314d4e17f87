// Whether a streamed answer reached its reader: the end of the pipe tells, nobody else knows.

import type { UpstreamAnswer } from "./upstream.ts";

export interface Delivery {
  readonly answer: UpstreamAnswer;
  readonly ended: Promise<"delivered" | "truncated">;
}

/** With a declared length the client keeps its Content-Length, and a short body breaks instead of ending early. */
export const pipeOf = (length: number | null): TransformStream<Uint8Array, Uint8Array> =>
  length === null ? new IdentityTransformStream() : new FixedLengthStream(length);

/** Less than any lease. */
const GOES_ON_MS = 20_000;

/** @param goesOn called now and then while it lasts */
export function trackDelivery(answer: UpstreamAnswer, body: ReadableStream<Uint8Array>, goesOn: () => void): Delivery {
  const { readable, writable } = pipeOf(answer.length);
  const next = (): ReturnType<typeof setTimeout> => setTimeout(again, GOES_ON_MS);
  const again = (): void => {
    goesOn();
    timer = next();
  };
  let timer = next();
  const end =
    <E>(ending: E) =>
    (): E => {
      clearTimeout(timer);
      return ending;
    };
  const ended = body.pipeTo(writable).then(end("delivered" as const), end("truncated" as const));
  return { answer: { ...answer, body: readable }, ended };
}
