// A stream whose use is read on its way.

import { describe, expect, test, vi } from "vitest";
import { trackMetered } from "../../../src/upstream/metered.ts";

const FixedLengthStream = class extends TransformStream {
  constructor(_length: number) {
    super();
  }
};
Object.assign(globalThis, { IdentityTransformStream: TransformStream, FixedLengthStream });

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Around {
  readonly length?: number | null;
  readonly stallMs?: number;
  readonly drainMs?: number;
  readonly lastsMs?: number;
  readonly last?: Promise<Uint8Array | null> | null;
}

function track(around: Around = {}) {
  const { length = null, stallMs = 1000, drainMs = 1000, lastsMs = 1000, last = null } = around;
  const { readable: body, writable } = new TransformStream<Uint8Array, Uint8Array>(
    {},
    new CountQueuingStrategy({ highWaterMark: 100 }),
    new CountQueuingStrategy({ highWaterMark: 100 }),
  );
  const taken: string[] = [];
  const take = (chunk: Uint8Array): void => void taken.push(new TextDecoder().decode(chunk));
  const headers = new Headers(length === null ? {} : { "content-length": String(length) });
  const answer = { status: 200, headers, body, length };
  const { answer: piped, ended } = trackMetered(answer, body, { take, stallMs, drainMs, lastsMs, last });
  if (!(piped.body instanceof ReadableStream)) throw new Error("it is a stream");
  return { upstream: writable.getWriter(), client: piped.body.getReader(), taken, ended, piped };
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

  test.each([{ length: 3 }, { length: 3, last: new Promise<null>(() => undefined) }])(
    "breaks off where the upstream ends it before the length that was declared: %j",
    async (around) => {
      const { upstream, client, taken, ended } = track(around);
      void upstream.write(bytes("ab")).then(() => upstream.close());
      await client.read();
      await expect(client.read()).rejects.toThrow("broke off");
      expect([await ended, taken]).toEqual([{ delivery: "broken", isWhole: false }, ["ab"]]);
    },
  );

  test("breaks off where it could not be settled any more, also for a client that reads nothing", async () => {
    for (const isReading of [true, false]) {
      const { upstream, client, taken, ended } = track({ lastsMs: 30 });
      for (const text of ["a", "b", "c"]) void upstream.write(bytes(text)).catch(() => undefined);
      if (isReading) await client.read();
      expect(await ended).toEqual({ delivery: "left", isWhole: false });
      expect(taken[0]).toBe("a");
    }
  });

  test("is read to its end where the client takes nothing any more, who then gets no more of it", async () => {
    const { upstream, client, taken, ended } = track({ stallMs: 30 });
    for (const text of ["a", "b", "c"]) void upstream.write(bytes(text));
    void upstream.close();
    expect([await ended, taken]).toEqual([{ delivery: "left", isWhole: true }, ["a", "b", "c"]]);
    const all = async () => {
      while (!(await client.read()).done);
    };
    await expect(all()).rejects.toThrow("nothing was read for too long");
  });

  test("has ended when its upstream has, whenever its client takes the end", async () => {
    const { upstream, ended } = track({ last: new Promise(() => undefined) });
    void upstream.close();
    expect(await ended).toEqual({ delivery: "delivered", isWhole: true });
  });

  test.each([
    [bytes("z"), "az"],
    [null, "a"],
  ])("ends with what is said behind its end, and is of no length then", async (said, text) => {
    const { promise: last, resolve } = Promise.withResolvers<Uint8Array | null>();
    const { upstream, client, ended, piped, taken } = track({ last, length: 1 });
    void upstream.write(bytes("a"));
    let got = new TextDecoder().decode((await client.read()).value);
    void upstream.close();
    await ended;
    resolve(said);
    for (let read = await client.read(); !read.done; read = await client.read())
      got += new TextDecoder().decode(read.value);
    expect([got, taken]).toEqual([text, ["a"]]);
    expect([piped.length, piped.headers.has("content-length")]).toEqual([null, false]);
  });

  test("keeps its length where nothing is said behind its end", async () => {
    const { upstream, client, ended, piped } = track({ length: 3 });
    void upstream.write(bytes("abc")).then(() => upstream.close());
    await client.read();
    expect(await ended).toEqual({ delivery: "delivered", isWhole: true });
    expect([piped.length, piped.headers.get("content-length")]).toEqual([3, "3"]);
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
