import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { capped, gathered, isEncoded, limited, readAnswer, readBounded, readWithin } from "../../../src/std/stream.ts";

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

function streamOf(...lengths: readonly number[]): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const length of lengths) controller.enqueue(bytes(length));
      controller.close();
    },
  });
}

/** Never ends by itself; tells when its reader has had enough. */
function endless(): { readonly stream: ReadableStream<Uint8Array>; readonly cancelled: Promise<void> } {
  const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
  const pull = (controller: ReadableStreamDefaultController): void => controller.enqueue(bytes(10));
  return { stream: new ReadableStream<Uint8Array>({ pull, cancel }), cancelled };
}

const collect = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Uint8Array(await new Response(stream as BodyInit).arrayBuffer());

test.each<[HeadersInit, boolean]>([
  [{}, false],
  [{ "content-encoding": "" }, false],
  [{ "content-encoding": "Identity" }, false],
  [{ "content-encoding": "gzip" }, true],
  [{ "content-encoding": "gzip, identity" }, true],
])("a body of %j has to be unpacked: %s", (headers, is) => {
  expect(isEncoded(new Headers(headers))).toBe(is);
});

describe("readBounded", () => {
  test.each([
    ["nothing", [], 0],
    ["one piece", [4], 4],
    ["several pieces", [3, 0, 4], 7],
    ["exactly as much as is allowed", [5, 5], 10],
  ])("reads %s", async (_, lengths, total) => {
    const whole = Uint8Array.from(lengths.flatMap((length) => [...bytes(length)]));
    expect(await readBounded(streamOf(...lengths), 10)).toEqual({ ok: true, value: whole });
    expect(whole).toHaveLength(total);
  });

  test("refuses a stream that is one byte too long", async () => {
    expect(await readBounded(streamOf(5, 6), 10)).toEqual({ ok: false, error: "too_large" });
  });

  test("cancels a stream that never ends", async () => {
    const { stream, cancelled } = endless();
    expect(await readBounded(stream, 1000)).toEqual({ ok: false, error: "too_large" });
    await cancelled;
  });

  test("throws the stream's own error where it breaks", async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("reset")) });
    await expect(readBounded(broken, 10)).rejects.toThrow("reset");
  });
});

describe("readWithin", () => {
  const broken = (): ReadableStream<Uint8Array> =>
    new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("reset")) });
  const silent = (): ReadableStream<Uint8Array> => new ReadableStream<Uint8Array>();

  test("reads what comes in time", async () => {
    expect(await readWithin(streamOf(3, 4), 7, 1000)).toEqual({
      ok: true,
      value: Uint8Array.from([...bytes(3), ...bytes(4)]),
    });
  });

  test.each([
    ["too long", streamOf(3, 5), "too_large"],
    ["broken", broken(), "incomplete"],
    ["too slow", silent(), "incomplete"],
  ])("gives nothing of a stream that is %s", async (_, stream, error) => {
    expect(await readWithin(stream, 7, 20)).toEqual({ ok: false, error });
  });
});

describe("gathered", () => {
  const brokenAfter = (pieces: number): ReadableStream<Uint8Array> => {
    let left = pieces;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(bytes(3));
        else controller.error(new Error("reset"));
      },
    });
  };

  test.each([
    ["nothing", []],
    ["several pieces", [3, 0, 4]],
    ["exactly as much as is allowed", [5, 5]],
  ])("is %s in one piece", async (_, lengths) => {
    expect(await gathered(streamOf(...lengths), 10, 1000)).toEqual(
      Uint8Array.from(lengths.flatMap((n) => [...bytes(n)])),
    );
  });

  test("is a stream of all of it where there is more", async () => {
    const lengths = [5, 5, 1, 7];
    const stream = await gathered(streamOf(...lengths), 10, 1000);
    if (!(stream instanceof ReadableStream)) return expect.fail();
    expect(await collect(stream)).toEqual(Uint8Array.from(lengths.flatMap((n) => [...bytes(n)])));
  });

  test("is a stream of all of it where its end does not come in time", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    void writer.write(bytes(2));
    const stream = await gathered(readable, 10, 20);
    if (!(stream instanceof ReadableStream)) return expect.fail();
    const whole = collect(stream);
    await writer.write(bytes(3));
    await writer.close();
    expect(await whole).toEqual(Uint8Array.from([...bytes(2), ...bytes(3)]));
  });

  test("throws the stream's own error where it breaks within them, and hands on the error of what comes later", async () => {
    await expect(gathered(brokenAfter(2), 10, 1000)).rejects.toThrow("reset");
    const stream = await gathered(brokenAfter(5), 10, 1000);
    if (!(stream instanceof ReadableStream)) return expect.fail();
    await expect(collect(stream)).rejects.toThrow("reset");
  });

  test("cancels what nobody reads on", async () => {
    const { stream, cancelled } = endless();
    const rest = await gathered(stream, 10, 1000);
    if (!(rest instanceof ReadableStream)) return expect.fail();
    await rest.cancel();
    await cancelled;
  });
});

