// Reads the use off one answer: off its head, off its bytes as they come, and at its end. It holds no more of a stream
// than its last event, and of an answer in one piece no more than it was given leave to.

import { isObject, parseJson } from "../std/index.ts";
import { type Decimal, readDecimal, ZERO } from "./decimal.ts";
import { EventReader } from "./events.ts";
import type { Meter, Rate, Source, Usage } from "./meter.ts";
import { lookUp } from "./usage.ts";

/** An answer's head. */
export interface Head {
  readonly headers: Headers;
}

/** The bytes of what is parsed are bounded already: who asks for a rich answer does not get it for less. */
const JSON_LIMITS = { depthMax: 64, nodesMax: Number.MAX_SAFE_INTEGER };

export class Gauge {
  readonly #rates: readonly Rate[];
  readonly #sources: readonly Source[];
  readonly #found: (Decimal | null)[];
  readonly #take: (chunk: Uint8Array) => void;
  readonly #end: () => void;
  #bytes = 0;
  /** Whether anything of the answer could be understood. */
  #isUnderstood = false;

  /** Whether what was used may stand at the answer's end; otherwise it is known at every moment of it. */
  readonly needsEnd: boolean;

  /** @param bytesMax of an answer that is no stream of events: a longer one is not read */
  constructor({ rates }: Meter, { headers }: Head, bytesMax: number) {
    this.#rates = rates;
    this.#sources = rates.map(({ source }) => source);
    this.needsEnd = this.#sources.some(({ kind }) => kind === "answer");
    this.#found = this.#sources.map((source) => (source.kind === "header" ? readHeader(headers, source.name) : null));
    const reader = this.#readerOf(headers, bytesMax);
    this.#take = (chunk) => reader.feed(chunk);
    this.#end = () => reader.end();
  }

  feed(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength;
    this.#take(chunk);
  }

  /**
   * @param durationMs since the upstream was asked
   * @param isWhole whether the answer came to its end: what a part of it said of its use may not have been the last word
   */
  end(durationMs: number, isWhole: boolean): Usage {
    if (isWhole) this.#end();
    const isRead = isWhole && this.#isUnderstood;
    return this.#rates.map(({ source: { kind }, isOptional }, i) => {
      if (kind === "bytes") return { digits: BigInt(this.#bytes), scale: 0 };
      if (kind === "seconds") return { digits: BigInt(Math.ceil(durationMs)), scale: 3 };
      if (kind === "answer" && !isRead) return null;
      return this.#found[i] ?? (isOptional ? ZERO : null);
    });
  }

  #readerOf(headers: Headers, bytesMax: number): Pick<EventReader, "feed" | "end"> {
    if (!this.needsEnd || headers.has("content-encoding")) return UNREAD;
    return isEventStream(headers) ? new EventReader((data) => this.#search(data)) : this.#wholeReader(bytesMax);
  }

  #wholeReader(bytesMax: number): Pick<EventReader, "feed" | "end"> {
    const decoder = new TextDecoder();
    let text: string | null = "";
    return {
      feed: (chunk) => {
        if (text === null) return;
        text = this.#bytes > bytesMax ? null : text + decoder.decode(chunk, { stream: true });
      },
      end: () => {
        if (text !== null) this.#search(text + decoder.decode());
      },
    };
  }

  /** What is found later counts: of a stream the last event that has it. */
  #search(text: string): void {
    const json = parseJson(text, JSON_LIMITS);
    if (!json.ok || !isObject(json.value)) return;
    this.#isUnderstood = true;
    for (const [i, source] of this.#sources.entries()) {
      if (source.kind !== "answer") continue;
      const values = source.paths.map((path) => readDecimal(lookUp(json.value, path)));
      this.#found[i] = values.find((value) => value !== null) ?? (this.#found[i] as Decimal | null);
    }
  }
}

const UNREAD: Pick<EventReader, "feed" | "end"> = { feed: () => undefined, end: () => undefined };

const readHeader = (headers: Headers, name: string): Decimal | null => readDecimal(headers.get(name));

export const isEventStream = (headers: Headers): boolean =>
  /^text\/event-stream\s*(?:;|$)/i.test(headers.get("content-type") ?? "");
