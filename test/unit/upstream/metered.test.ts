// A stream whose use is read on its way.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
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
  readonly breaksInSilence?: boolean;
}

function track(around: Around = {}) {
  const { length = null, stallMs = 1000, drainMs = 1000, lastsMs = 1000, last = null, breaksInSilence = true } = around;
  const { readable: body, writable } = new TransformStream<Uint8Array, Uint8Array>(
    {},
    new CountQueuingStrategy({ highWaterMark: 100 }),
    new CountQueuingStrategy({ highWaterMark: 100 }),
  );
  const taken: string[] = [];
  const left: string[] = [];
  const handed: string[] = [];
  const take = (chunk: Uint8Array, isTaken: boolean): void => {
    taken.push(new TextDecoder().decode(chunk));
    if (isTaken) handed.push(new TextDecoder().decode(chunk));
  };
  const leave = (): void => void left.push(taken.join(""));
  const headers = new Headers(length === null ? {} : { "content-length": String(length) });
  const answer = { status: 200, headers, body, length };
  const nowMs = (): number => Date.now();
  const times = { stallMs, drainMs, lastsMs, breaksInSilence, nowMs };
  const { answer: piped, ended } = trackMetered(answer, body, { take, leave, last, ...times });
  if (!(piped.body instanceof ReadableStream)) throw new Error("it is a stream");
  return { upstream: writable.getWriter(), client: piped.body.getReader(), taken, handed, left, ended, piped };
}

const ending = (delivery: string, isWhole: boolean, isSilent = false) => ({ delivery, isWhole, isSilent });

describe("a metered stream", () => {
  test("reaches its client piece by piece, as it comes, and its use is read off every piece", async () => {
    const { upstream, client, taken, ended } = track();
    for (const text of ["a", "b"]) {
      void upstream.write(bytes(text));
      expect(await client.read()).toEqual({ done: false, value: bytes(text) });
    }
    void upstream.close();
    expect((await client.read()).done).toBe(true);
    expect([await ended, taken]).toEqual([ending("delivered", true), ["a", "b"]]);
  });

  test("is read to its end where the client has gone", async () => {
    const { upstream, client, taken, ended } = track();
    void upstream.write(bytes("a"));
    await client.read();
    await client.cancel();
    for (const text of ["b", "c"]) void upstream.write(bytes(text));
    void upstream.close();
    expect([await ended, taken]).toEqual([ending("left", true), ["a", "b", "c"]]);
  });

  test("is not read on for longer than that may take, and its upstream is told so", async () => {
    const { upstream, client, taken, ended } = track({ drainMs: 30 });
    void upstream.write(bytes("a"));
    await client.read();
    await client.cancel();
    const startMs = performance.now();
    expect([await ended, taken]).toEqual([ending("left", false), ["a"]]);
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
    expect([await ended, taken]).toEqual([ending("broken", false), ["a"]]);
  });

  test.each([{ length: 3 }, { length: 3, last: new Promise<null>(() => undefined) }])(
    "breaks off where the upstream ends it before the length that was declared: %j",
    async (around) => {
      const { upstream, client, taken, ended } = track(around);
      void upstream.write(bytes("ab")).then(() => upstream.close());
      await client.read();
      await expect(client.read()).rejects.toThrow("broke off");
      expect([await ended, taken]).toEqual([ending("broken", false), ["ab"]]);
    },
  );

  test("breaks off where it could not be settled any more, also for a client that reads nothing", async () => {
    for (const isReading of [true, false]) {
      const { upstream, client, taken, ended } = track({ lastsMs: 30 });
      for (const text of ["a", "b", "c"]) void upstream.write(bytes(text)).catch(() => undefined);
      if (isReading) await client.read();
      expect(await ended).toEqual(ending("left", false));
      expect(taken[0]).toBe("a");
    }
  });

  test("is read to its end where the client takes nothing any more, who then gets no more of it", async () => {
    const { upstream, client, taken, ended } = track({ stallMs: 30 });
    for (const text of ["a", "b", "c"]) void upstream.write(bytes(text));
    void upstream.close();
    expect([await ended, taken]).toEqual([ending("left", true), ["a", "b", "c"]]);
    const all = async () => {
      while (!(await client.read()).done);
    };
    await expect(all()).rejects.toThrow("nothing was read for too long");
  });

  test("has ended when its upstream has, whenever its client takes the end", async () => {
    const { upstream, ended } = track({ last: new Promise(() => undefined) });
    void upstream.close();
    expect(await ended).toEqual(ending("delivered", true));
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
    expect(await ended).toEqual(ending("delivered", true));
    expect([piped.length, piped.headers.get("content-length")]).toEqual([3, "3"]);
  });

  test("says once that its client has left, and of every piece whether that has it", async () => {
    const { upstream, client, taken, handed, left, ended } = track();
    void upstream.write(bytes("a"));
    await client.read();
    await client.cancel();
    void upstream.write(bytes("b")).then(() => upstream.close());
    await ended;
    expect([left.length, taken, handed]).toEqual([1, ["a", "b"], ["a"]]);
  });

  test("is read no further behind its client's leaving where nobody waits for its end", async () => {
    const { upstream, client, taken, ended } = track({ drainMs: 0 });
    void upstream.write(bytes("a"));
    await client.read();
    await client.cancel();
    const more = upstream.write(bytes("b")).catch(() => undefined);
    expect([await ended, taken]).toEqual([ending("left", false), ["a"]]);
    await more;
  });

  test.each([0, 1])("breaks off where it is longer than was declared, and nobody gets the rest (%i)", async (whole) => {
    const { upstream, client, taken, left, ended } = track({ length: 3 });
    const pieces = [["abcd"], ["abc", "d"]][whole] as readonly string[];
    for (const piece of pieces) void upstream.write(bytes(piece)).catch(() => undefined);
    const all = async () => {
      while (!(await client.read()).done);
    };
    await expect(all()).rejects.toThrow("broke off");
    expect([await ended, taken, left]).toEqual([ending("broken", false), pieces.slice(0, whole), []]);
  });

  test("has nothing of a piece without bytes", async () => {
    const { upstream, client, taken, ended } = track();
    for (const text of ["a", "", "b", ""]) void upstream.write(bytes(text));
    void upstream.close();
    for (const text of ["a", "b"]) expect((await client.read()).value).toEqual(bytes(text));
    expect([await ended, taken]).toEqual([ending("delivered", true), ["a", "b"]]);
  });
});

