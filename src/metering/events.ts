// The data of server-sent events, one event after the other (HTML, "Parsing an event stream"), from chunks of bytes as
// they come. No more than one event is held; one that is too long is passed over.

const LF = 10;
const CR = 13;

/** What holds a use is short: a model's last event has some hundred bytes. */
export const EVENT_BYTES_MAX = 262_144;

export class EventReader {
  readonly #onData: (data: string) => void;
  /** Of the line that has not ended. */
  #pieces: Uint8Array[] = [];
  #length = 0;
  /** Of the event that has not ended. */
  #data: string[] = [];
  #dataLength = 0;
  #isTooLong = false;
  #endedWithCr = false;

  /** @param onData called with the data of each event that has some */
  constructor(onData: (data: string) => void) {
    this.#onData = onData;
  }

  feed(chunk: Uint8Array): void {
    let from = this.#endedWithCr && chunk[0] === LF ? 1 : 0;
    if (chunk.byteLength > 0) this.#endedWithCr = false;
    for (let at = from; at < chunk.byteLength; at++) {
      const byte = chunk[at];
      if (byte !== LF && byte !== CR) continue;
      this.#hold(chunk.subarray(from, at));
      this.#endLine();
      // Two of them are one end.
      if (byte === CR && chunk[at + 1] === LF) at++;
      else this.#endedWithCr = byte === CR && at + 1 === chunk.byteLength;
      from = at + 1;
    }
    this.#hold(chunk.subarray(from));
  }

  /** What was not ended by an empty line is an event all the same, here: an upstream may forget it at its end. */
  end(): void {
    this.#endLine();
    this.#endEvent();
  }

  #hold(piece: Uint8Array): void {
    if (piece.byteLength === 0) return;
    this.#length += piece.byteLength;
    if (this.#length + this.#dataLength > EVENT_BYTES_MAX) {
      this.#isTooLong = true;
      this.#pieces = [];
    }
    // The chunk's memory may be used again.
    if (!this.#isTooLong) this.#pieces.push(piece.slice());
  }

  #endLine(): void {
    const length = this.#length;
    const line = this.#isTooLong ? "" : textOf(this.#pieces);
    this.#pieces = [];
    this.#length = 0;
    if (length === 0) {
      this.#endEvent();
      return;
    }
    const field = /^\uFEFF?data(?:: ?(.*))?$/s.exec(line);
    if (!field) return;
    this.#data.push(field[1] ?? "");
    this.#dataLength += length;
  }

  #endEvent(): void {
    const { length } = this.#data;
    if (length > 0 && !this.#isTooLong) this.#onData(this.#data.join("\n"));
    this.#data = [];
    this.#dataLength = 0;
    this.#isTooLong = false;
  }
}

function textOf(pieces: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
}
