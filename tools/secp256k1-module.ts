// libsecp256k1 for the gate's code in Node, which takes no WebAssembly as the platform does.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const file = createRequire(import.meta.url).resolve("@bitauth/libauth/build/lib/bin/secp256k1/secp256k1.wasm");
/** The platform's types have no way to compile one, because the platform has none. */
const { Module } = WebAssembly as unknown as { readonly Module: new (bytes: Uint8Array) => WebAssembly.Module };

export default new Module(readFileSync(file));
