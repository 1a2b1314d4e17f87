// libsecp256k1 as the platform takes it: compiled when the Worker is uploaded, never from bytes.

export { default } from "@bitauth/libauth/build/lib/bin/secp256k1/secp256k1.wasm";
