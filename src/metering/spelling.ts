// A name, a text or a number of JSON as it is written there, between its quotes: held only as far as it is short.

const BACKSLASH = 0x5c;
const ASCII_MAX = 0x7f;

/** A byte order mark within a text is a part of it. */
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

export class Spelling {
  readonly #bytes: Uint8Array;
  #length = 0;
  /** Whether its bytes are its characters. */
  #isPlain = true;

  /** @param bytesMax what is longer is nothing */
  constructor(bytesMax: number) {
    // One more tells that it is too long.
    this.#bytes = new Uint8Array(bytesMax + 1);
  }

  begin(): void {
    this.#length = 0;
    this.#isPlain = true;
  }

  add(byte: number): void {
    if (this.#length === this.#bytes.byteLength) return;
    this.#bytes[this.#length++] = byte;
    if (byte === BACKSLASH || byte > ASCII_MAX) this.#isPlain = false;
  }

  /** Whether it spells this name. Most names are of another length, and nothing is built to see that. */
  is(name: string): boolean {
    return (!this.#isPlain || this.#length === name.length) && this.text() === name;
  }

  /** Without its escapes; null for what is too long. */
  text(): string | null {
    if (this.#length === this.#bytes.byteLength) return null;
    return JSON.parse(`"${decoder.decode(this.#bytes.subarray(0, this.#length))}"`) as string;
  }
}
