// ECDSA public key recovery, and signing, by libsecp256k1, in the WebAssembly that libauth ships. In JavaScript it takes several times
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
  readonly _secp256k1_ecdsa_sign_recoverable: (
    context: number,
    parsed: number,
    digest: number,
    secret: number,
  ) => number;
  readonly _secp256k1_ecdsa_recoverable_signature_serialize_compact: (
    context: number,
    signature: number,
    recovery: number,
    parsed: number,
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

/** SECP256K1_CONTEXT_VERIFY, SECP256K1_CONTEXT_SIGN and SECP256K1_EC_UNCOMPRESSED of libsecp256k1's header. */
const CONTEXT_VERIFY = 0x101;
const CONTEXT_SIGN = 0x201;
const UNCOMPRESSED = 2;
const KEY_BYTES = 65;
const SECRET_BYTES = 32;

/** r and s, 64 bytes with s in the lower half, and which of two keys it recovers to. */
export interface RecoverableSignature {
  readonly signature: Uint8Array;
  readonly recovery: 0 | 1;
}

interface Curve {
  readonly recover: (digest: Uint8Array, signature: Uint8Array, recovery: 0 | 1) => Uint8Array | null;
  readonly sign: (digest: Uint8Array, secret: Uint8Array) => RecoverableSignature | null;
}

function open(): Curve {
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
  const secretAt = library._malloc(SECRET_BYTES);
  const recoveryAt = library._malloc(4);
  // Its tables are made by the first who signs: most gates never do.
  let signing: number | null = null;
  return {
    recover: (digest, signature, recovery) => {
      bytes.set(digest, digestAt);
      bytes.set(signature, signatureAt);
      const parse = library._secp256k1_ecdsa_recoverable_signature_parse_compact;
      if (parse(context, parsedAt, signatureAt, recovery) !== 1) return null;
      if (library._secp256k1_ecdsa_recover(context, keyAt, parsedAt, digestAt) !== 1) return null;
      view.setUint32(lengthAt, KEY_BYTES, true);
      library._secp256k1_ec_pubkey_serialize(context, writtenAt, lengthAt, keyAt, UNCOMPRESSED);
      return bytes.slice(writtenAt, writtenAt + KEY_BYTES);
    },
    sign: (digest, secret) => {
      signing ??= library._secp256k1_context_create(CONTEXT_SIGN);
      bytes.set(digest, digestAt);
      bytes.set(secret, secretAt);
      const isSigned = library._secp256k1_ecdsa_sign_recoverable(signing, parsedAt, digestAt, secretAt) === 1;
      bytes.fill(0, secretAt, secretAt + SECRET_BYTES);
      if (!isSigned) return null;
      const serialize = library._secp256k1_ecdsa_recoverable_signature_serialize_compact;
      serialize(signing, signatureAt, recoveryAt, parsedAt);
      const recovery = view.getInt32(recoveryAt, true) as 0 | 1;
      return { signature: bytes.slice(signatureAt, signatureAt + 64), recovery };
    },
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
let curve: Curve | null = null;

/**
 * @param digest 32 bytes
 * @param signature r and s, 64 bytes
 * @returns the public key, 65 bytes with 4 first; null where no key made this signature
 */
export function recoverPublicKey(digest: Uint8Array, signature: Uint8Array, recovery: 0 | 1): Uint8Array | null {
  curve ??= open();
  return curve.recover(digest, signature, recovery);
}

/**
 * With a nonce of RFC 6979, so that the same is signed in the same way.
 *
 * @param digest 32 bytes
 * @param secret 32 bytes, of which no copy stays
 * @returns null where this is nobody's key: zero, or not below the curve's order
 */
export function signRecoverable(digest: Uint8Array, secret: Uint8Array): RecoverableSignature | null {
  curve ??= open();
  return curve.sign(digest, secret);
}
