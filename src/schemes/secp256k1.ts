// ECDSA public key recovery by libsecp256k1, in the WebAssembly that libauth ships. In JavaScript it takes several times
// as long, and it is most of what a paid call costs. Its data and stack stand in a memory of fixed size where that build
// expects them (libauth's own loader compiles from bytes, which Workers may not).

import module from "#secp256k1";

interface Library {
  readonly _malloc: (bytes: number) => number;
  readonly _secp256k1_context_create: (flags: number) => number;
  readonly _secp256k1_ecdsa_recoverable_signature_parse_compact: (
    context: number,
    parsed: number,
    signature: number,
    recovery: number,
  ) => number;
  readonly _secp256k1_ecdsa_recover: (context: number, key: number, signature: number, digest: number) => number;
  readonly _secp256k1_ec_pubkey_serialize: (
    context: number,
    bytes: number,
    length: number,
    key: number,
    flags: number,
  ) => number;
}

const PAGES = 256;
const PAGE_BYTES = 65_536;
/** The module's data begins here, and has so many bytes. */
const DATA = 1_024;
const DATA_BYTES = 67_712;
/** A word that says where the heap ends; the stack follows it, and the heap the stack. */
const HEAP_END_POINTER = DATA + DATA_BYTES;
const STACK = HEAP_END_POINTER + 16;
const STACK_BYTES = 5 * 1024 * 1024;
const TABLE_ENTRIES = 6;

/** SECP256K1_CONTEXT_VERIFY and SECP256K1_EC_UNCOMPRESSED of libsecp256k1's header. */
const CONTEXT_VERIFY = 0x101;
const UNCOMPRESSED = 2;
const KEY_BYTES = 65;

type Recover = (digest: Uint8Array, signature: Uint8Array, recovery: 0 | 1) => Uint8Array | null;

function open(): Recover {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  view.setUint32(HEAP_END_POINTER, STACK + STACK_BYTES, true);
  const library = instantiate(memory, bytes);
  const context = library._secp256k1_context_create(CONTEXT_VERIFY);
  const digestAt = library._malloc(32);
  const signatureAt = library._malloc(64);
  const parsedAt = library._malloc(65);
  const keyAt = library._malloc(64);
  const writtenAt = library._malloc(KEY_BYTES);
  const lengthAt = library._malloc(4);
  return (digest, signature, recovery) => {
    bytes.set(digest, digestAt);
    bytes.set(signature, signatureAt);
    const parse = library._secp256k1_ecdsa_recoverable_signature_parse_compact;
    if (parse(context, parsedAt, signatureAt, recovery) !== 1) return null;
    if (library._secp256k1_ecdsa_recover(context, keyAt, parsedAt, digestAt) !== 1) return null;
    view.setUint32(lengthAt, KEY_BYTES, true);
    library._secp256k1_ec_pubkey_serialize(context, writtenAt, lengthAt, keyAt, UNCOMPRESSED);
    return bytes.slice(writtenAt, writtenAt + KEY_BYTES);
  };
}

function instantiate(memory: WebAssembly.Memory, bytes: Uint8Array): Library {
  const fail = (): never => {
    throw new Error("libsecp256k1 gave up");
  };
  const table = new WebAssembly.Table({ element: "anyfunc", initial: TABLE_ENTRIES, maximum: TABLE_ENTRIES });
  const env = {
    memory,
    memoryBase: DATA,
    table,
    tableBase: 0,
    DYNAMICTOP_PTR: HEAP_END_POINTER,
    STACKTOP: STACK,
    getTotalMemory: () => PAGES * PAGE_BYTES,
    _emscripten_memcpy_big: (to: number, from: number, count: number) => {
      bytes.copyWithin(to, from, from + count);
      return to;
    },
    ___setErrNo: (value: number) => value,
    _abort: fail,
    abort: fail,
    abortOnCannotGrowMemory: fail,
    enlargeMemory: fail,
  };
  return new WebAssembly.Instance(module, { env }).exports as unknown as Library;
}

/** Opened by the first signature that comes, so that who sells nothing waits for nothing. */
let recover: Recover | null = null;

/**
 * @param digest 32 bytes
 * @param signature r and s, 64 bytes
 * @returns the public key, 65 bytes with 4 first; null where no key made this signature
 */
export function recoverPublicKey(digest: Uint8Array, signature: Uint8Array, recovery: 0 | 1): Uint8Array | null {
  recover ??= open();
  return recover(digest, signature, recovery);
}
