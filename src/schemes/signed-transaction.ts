// A signed transaction of EIP-1559 (type 2), as far as it tells who calls whom with what: 0x02 and one list in RLP (Ethereum
// yellow paper, appendix B). What was signed is the same list without its last three items.

import { keccak_256 } from "@noble/hashes/sha3";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils";
import { canonicalSignature } from "./signature.ts";

export interface SignedTransaction {
  readonly chainId: bigint;
  /** Hexadecimal in lower case, as the data. */
  readonly to: string;
  readonly data: string;
  /** What was signed, 32 bytes. */
  readonly digest: Uint8Array;
  /** Of `canonicalSignature`. */
  readonly signature: string;
}

const BYTES = /^0x(?:[0-9a-f]{2})+$/i;
const TYPE = 2;
/** chainId, nonce, priority fee, fee, gas, to, value, data, access list, yParity, r, s. */
const ITEMS_MAX = 12;
const UNSIGNED_ITEMS = 9;
const WORD_DIGITS = 64;

/** Null for anything else. */
export function readTransaction(text: string): SignedTransaction | null {
  if (!BYTES.test(text)) return null;
  const bytes = hexToBytes(text.slice(2));
  const items = bytes[0] === TYPE ? readList(bytes, 1) : null;
  if (items?.length !== ITEMS_MAX) return null;
  const [chainId, , , , , to, , data, , yParity, r, s] = items.map(({ from, end }) =>
    bytesToHex(bytes.subarray(from, end)),
  ) as [string, string, string, string, string, string, string, string, string, string, string, string];
  const v = PARITIES.get(yParity);
  const signature = v && canonicalSignature(`0x${r.padStart(WORD_DIGITS, "0")}${s.padStart(WORD_DIGITS, "0")}${v}`);
  if (!signature) return null;
  const [first, afterThem] = [items[0], items[UNSIGNED_ITEMS]] as [Item, Item];
  const unsigned = bytes.subarray(first.start, afterThem.start);
  const digest = keccak_256(concatBytes(Uint8Array.of(TYPE), listHead(unsigned.length), unsigned));
  return { chainId: BigInt(`0x0${chainId}`), to: `0x${to}`, data: `0x${data}`, digest, signature };
}

/** RLP writes nothing for zero. */
const PARITIES: ReadonlyMap<string, string> = new Map([
  ["", "1b"],
  ["01", "1c"],
]);

interface Item {
  /** Of its head, of what it holds, and of what comes after it. */
  readonly start: number;
  readonly from: number;
  readonly end: number;
  readonly isList: boolean;
}

const TEXT = 0x80;
const LIST = 0xc0;
/** Longer ones have their length in so many bytes that follow. */
const SHORT_MAX = 55;

/** Null where the bytes end before the item does. */
function readItem(bytes: Uint8Array, start: number): Item | null {
  const head = bytes[start] as number;
  if (head < TEXT) return { start, from: start, end: start + 1, isList: false };
  const isList = head >= LIST;
  const short = head - (isList ? LIST : TEXT);
  const from = start + 1 + Math.max(short - SHORT_MAX, 0);
  const length = short > SHORT_MAX ? Number(`0x0${bytesToHex(bytes.subarray(start + 1, from))}`) : short;
  const end = from + length;
  return end > bytes.length ? null : { start, from, end, isList };
}

/** The items of the list that takes all the bytes from `start` on; null where there is none. */
function readList(bytes: Uint8Array, start: number): readonly Item[] | null {
  const list = start < bytes.length ? readItem(bytes, start) : null;
  if (!list?.isList || list.end !== bytes.length) return null;
  const items: Item[] = [];
  for (let at = list.from; at < list.end && items.length <= ITEMS_MAX; ) {
    const item = readItem(bytes, at);
    if (item === null) return null;
    items.push(item);
    at = item.end;
  }
  return items;
}

function listHead(length: number): Uint8Array {
  if (length <= SHORT_MAX) return Uint8Array.of(LIST + length);
  const bytes = length < 256 ? [length] : [length >> 8, length & 255];
  return Uint8Array.of(LIST + SHORT_MAX + bytes.length, ...bytes);
}
