// Whether a streamed answer reached its reader: the end of the pipe tells, nobody else knows.

import type { UpstreamAnswer } from "./upstream.ts";

export interface Delivery {
  readonly answer: UpstreamAnswer;
  readonly ended: Promise<"delivered" | "truncated">;
}

export function trackDelivery(answer: UpstreamAnswer, body: ReadableStream<Uint8Array>): Delivery {
  // With a declared length the client keeps its Content-Length, and a short body breaks instead of ending early.
  const { length } = answer;
  const { readable, writable } = length === null ? new IdentityTransformStream() : new FixedLengthStream(length);
  const ended = body.pipeTo(writable).then(
    () => "delivered" as const,
    () => "truncated" as const,
  );
  return { answer: { ...answer, body: readable }, ended };
}
