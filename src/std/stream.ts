// Reading streams with a limit in hand: nobody's body decides how much memory we use.

import { err, ok, type Result } from "./result.ts";

/** Null for a length that is written twice, or beside a transfer coding, which then decides (RFC 9112 section 6.3). */
export function declaredLength(headers: Headers): number | null {
  const length = headers.get("content-length");
  const isPlain = length !== null && /^\d{1,15}$/.test(length) && !headers.has("transfer-encoding");
  return isPlain ? Number(length) : null;
}

/** Whether a body has to be unpacked before it is read; `identity` says that it is as it is (RFC 9110 section 8.4). */
export const isEncoded = (headers: Headers): boolean =>
  !["", "identity"].includes((headers.get("content-encoding") ?? "").trim().toLowerCase());

/**
 * The whole of a body that the network framed by its declared length: the runtime reads it in one go, in a fraction of the
 * time that a script takes. Of no other: nothing else holds it to that length.
 */
export const readFramed = async (body: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Uint8Array(await new Response(body).arrayBuffer());

/** The whole stream as bytes. A stream longer than `bytesMax` is cancelled; a broken one throws its own error. */
export function readBounded(
  stream: ReadableStream<Uint8Array>,
  bytesMax: number,
): Promise<Result<Uint8Array, "too_large">> {
  return drain(stream.getReader(), bytesMax);
}

/** The same of an answer of the network; null where it has no body. */
export async function readAnswer(
  { body, headers }: Response,
  bytesMax: number,
): Promise<Result<Uint8Array, "too_large"> | null> {
  if (body === null) return null;
  // What is compressed is longer than its declared length says.
  const length = isEncoded(headers) ? null : declaredLength(headers);
  return length !== null && length <= bytesMax ? ok(await readFramed(body)) : readBounded(body, bytesMax);
}

/** The whole stream as bytes; one that is too long, too slow, or breaks off is cancelled. */
export async function readWithin(
  stream: ReadableStream<Uint8Array>,
  bytesMax: number,
  timeoutMs: number,
): Promise<Result<Uint8Array, StreamFlaw>> {
  const reader = stream.getReader();
  const late = Promise.withResolvers<Result<Uint8Array, StreamFlaw>>();
  const timer = setTimeout(() => {
    late.resolve(err("incomplete"));
    reader.cancel().catch(() => undefined);
  }, timeoutMs);
  const whole = drain(reader, bytesMax).catch(() => err("incomplete" as const));
  return Promise.race([whole, late.promise]).finally(() => clearTimeout(timer));
}

async function drain(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bytesMax: number,
): Promise<Result<Uint8Array, "too_large">> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.byteLength;
    if (length > bytesMax) {
      await reader.cancel();
      return err("too_large");
    }
    chunks.push(read.value);
  }
  return ok(concat(chunks, length));
}

/**
 * A stream of at most `bytesMax` bytes as bytes; of a longer one, and of one that takes longer than `waitMs`, all of it as
 * a stream. One that breaks off within them throws its own error.
 */
export async function gathered(
  stream: ReadableStream<Uint8Array>,
  bytesMax: number,
  waitMs: number,
): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let isLate = false;
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => {
    isLate = true;
    late.resolve("late");
  }, waitMs);
  let pending = reader.read();
  try {
    for (;;) {
      const read = await Promise.race([pending, late.promise]);
      if (read === "late") break;
      if (read.done) return concat(chunks, length);
      length += read.value.byteLength;
      chunks.push(read.value);
      pending = reader.read();
      if (length > bytesMax || isLate) break;
    }
  } finally {
    clearTimeout(timer);
  }
  return resumed(chunks, pending, reader);
}

/** What was read of a stream, and then the rest of it. */
function resumed(
  chunks: Uint8Array[],
  pending: Promise<ReadableStreamReadResult<Uint8Array>>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  let next = pending;
  return new ReadableStream({
    async pull(controller) {
      const held = chunks.shift();
      if (held) return controller.enqueue(held);
      const read = await next;
      if (read.done) return controller.close();
      next = reader.read();
      // It is awaited when it is wanted; what breaks before that is no bug of ours.
      next.catch(() => undefined);
      controller.enqueue(read.value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** How a stream can fail to be whole. */
export type StreamFlaw = "too_large" | "incomplete";

/**
 * The stream, which breaks where it turns out to be longer than `bytesMax`. `broken` is aborted, with the flaw as its
 * reason, before the reader learns of either: workerd sends the end of a script's stream that breaks as if it were whole.
 */
export function limited(
  stream: ReadableStream<Uint8Array>,
  bytesMax: number,
): { readonly stream: ReadableStream<Uint8Array>; readonly broken: AbortSignal } {
  const breaker = new AbortController();
  const reader = stream.getReader();
  let length = 0;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const read = await reader.read().catch(() => null);
    if (read?.done) return controller.close();
    length += read?.value.byteLength ?? 0;
    if (read && length <= bytesMax) return controller.enqueue(read.value);
    const flaw: StreamFlaw = read ? "too_large" : "incomplete";
    breaker.abort(flaw);
    controller.error(new Error(`the stream is ${flaw}`));
    await reader.cancel().catch(() => undefined);
  };
  const cancel = (): Promise<void> => reader.cancel();
  return { stream: new ReadableStream({ pull, cancel }), broken: breaker.signal };
}

/** The stream's first `bytesMax` bytes, as they come. */
export function capped(stream: ReadableStream<Uint8Array>, bytesMax: number): ReadableStream<Uint8Array> {
  let left = bytesMax;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, left));
        left -= chunk.byteLength;
        if (left <= 0) controller.terminate();
      },
    }),
  );
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
