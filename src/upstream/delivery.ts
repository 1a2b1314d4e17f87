// Whether a streamed answer reached its reader: the end of the pipe tells, nobody else knows.

import type { UpstreamAnswer } from "./upstream.ts";

export interface Delivery {
  readonly answer: UpstreamAnswer;
  /** Null for an answer that is handed over in one piece. */
  readonly ended: Promise<"delivered" | "truncated"> | null;
}

export function trackDelivery(answer: UpstreamAnswer): Delivery {
  const { body, headers } = answer;
  if (!(body instanceof ReadableStream)) return { answer, ended: null };
  // With a declared length the client keeps its Content-Length, and a short body breaks instead of ending early.
  const length = headers.has("content-encoding") ? null : headers.get("content-length");
  const { readable, writable } =
    length === null ? new IdentityTransformStream() : new FixedLengthStream(BigInt(length));
  const ended = body.pipeTo(writable).then(
    () => "delivered" as const,
    () => "truncated" as const,
  );
  return { answer: { ...answer, body: readable }, ended };
}
