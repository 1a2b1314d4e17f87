// A transaction of Solana as it travels: signatures, and the message that they sign (Solana's documentation,
// "Transactions"). What the runtime would refuse for its form alone is none here either: one message has one spelling, and
// every account that it names stands in it once.

/** A packet of IPv6 without its headers: no node takes more. */
const TRANSACTION_BYTES_MAX = 1232;
export const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
/** Set in the first byte of a message that says its version; in a legacy one that byte counts signatures. */
const VERSION_0 = 0x80;
const COMPACT_MAX = 0xffff;

export interface Instruction {
  /** Indices into the message's keys; of accounts, and into those that its tables load. */
  readonly program: number;
  readonly accounts: readonly number[];
  readonly data: Uint8Array;
}

export interface Transaction {
  /** One for each signer, in the order of the keys. */
  readonly signatures: readonly Uint8Array[];
  /** What the signers sign. */
  readonly message: Uint8Array;
  /** In hexadecimal of lower case, no two alike. The signers come first, and the first of them pays the fee. */
  readonly keys: readonly string[];
  readonly instructions: readonly Instruction[];
  /** Whether it names tables that hold more accounts. */
  readonly hasLookups: boolean;
}

/** Null for what no node would take for a transaction, legacy or of version 0. */
export function decodeTransaction(bytes: Uint8Array): Transaction | null {
  if (bytes.length > TRANSACTION_BYTES_MAX) return null;
  const reader = new Reader(bytes);
  const signatures = reader.list(() => reader.take(SIGNATURE_BYTES));
  const message = reader.rest();
  const first = message[0] ?? 0;
  const isLegacy = first < VERSION_0;
  if (!isLegacy) reader.byte();
  const header = { signers: reader.byte(), readonlySigners: reader.byte(), readonlyOthers: reader.byte() };
  const keys = reader.list(() => reader.take(KEY_BYTES).toHex());
  // The hash of a recent block: how long all of this lives.
  reader.take(KEY_BYTES);
  const instructions = reader.list(() => readInstruction(reader));
  const loaded = isLegacy ? [] : reader.list(() => readLookup(reader));
  const isWhole = !reader.isBroken && reader.rest().length === 0;
  if (!isWhole || first > VERSION_0 || header.signers !== signatures.length) return null;
  const accounts = loaded.reduce((sum, count) => sum + count, keys.length);
  return isSane(header, keys, instructions, accounts)
    ? { signatures, message, keys, instructions, hasLookups: loaded.length > 0 }
    : null;
}

interface Header {
  readonly signers: number;
  readonly readonlySigners: number;
  readonly readonlyOthers: number;
}

/** As the runtime sanitizes: the fee payer can be written to, is no program, and every index means one account. */
function isSane(
  { signers, readonlySigners, readonlyOthers }: Header,
  keys: readonly string[],
  instructions: readonly Instruction[],
  accounts: number,
): boolean {
  if (readonlySigners >= signers || signers + readonlyOthers > keys.length) return false;
  if (new Set(keys).size < keys.length) return false;
  return instructions.every(
    (one) => one.program > 0 && one.program < keys.length && one.accounts.every((account) => account < accounts),
  );
}

const readInstruction = (reader: Reader): Instruction => ({
  program: reader.byte(),
  accounts: [...reader.bytes()],
  data: reader.bytes(),
});

/** How many accounts it loads. */
function readLookup(reader: Reader): number {
  reader.take(KEY_BYTES);
  return reader.bytes().length + reader.bytes().length;
}

/** What is asked of it beyond the end is empty or zero, and it is broken from then on. */
class Reader {
  isBroken = false;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  take(count: number): Uint8Array {
    const taken = this.rest().subarray(0, count);
    this.#at += taken.length;
    this.isBroken ||= taken.length < count;
    return taken;
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  /** Seven bits a byte, the lowest first; of its spellings only the shortest is one. */
  compact(): number {
    let value = 0;
    for (let shift = 0; shift <= 14; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) << shift;
      if (byte > 0x7f) continue;
      this.isBroken ||= (byte === 0 && shift > 0) || value > COMPACT_MAX;
      return value;
    }
    this.isBroken = true;
    return 0;
  }

  bytes(): Uint8Array {
    return this.take(this.compact());
  }

  /** Each of them has a byte at least. */
  list<T>(read: () => T): readonly T[] {
    const count = this.compact();
    this.isBroken ||= count > this.rest().length;
    return this.isBroken ? [] : Array.from({ length: count }, read);
  }
}
