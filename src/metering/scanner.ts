// Reads JSON (RFC 8259) from bytes as they come: whether it is an object, and the numbers that stand at a few places in it.
// It understands what JSON.parse does, builds nothing and holds no text that could be long, so that it needs no more
// memory for a large text than for a small one, but for the levels that are open. Bytes that are no UTF-8 are a character
// that stands for them, in texts.

import { type Decimal, readNumber, readText } from "./decimal.ts";
import type { Reader } from "./events.ts";
import {
  COLON,
  END,
  ESCAPE,
  endOfRun,
  FAILED,
  FIRST,
  HEX,
  ITEM,
  isEscape,
  isHex,
  isSpace,
  MINUS,
  NEXT,
  START,
  stateInNumber,
  TEXT,
  VALUE,
  WORD,
} from "./grammar.ts";
import { clear, newPlace, type Place, placeOf } from "./places.ts";
import { Spelling } from "./spelling.ts";

/** Deep enough for whatever a buyer has an API repeat to him; each level is held while it is open. */
const DEPTH_MAX = 10_000;
/** Of a number, or a text that is one: 61 characters, each escaped, and some space around them. */
const VALUE_BYTES_MAX = 512;
/** Of one UTF-16 unit of a name: `\u0061`. */
const ESCAPED_BYTES = 6;
const WORDS = ["true", "false", "null"];

interface Container {
  /** The byte that ends it. */
  readonly closing: number;
  /** Null where nothing below is looked for. */
  readonly place: Place | null;
  readonly depth: number;
  readonly parent: Container | null;
  /** Of a list's element that is read. */
  index: number;
}

export class JsonScanner implements Reader {
  readonly #wanted: readonly (readonly Place[])[];
  readonly #onObject: (found: readonly (Decimal | null)[]) => void;
  readonly #root = newPlace("");
  readonly #spelling: Spelling;
  #state = START;
  #container: Container | null = null;
  /** Of the value that is read, or read next. */
  #place: Place | null = this.#root;
  /** Whether somebody looks for the text or number: runs of others are not even copied. */
  #isHeld = false;
  #isName = false;
  /** A word that has begun. */
  #word = "";
  /** So many characters of the word or the escape are to come. */
  #left = 0;

  /**
   * @param wanted names one below the other, or indices: several paths for each value, of which the first counts that has one
   * @param onObject called at the end of each text that is an object: one for each wanted, null where none is there
   */
  constructor(
    wanted: readonly (readonly (readonly string[])[])[],
    onObject: (found: readonly (Decimal | null)[]) => void,
  ) {
    this.#onObject = onObject;
    this.#wanted = wanted.map((paths) => paths.map((path) => placeOf(this.#root, path)));
    const nameBytes = wanted.flat(2).map(({ length }) => length * ESCAPED_BYTES);
    this.#spelling = new Spelling(Math.max(VALUE_BYTES_MAX, ...nameBytes));
  }

  feed(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength && this.#state !== FAILED; at++) {
      const begin = at;
      at = endOfRun(this.#state, chunk, begin);
      if (this.#isHeld && this.#state >= TEXT) for (let i = begin; i < at; i++) this.#spelling.add(chunk[i] as number);
      if (at < chunk.byteLength) this.#state = this.#behind(chunk[at] as number);
    }
  }

  /** What is fed next is another text. */
  end(): void {
    if (this.#state === END) {
      this.#onObject(this.#wanted.map((places) => places.find(({ value }) => value)?.value ?? null));
    }
    this.#state = START;
    this.#container = null;
    this.#place = this.#root;
    clear(this.#root);
  }

  /** The state behind one more byte. */
  #behind(byte: number): number {
    const state = this.#state;
    switch (state) {
      case START:
        return byte === 0x7b ? this.#open(byte) : FAILED;
      case FIRST:
      case ITEM:
        return this.#beginItem(state, byte);
      case COLON:
        return byte === 0x3a ? VALUE : FAILED;
      case VALUE:
        return this.#beginValue(byte);
      case NEXT:
        return this.#next(byte);
      case TEXT:
        if (byte === 0x22) return this.#endText();
        this.#spelling.add(byte);
        return byte === 0x5c ? ESCAPE : FAILED;
      case ESCAPE:
        this.#spelling.add(byte);
        this.#left = 4;
        return byte === 0x75 ? HEX : isEscape(byte) ? TEXT : FAILED;
      case HEX:
        this.#spelling.add(byte);
        if (!isHex(byte)) return FAILED;
        return --this.#left > 0 ? HEX : TEXT;
      case WORD:
        if (byte !== this.#word.charCodeAt(this.#word.length - this.#left)) return FAILED;
        return --this.#left > 0 ? WORD : NEXT;
      case END:
        return FAILED;
    }
    const next = stateInNumber(state, byte);
    if (next !== NEXT) {
      this.#spelling.add(byte);
      return next;
    }
    this.#endValue(readNumber);
    return isSpace(byte) ? NEXT : this.#next(byte);
  }

  #open(byte: number): number {
    const parent = this.#container;
    const depth = (parent?.depth ?? 0) + 1;
    // The closing brackets are the second ones behind those that they close.
    this.#container = { closing: byte + 2, place: this.#place, depth, parent, index: -1 };
    return depth > DEPTH_MAX ? FAILED : FIRST;
  }

  /** Behind a value, or at the end of what has none. */
  #next(byte: number): number {
    if (byte === 0x2c) return ITEM;
    const { closing, parent } = this.#container as Container;
    this.#container = parent;
    return byte !== closing ? FAILED : parent === null ? END : NEXT;
  }

  /** An element of a list, or the name of a member. */
  #beginItem(state: number, byte: number): number {
    const container = this.#container as Container;
    const { closing, place } = container;
    if (state === FIRST && byte === closing) return this.#next(byte);
    if (closing === 0x5d) {
      container.index++;
      this.#place = place?.below.find(({ name }) => name === String(container.index)) ?? null;
      return this.#beginValue(byte);
    }
    this.#isName = true;
    this.#isHeld = place !== null;
    this.#spelling.begin();
    return byte === 0x22 ? TEXT : FAILED;
  }

  #beginValue(byte: number): number {
    this.#isName = false;
    this.#isHeld = this.#place !== null;
    this.#spelling.begin();
    switch (byte) {
      case 0x22:
        return TEXT;
      case 0x7b:
      case 0x5b:
        return this.#open(byte);
      case 0x2d:
        this.#spelling.add(byte);
        return MINUS;
    }
    const word = WORDS.find((one) => one.charCodeAt(0) === byte);
    if (word === undefined) {
      this.#state = MINUS;
      return this.#behind(byte);
    }
    this.#word = word;
    this.#left = word.length - 1;
    return WORD;
  }

  #endText(): number {
    if (!this.#isName) {
      this.#endValue(readText);
      return NEXT;
    }
    this.#place = (this.#container as Container).place?.below.find(({ name }) => this.#spelling.is(name)) ?? null;
    // Of members of one name the last counts, also where it has nothing of what the one before it had.
    if (this.#place) clear(this.#place);
    return COLON;
  }

  #endValue(read: (text: string) => Decimal | null): void {
    if (this.#place === null) return;
    const text = this.#spelling.text();
    this.#place.value = text === null ? null : read(text);
  }
}
