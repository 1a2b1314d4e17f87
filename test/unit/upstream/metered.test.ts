// A stream whose use is read on its way.

import { describe, expect, test, vi } from "vitest";
import { trackMetered } from "../../../src/upstream/metered.ts";

Object.assign(globalThis, { IdentityTransformStream: TransformStream });

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function track({ drainMs = 1000, lastsMs = 1000 } = {}) {
  const { readable: body, writable } = new TransformStream<Uint8Array, Uint8Array>(
    {},
    new CountQueuingStrategy({ highWaterMark: 100 }),
    new CountQueuingStrategy({ highWaterMark: 100 }),
  );
  const taken: string[] = [];
  const take = (chunk: Uint8Array): void => void taken.push(new TextDecoder().decode(chunk));
  const answer = { status: 200, headers: new Headers(), body, length: null };
  const { answer: piped, ended } = trackMetered(answer, body, { take, drainMs, lastsMs });
  if (!(piped.body instanceof ReadableStream)) throw new Error("it is a stream");
  return { upstream: writable.getWriter(), client: piped.body.getReader(), taken, ended };
}

describe("a metered stream", () => {
  test("reaches its client piece by piece, as it comes, and its use is read off every piece", async () => {
    const { upstream, client, taken, ended } = track();
    for (const text of ["a", "b"]) {
      void upstream.write(bytes(text));
      expect(await client.read()).toEqual({ done: false, value: bytes(text) });
    }
    void upstream.close();
    expect((await client.read()).done).toBe(true);
    expect([await ended, taken]).toEqual([{ delivery: "delivered", isWhole: true }, ["a", "b"]]);
  });

  test("is read to its end where the client has gone", async () => {
    const { upstream, client, taken, ended } = track();
    void upstream.write(bytes("a"));
    await client.read();
    await client.cancel();
    for (const text of ["b", "c"]) void upstream.write(bytes(text));
    void upstream.close();
    expect([await ended, taken]).toEqual([{ delivery: "left", isWhole: true }, ["a", "b", "c"]]);
  });

  test("is not read on for longer than that may take, and its upstream is told so", async () => {
    const { upstream, client, taken, ended } = track({ drainMs: 30 });
    void upstream.write(bytes("a"));
    await client.read();
    await client.cancel();
    const startMs = performance.now();
    expect([await ended, taken]).toEqual([{ delivery: "left", isWhole: false }, ["a"]]);
    expect(performance.now() - startMs).toBeLessThan(900);
    await expect(upstream.closed).rejects.toBeUndefined();
  });

  test("breaks off for its client where the upstream breaks off", async () => {
    const { upstream, client, taken, ended } = track();
    void upstream.write(bytes("a"));
    await client.read();
    const broken = client.read();
    void upstream.abort(new Error("reset"));
    await expect(broken).rejects.toThrow("broke off");
    expect([await ended, taken]).toEqual([{ delivery: "broken", isWhole: false }, ["a"]]);
  });

  test("breaks off where it could not be settled any more, also for a client that reads nothing", async () => {
    for (const isReading of [true, false]) {
      const { upstream, client, taken, ended } = track({ lastsMs: 30 });
      for (const text of ["a", "b", "c"]) void upstream.write(bytes(text)).catch(() => undefined);
      if (isReading) await client.read();
      expect((await ended).delivery).toBe("broken");
      expect(taken[0]).toBe("a");
    }
  });

  test("leaves no timer behind", async () => {
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    const set = vi.spyOn(globalThis, "setTimeout");
    const { upstream, client, ended } = track();
    await client.cancel();
    void upstream.close();
    await ended;
    expect(cleared.mock.calls.map(([timer]) => timer)).toEqual(set.mock.results.map(({ value }) => value));
    vi.restoreAllMocks();
  });
});
