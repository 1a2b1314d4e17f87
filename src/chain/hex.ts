// Hexadecimal as Ethereum's JSON-RPC writes it: quantities, hashes, and addresses as words of an event's topics.

/** A block's number, a time in seconds, an index in a block: null for what is none, or too large to count with. */
export function parseQuantity(value: unknown): number | null {
  if (typeof value !== "string" || !/^0x[0-9a-f]{1,16}$/i.test(value)) return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : null;
}

/** The same for what may be larger: wei, gas and their prices. */
export const parseBigQuantity = (value: unknown): bigint | null =>
  typeof value === "string" && /^0x[0-9a-f]{1,64}$/i.test(value) ? BigInt(value) : null;

export const toQuantity = (number: number): string => `0x${number.toString(16)}`;

/** A hash, a topic or a word of 32 bytes in lower case. */
export function parseWord(value: unknown): string | null {
  return typeof value === "string" && /^0x[0-9a-f]{64}$/i.test(value) ? value.toLowerCase() : null;
}

/** An address as a topic or an argument: 32 bytes, lower case. */
export const addressWord = (address: string): string => `0x${address.slice(2).toLowerCase().padStart(64, "0")}`;

/** The address in a word of 32 bytes, lower case. */
export const wordAddress = (word: string): string => `0x${word.slice(-40)}`;

/** A number below 2^256 as an argument: 32 bytes, lower case. */
export const numberWord = (number: bigint): string => `0x${number.toString(16).padStart(64, "0")}`;
