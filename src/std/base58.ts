// Base58 as Bitcoin writes it (draft-msporny-base58): of bytes as one number, with a "1" for every zero byte before it.
// The time it takes grows with the square of the length: nothing long belongs here.

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BASE = 58n;

export function encodeBase58(bytes: Uint8Array): string {
  let digits = "";
  for (let rest = BigInt(`0x0${bytes.toHex()}`); rest > 0n; rest /= BASE)
    digits = ALPHABET[Number(rest % BASE)] + digits;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return "1".repeat(zeros < 0 ? bytes.length : zeros) + digits;
}

/** A transaction's signature has up to 88 digits. */
const DIGITS_MAX = 90;

/** Null for what is none, and for what is longer than anything that is written so. */
export function decodeBase58(text: string): Uint8Array | null {
  const digits = [...text].map((char) => ALPHABET.indexOf(char));
  if (text.length > DIGITS_MAX || digits.includes(-1)) return null;
  const hex = digits.reduce((number, digit) => number * BASE + BigInt(digit), 0n).toString(16);
  const number = hex === "0" ? "" : hex.padStart(hex.length + (hex.length % 2), "0");
  const zeros = digits.findIndex((digit) => digit !== 0);
  return Uint8Array.fromHex("00".repeat(zeros < 0 ? digits.length : zeros) + number);
}
