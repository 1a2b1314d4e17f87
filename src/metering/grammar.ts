// The grammar of JSON (RFC 8259) as states between its bytes, as far as one byte alone decides.

// What is expected next. Between all of these there may be space.
export const START = 0;
export const FIRST = 1;
export const ITEM = 2;
export const COLON = 3;
export const VALUE = 4;
export const NEXT = 5;
export const END = 6;
// Within a text, a number or a word.
export const TEXT = 7;
// A number may end behind these.
const WHOLE = 8;
const ZERO = 9;
const FRACTION = 10;
const EXPONENT = 11;
// Behind these it has to go on.
export const MINUS = 12;
const POINT = 13;
const E = 14;
const SIGN = 15;
export const ESCAPE = 16;
export const HEX = 17;
export const WORD = 18;
/** It is no JSON, whatever follows. */
export const FAILED = 19;

export const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
export const isHex = (byte: number): boolean => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
export const isEscape = (byte: number): boolean => '"\\/bfnrt'.includes(String.fromCharCode(byte));

/** RFC 8259 section 6. What follows a number is `NEXT` to it, and so is a digit that may not stand there. */
export function stateInNumber(state: number, byte: number): number {
  if (state >= MINUS) {
    if (!isDigit(byte)) return state === E && (byte === 0x2b || byte === 0x2d) ? SIGN : FAILED;
    if (state === MINUS) return byte === 0x30 ? ZERO : WHOLE;
    return state === POINT ? FRACTION : EXPONENT;
  }
  if (byte === 0x2e && state <= ZERO) return POINT;
  return (byte | 0x20) === 0x65 && state !== EXPONENT ? E : NEXT;
}

const SPACES = 1;
const PLAIN = 2;
const DIGITS = 4;

/** What each byte may be one of many of. */
const KINDS = /* @__PURE__ */ Uint8Array.from({ length: 256 }, (_, byte) => {
  const plain = byte < 0x20 || byte === 0x22 || byte === 0x5c ? 0 : PLAIN;
  return plain | (isSpace(byte) ? SPACES : 0) | (isDigit(byte) ? DIGITS : 0);
});

/** What does not change a state. */
function runOf(state: number): number {
  if (state < TEXT) return SPACES;
  if (state === TEXT) return PLAIN;
  return state < MINUS && state !== ZERO ? DIGITS : 0;
}

/** Where the bytes from `from` on end that change nothing, so that most of a text costs next to nothing. */
export function endOfRun(state: number, chunk: Uint8Array, from: number): number {
  const run = runOf(state);
  let at = from;
  while (at < chunk.byteLength && ((KINDS[chunk[at] as number] as number) & run) !== 0) at++;
  return at;
}
