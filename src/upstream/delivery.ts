// Whether a streamed answer reached its reader: the end of the pipe tells, nobody else knows.

import type { UpstreamAnswer } from "./upstream.ts";

export interface Delivery {
  readonly answer: UpstreamAnswer;
  readonly ended: Promise<"delivered" | "truncated">;
}

/** With a declared length the client keeps its Content-Length, and a short body breaks instead of ending early. */
export const pipeOf = (length: number | null): TransformStream<Uint8Array, Uint8Array> =>
  length === null ? new IdentityTransformStream() : new FixedLengthStream(length);

export function trackDelivery(answer: UpstreamAnswer, body: ReadableStream<Uint8Array>): Delivery {
  const { readable, writable } = pipeOf(answer.length);
  const ended = body.pipeTo(writable).then(
    () => "delivered" as const,
    () => "truncated" as const,
  );
  return { answer: { ...answer, body: readable }, ended };
}
