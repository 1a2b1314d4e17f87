// A streamed answer whose use is read on its way: it reaches the client as it comes, and its reader sees every chunk. When
// the client is gone, or takes nothing any more, the upstream is read on for a while, because what was used stands in the
// last event.

import { pipeOf } from "./delivery.ts";
import type { UpstreamAnswer } from "./upstream.ts";

/** An upstream that is waited for and says nothing for so long is silent: who gives it up then has not left it. */
const SILENT_MS = 20_000;
/** A reader who lets the gate wait for so long in all has the upstream wait, too, which may break off for that. */
const HELD_MS = 5_000;
/** What is written over any network takes a moment. */
const WRITE_MS = 100;

export interface MeteredDelivery {
  readonly answer: UpstreamAnswer;
  /** When the upstream has come to its end, whether or not the client has taken that yet. */
  readonly ended: Promise<MeteredEnd>;
}

export interface MeteredEnd {
  /**
   * `left`: the client went before the end, took so long that it was too late for more, or had held the stream up before it
   * broke off. `broken`: the upstream did, or was silent until it was too late.
   */
  readonly delivery: "delivered" | "left" | "broken";
  readonly isWhole: boolean;
  /** Whether the upstream was silent when the client left, and has been since. */
  readonly isSilent: boolean;
}

export interface MeteredSettings {
  /** @param isTaken whether the client has it */
  readonly take: (chunk: Uint8Array, isTaken: boolean) => void;
  /** The client has left. */
  readonly leave: () => void;
  /** After how long without taking anything a client has left. */
  readonly stallMs: number;
  /** How long a stream is read on that nobody gets. */
  readonly drainMs: number;
  /** How long it may last at most. */
  readonly lastsMs: number;
  /**
   * Whether an upstream that says nothing when all its time is over has broken off; otherwise it lasted as long as its
   * client wanted it to.
   */
  readonly breaksInSilence: boolean;
  readonly nowMs: () => number;
  /** What the client still gets behind the end of a whole stream; its length is nobody's word then. */
  readonly last: Promise<Uint8Array | null> | null;
}

export function trackMetered(
  answer: UpstreamAnswer,
  body: ReadableStream<Uint8Array>,
  settings: MeteredSettings,
): MeteredDelivery {
  const length = settings.last === null ? answer.length : null;
  const { readable, writable } = pipeOf(length);
  const headers = new Headers(answer.headers);
  if (length === null) headers.delete("content-length");
  const piped = { ...answer, headers, body: readable, length };
  return { answer: piped, ended: new Passage(answer.length, body, writable, settings).pump() };
}

class Passage {
  readonly #settings: MeteredSettings;
  /** As the upstream declared it; null where it did not. */
  readonly #length: number | null;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #late = Promise.withResolvers<"late">();
  #bytes = 0;
  #isGone = false;
  /** Whether the upstream is waited for in vain, and for long; once the client is gone, whether it was then and is still. */
  #isSilent = false;
  #heldMs = 0;
  #endSilence: Stop = () => undefined;
  #endDrain: Stop = () => undefined;

  constructor(
    length: number | null,
    body: ReadableStream<Uint8Array>,
    writable: WritableStream<Uint8Array>,
    settings: MeteredSettings,
  ) {
    this.#settings = settings;
    this.#length = length;
    this.#reader = body.getReader();
    this.#writer = writable.getWriter();
  }

  async pump(): Promise<MeteredEnd> {
    const endWhole = after(this.#settings.lastsMs, () => this.#late.resolve("late"));
    // Whoever goes while the upstream is silent is not heard of by writing.
    this.#writer.closed.catch(() => this.#leave());
    try {
      for (;;) {
        const chunk = await this.#next();
        if (chunk === "end") return this.#finish();
        if (chunk === "late")
          return this.#breakOff(this.#isSilent && this.#settings.breaksInSilence ? "broken" : "left");
        if (chunk === "broken") return this.#breakOff(this.#heldMs >= HELD_MS ? "left" : "broken");
        this.#isSilent = false;
        // What the upstream declares and does not keep to is its own word, whoever reads it.
        if (this.#length !== null && this.#bytes > this.#length) return this.#breakOff("broken");
        this.#settings.take(chunk, !this.#isGone && (await this.#hand(chunk)));
      }
    } finally {
      // Nobody leaves any more, whatever becomes of the writer: no timer would end.
      this.#isGone = true;
      for (const end of [endWhole, this.#endSilence, this.#endDrain]) end();
    }
  }

  async #next(): Promise<Uint8Array | "end" | "broken" | "late"> {
    if (!this.#isGone) {
      this.#endSilence = after(SILENT_MS, () => {
        this.#isSilent = true;
      });
    }
    for (;;) {
      const read = await Promise.race([this.#late.promise, this.#reader.read().catch(() => null)]);
      // Nothing was said by what has no bytes.
      if (read !== "late" && read?.value?.byteLength === 0) continue;
      this.#endSilence();
      if (read === "late") return read;
      if (read === null) return "broken";
      // Whoever writes less than was declared breaks off, too: behind a service binding nothing else says so.
      if (read.done) return this.#bytes < (this.#length ?? 0) ? "broken" : "end";
      this.#bytes += read.value.byteLength;
      return read.value;
    }
  }

  /** @returns whether its reader has taken it */
  async #hand(chunk: Uint8Array): Promise<boolean> {
    const stalled = Promise.withResolvers<false>();
    const { nowMs } = this.#settings;
    const sinceMs = nowMs();
    const endStall = after(this.#settings.stallMs, () => {
      this.#leave();
      stalled.resolve(false);
      this.#writer.abort(brokenOff("nothing was read for too long")).catch(() => undefined);
    });
    const written = this.#writer.write(chunk).then(
      () => true,
      () => {
        this.#leave();
        return false;
      },
    );
    const taken = await Promise.race([written, this.#late.promise, stalled.promise]);
    endStall();
    this.#heldMs += Math.max(nowMs() - sinceMs - WRITE_MS, 0);
    return taken === true;
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#endSilence();
    const { leave, drainMs } = this.#settings;
    leave();
    if (drainMs === 0) this.#late.resolve("late");
    else this.#endDrain = after(drainMs, () => this.#late.resolve("late"));
  }

  #finish(): MeteredEnd {
    // Not waited for: who reads nothing keeps a stream from closing, but not what it used from being charged.
    if (!this.#isGone) this.#close().catch(() => undefined);
    return { delivery: this.#isGone ? "left" : "delivered", isWhole: true, isSilent: this.#isSilent };
  }

  async #close(): Promise<void> {
    const bytes = await this.#settings.last;
    if (bytes !== null) await this.#writer.write(bytes);
    await this.#writer.close();
  }

  /** @param by what it is unless the client has left before */
  #breakOff(by: "left" | "broken"): MeteredEnd {
    const delivery = this.#isGone ? "left" : by;
    const isSilent = this.#isGone && this.#isSilent;
    this.#reader.cancel().catch(() => undefined);
    // Not waited for: a client that reads nothing keeps a write from ending.
    this.#writer.abort(brokenOff("the stream broke off")).catch(() => undefined);
    return { delivery, isWhole: false, isSilent };
  }
}

/** As a connection that was lost: workerd takes any other error of a body for the script's own, and reports it as uncaught. */
const brokenOff = (why: string): Error => Object.assign(new Error(why), { retryable: true });

type Stop = () => void;

/** @returns what keeps it from happening */
function after(ms: number, happen: () => void): Stop {
  const timer = setTimeout(happen, ms);
  return () => clearTimeout(timer);
}
