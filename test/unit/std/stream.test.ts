import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { capped, readBounded, readWithin } from "../../../src/std/stream.ts";

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
    expect(await readWithin(streamOf(3, 4), 7, 1000)).toEqual(Uint8Array.from([...bytes(3), ...bytes(4)]));
  });

  test.each([
    ["too long", streamOf(3, 5)],
    ["broken", broken()],
    ["too slow", silent()],
  ])("gives nothing of a stream that is %s", async (_, stream) => {
    expect(await readWithin(stream, 7, 20)).toBeNull();
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