describe("a metered stream, as time goes by,", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
  afterEach(() => void vi.useRealTimers());
  const LONG = { stallMs: 30_000, drainMs: 25_000, lastsMs: 60_000 };
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  async function begun(around: Around = {}) {
    const tracked = track({ ...LONG, ...around });
    void tracked.upstream.write(bytes("a"));
    await tracked.client.read();
    return tracked;
  }

  test.each([
    ["said nothing for more than 20 seconds", 20_001, "broken", true],
    ["said something within them", 19_999, "left", true],
    ["may be silent for as long as it likes", 20_001, "left", false],
  ] as const)("is cut off by its time: an upstream that %s", async (_, silentMs, delivery, breaksInSilence) => {
    const { upstream, client, ended } = await begun({ breaksInSilence });
    await pass(60_000 - silentMs);
    void upstream.write(bytes("b"));
    await client.read();
    const rest = client.read();
    rest.catch(() => undefined);
    await pass(silentMs);
    expect(await ended).toEqual(ending(delivery, false));
    await expect(rest).rejects.toThrow("broke off");
  });

  test("is silent also where it sends what has no bytes", async () => {
    const { upstream, ended } = await begun();
    for (let ms = 0; ms < 60_000; ms += 10_000) {
      await upstream.write(bytes(""));
      await pass(10_000);
    }
    expect(await ended).toEqual(ending("broken", false));
  });

  test("is cut off as one that its client left while the gate waits for that, however long", async () => {
    const { upstream, ended } = await begun({ stallMs: 60_000, lastsMs: 50_000 });
    void upstream.write(bytes("b"));
    await pass(50_000);
    expect(await ended).toEqual(ending("left", false));
  });

  test.each<[string, number, string, boolean]>([
    ["said nothing for 20 seconds, nor since", 20_000, "", true],
    ["said nothing for 20 seconds, and something then", 20_000, "b", false],
    ["says nothing only since then", 19_999, "", false],
  ])("tells whether the upstream that its client left %s", async (_, ms, later, isSilent) => {
    const { upstream, client, ended } = await begun();
    await pass(ms);
    await client.cancel();
    if (later !== "") void upstream.write(bytes(later));
    await pass(25_000);
    expect(await ended).toEqual(ending("left", false, isSilent));
  });

  test.each([
    ["for 5 seconds", [5_100], "left"],
    ["for less", [5_099], "broken"],
    ["for 5 seconds in all", [2_600, 2_600], "left"],
    ["for moments that any network takes", Array(60).fill(100), "broken"],
  ] as const)("broke off behind a reader who had held it up: %s", async (_, holds, delivery) => {
    const { upstream, client, ended } = await begun();
    for (const ms of holds) {
      void upstream.write(bytes("b"));
      await pass(ms);
      await client.read();
    }
    void upstream.write(bytes("c"));
    await client.read();
    const rest = client.read();
    void upstream.abort(new Error("reset"));
    await expect(rest).rejects.toThrow("broke off");
    expect(await ended).toEqual(ending(delivery, false));
  });

  test("was taken as far as its client read it", async () => {
    const { upstream, client, taken, handed, ended } = await begun();
    void upstream.write(bytes("b"));
    await client.read();
    void upstream.write(bytes("c"));
    await pass(1);
    await client.cancel();
    void upstream.write(bytes("d")).then(() => upstream.close());
    expect([await ended, taken, handed]).toEqual([ending("left", true), ["a", "b", "c", "d"], ["a", "b"]]);
  });

  test("leaves no timer behind, however it ends", async () => {
    const leaving = await begun();
    await leaving.client.cancel();
    void leaving.upstream.close();
    const closing = await begun({ last: new Promise(() => undefined) });
    void closing.upstream.close();
    const breaking = await begun();
    void breaking.upstream.abort(new Error("reset"));
    await Promise.all([leaving, closing, breaking].map(({ ended }) => ended));
    // Behind its end nobody leaves any more.
    await closing.client.cancel();
    await breaking.client.cancel().catch(() => undefined);
    await pass(0);
    expect(vi.getTimerCount()).toBe(0);
    const late = await begun();
    await pass(60_000);
    await late.ended;
    expect(vi.getTimerCount()).toBe(0);
  });
});