describe("limited", () => {
  const read = async (lengths: readonly number[], bytesMax: number) => {
    const { stream, broken } = limited(streamOf(...lengths), bytesMax);
    const whole = await collect(stream).catch((error: Error) => error.message);
    return { whole, flaw: broken.reason };
  };
  const tooLong = { whole: "the stream is too_large", flaw: "too_large" };

  test.each([
    ["nothing", [], 0],
    ["less than is allowed", [3, 4], 10],
    ["exactly as much as is allowed", [5, 0, 5], 10],
  ])("passes %s as it is", async (_, lengths, bytesMax) => {
    const whole = Uint8Array.from(lengths.flatMap((length) => [...bytes(length)]));
    expect(await read(lengths, bytesMax)).toEqual({ whole, flaw: undefined });
  });

  test.each([
    ["in its first piece", [11]],
    ["by one byte, in a later piece", [5, 5, 1]],
    ["where nothing is allowed", [1], 0],
  ])("breaks a stream that is too long %s", async (_, lengths, bytesMax = 10) => {
    expect(await read(lengths, bytesMax)).toEqual(tooLong);
  });

  test("cancels a stream that never ends", async () => {
    const { stream, cancelled } = endless();
    const { stream: short, broken } = limited(stream, 25);
    await expect(collect(short)).rejects.toThrow("too_large");
    await cancelled;
    expect(broken.aborted).toBe(true);
  });

  test("says so before its reader learns of it, who may else take the end for a whole", async () => {
    const { stream, broken } = limited(streamOf(4, 8), 10);
    const reader = stream.getReader();
    const told: boolean[] = [];
    broken.addEventListener("abort", () => told.push(true));
    await reader.read();
    await reader.read().catch(() => told.push(false));
    expect(told).toEqual([true, false]);
  });

  test("hands on no byte beyond the limit", async () => {
    const reader = limited(streamOf(4, 4, 4), 10).stream.getReader();
    const pieces: number[] = [];
    const drain = async (): Promise<void> => {
      for (let read = await reader.read(); !read.done; read = await reader.read()) pieces.push(read.value.byteLength);
    };
    await expect(drain()).rejects.toThrow();
    expect(pieces.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(10);
  });

  test("says of a stream that breaks by itself that it is incomplete, before its reader learns of it", async () => {
    const source = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("reset")) });
    const { stream, broken } = limited(source, 10);
    const told: unknown[] = [];
    broken.addEventListener("abort", () => told.push(broken.reason));
    await collect(stream).catch(() => told.push("read"));
    expect(told).toEqual(["incomplete", "read"]);
  });

  test("is cancelled with its reader", async () => {
    const { stream, cancelled } = endless();
    const limitless = limited(stream, 1000);
    await limitless.stream.cancel();
    await cancelled;
    expect(limitless.broken.aborted).toBe(false);
  });
});

describe("capped", () => {
  test("passes a short stream as it is", async () => {
    expect(await collect(capped(streamOf(3, 4), 10))).toHaveLength(7);
  });

  test("ends in the middle of the piece that reaches the cap", async () => {
    expect(await collect(capped(streamOf(8, 8), 10))).toEqual(Uint8Array.from([...bytes(8), 0, 1]));
  });

  test("cancels a stream that never ends", async () => {
    const { stream, cancelled } = endless();
    expect(await collect(capped(stream, 25))).toHaveLength(25);
    await cancelled;
  });

  test("gives the first bytes, however they were cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(20), { maxLength: 8 }),
        fc.integer({ min: 1, max: 60 }),
        async (lengths, cap) => {
          const whole = Uint8Array.from(lengths.flatMap((length) => [...bytes(length)]));
          expect(await collect(capped(streamOf(...lengths), cap))).toEqual(whole.subarray(0, cap));
        },
      ),
    );
  });
});

describe("an answer of the network is read whole", () => {
  const answer = (headers: Record<string, string>, length = 1000): Response =>
    new Response(new Uint8Array(length), { headers });

  test("by its declared length, where that is within the limit", async () => {
    expect(await readAnswer(answer({ "content-length": "1000" }), 1000)).toEqual({
      ok: true,
      value: new Uint8Array(1000),
    });
  });

  test.each<[string, Record<string, string>]>([
    ["of a length that nobody declares", {}],
    ["of a declared length beyond the limit", { "content-length": "1000" }],
    ["of a declared length that is not plain", { "content-length": "5, 5" }],
    ["with a transfer coding, which decides", { "content-length": "5", "transfer-encoding": "chunked" }],
    ["that is longer than it says, because it was compressed", { "content-length": "5", "content-encoding": "gzip" }],
  ])("and not beyond the limit, %s", async (_, headers) => {
    expect(await readAnswer(answer(headers), 999)).toEqual({ ok: false, error: "too_large" });
    expect(await readAnswer(answer(headers), 1000)).toMatchObject({ ok: true });
  });

  test("or has no body at all", async () => {
    expect(await readAnswer(new Response(null), 10)).toBeNull();
  });
});
