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
