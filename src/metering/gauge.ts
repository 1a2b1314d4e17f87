// Reads the use off one answer: off its head, off its bytes as they come, and at its end. It holds nothing of them, so who
// asks for a large answer does not get it for less.

import { isEncoded } from "../std/index.ts";
import { type Decimal, readText, ZERO } from "./decimal.ts";
import { EventReader, type Reader } from "./events.ts";
import type { Meter, Rate, Usage } from "./meter.ts";
import { JsonScanner } from "./scanner.ts";

/** An answer's head. */
export interface Head {
  readonly headers: Headers;
}

export class Gauge {
  readonly #rates: readonly Rate[];
  /** Null where there is nothing to be read. */
  readonly #reader: Reader | null;
  #found: readonly (Decimal | null)[];
  #bytes = 0;
  /** Whether anything of the answer could be understood. */
  #isUnderstood = false;
  #isDone = false;

  constructor(meter: Meter, { headers }: Head) {
    const { rates } = meter;
    this.#rates = rates;
    this.#found = rates.map(({ source }) =>
      source.kind === "header" ? readText(headers.get(source.name) ?? "") : null,
    );
    this.#reader = needsEnd(meter) ? this.#readerOf(headers) : null;
  }

  /** Whether a stream has said that it is over, however long its connection stays open. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** @param isHandedOn whether anybody gets it: else its bytes are not counted */
  feed(chunk: Uint8Array, isHandedOn = true): void {
    if (isHandedOn) this.#bytes += chunk.byteLength;
    this.#reader?.feed(chunk);
  }

  /**
   * @param durationMs since the upstream was asked
   * @param isWhole whether the answer came to its end: what a part of it said of its use may not have been the last word
   */
  end(durationMs: number, isWhole: boolean): Usage {
    if (isWhole) this.#reader?.end();
    const isRead = (isWhole || this.#isDone) && this.#isUnderstood;
    return this.#rates.map(({ source: { kind }, isOptional }, i) => {
      if (kind === "bytes") return { digits: BigInt(this.#bytes), scale: 0 };
      if (kind === "seconds") return { digits: BigInt(Math.ceil(durationMs)), scale: 3 };
      if (kind === "answer" && !isRead) return null;
      return this.#found[i] ?? (isOptional ? ZERO : null);
    });
  }

  #readerOf(headers: Headers): Reader | null {
    if (isEncoded(headers)) return null;
    const wanted = this.#rates.map(({ source }) => (source.kind === "answer" ? source.paths : []));
    const scanner = new JsonScanner(wanted, (found) => {
      this.#isUnderstood = true;
      // What is found later counts: of a stream the last event that has it.
      this.#found = found.map((value, i) => value ?? (this.#found[i] as Decimal | null));
    });
    const onDone = (): void => {
      this.#isDone = true;
    };
    return pastMark(isEventStream(headers) ? new EventReader(untilDone(scanner, onDone)) : scanner);
  }
}

/** Whether what was used may stand at the answer's end; otherwise it is known at every moment of it. */
export const needsEnd = ({ rates }: Meter): boolean => rates.some(({ source }) => source.kind === "answer");

const MARK = /* @__PURE__ */ Uint8Array.of(0xef, 0xbb, 0xbf);

/** A byte order mark at the beginning is no part of a text (Encoding, "UTF-8 decode"). */
function pastMark(reader: Reader): Reader {
  let seen = 0;
  return {
    feed(chunk) {
      let at = 0;
      for (; seen < MARK.byteLength && chunk[at] === MARK[seen]; at++) seen++;
      if (at === chunk.byteLength) return;
      if (seen < MARK.byteLength) reader.feed(MARK.subarray(0, seen));
      seen = MARK.byteLength;
      reader.feed(chunk.subarray(at));
    },
    end: () => reader.end(),
  };
}

const DONE = /* @__PURE__ */ new TextEncoder().encode("[DONE]");

/** The data by which OpenAI's endpoints, and those that are like them, end a stream. */
function untilDone(reader: Reader, onDone: () => void): Reader {
  /** Of the event's data; -1 where that is another one. */
  let seen = 0;
  return {
    feed(chunk) {
      for (let at = 0; seen >= 0 && at < chunk.byteLength; at++) seen = chunk[at] === DONE[seen] ? seen + 1 : -1;
      reader.feed(chunk);
    },
    end() {
      if (seen === DONE.byteLength) onDone();
      seen = 0;
      reader.end();
    },
  };
}

export const isEventStream = (headers: Headers): boolean =>
  /^text\/event-stream\s*(?:;|$)/i.test(headers.get("content-type") ?? "");
