// The data of server-sent events, one event after the other (HTML, "Parsing an event stream"), from chunks of bytes as
// they come, and handed on as they come: no event is held.

/** Takes bytes as they come; a chunk's memory may be used again behind each call. */
export interface Reader {
  feed(chunk: Uint8Array): void;
  end(): void;
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

const FIELD = "data:";
// How far a line is: up to the first of these, so many letters of the field's name.
const COLON = 4;
const BEFORE_VALUE = 5;
const VALUE = 6;
const OTHER = 7;

const BETWEEN_LINES = /* @__PURE__ */ Uint8Array.of(LF);

export class EventReader implements Reader {
  readonly #data: Reader;
  #line = 0;
  #endedWithCr = false;
  /** Of the event that has not ended. */
  #hasData = false;

  /** @param data is fed the data of an event, and told its end, for each that has some */
  constructor(data: Reader) {
    this.#data = data;
  }

  feed(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength; ) {
      const byte = chunk[at] as number;
      if (byte === LF || byte === CR) {
        // Two of them are one end.
        if (byte === CR || !this.#endedWithCr) this.#endLine();
        this.#endedWithCr = byte === CR;
        at++;
        continue;
      }
      this.#endedWithCr = false;
      if (this.#line < BEFORE_VALUE) {
        this.#line = this.#behindLetter(byte);
        at++;
      } else if (this.#line === BEFORE_VALUE) {
        this.#line = VALUE;
        if (byte === SPACE) at++;
      } else {
        const end = endOfLine(chunk, at);
        if (this.#line === VALUE) this.#data.feed(chunk.subarray(at, end));
        at = end;
      }
    }
  }

  /** What was not ended by an empty line is an event all the same, here: an upstream may forget it at its end. */
  end(): void {
    this.#endLine();
    this.#endEvent();
  }

  #behindLetter(byte: number): number {
    if (byte !== FIELD.charCodeAt(this.#line)) return OTHER;
    if (this.#line === COLON) this.#beginData();
    return this.#line + 1;
  }

  #beginData(): void {
    if (this.#hasData) this.#data.feed(BETWEEN_LINES);
    this.#hasData = true;
  }

  #endLine(): void {
    if (this.#line === 0) this.#endEvent();
    // The field's name alone is a line of it without a value.
    if (this.#line === COLON) this.#beginData();
    this.#line = 0;
  }

  #endEvent(): void {
    if (this.#hasData) this.#data.end();
    this.#hasData = false;
  }
}

function endOfLine(chunk: Uint8Array, from: number): number {
  let at = from;
  while (at < chunk.byteLength && chunk[at] !== LF && chunk[at] !== CR) at++;
  return at;
}
