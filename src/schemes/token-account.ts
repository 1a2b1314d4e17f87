// Where a wallet keeps a token on Solana: the associated token account, an address that the program of that name derives
// from both (SPL's documentation, "Associated Token Account"; Solana's, "Program Derived Addresses").

import { sha256 } from "@noble/hashes/sha2";
import { concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils";
import type { TokenProgram } from "../x402/index.ts";
import { isOnCurve } from "./ed25519.ts";
import { TOKEN_PROGRAMS } from "./solana-transfer.ts";

/** In hexadecimal; a test holds it to its name in base58. */
export const ASSOCIATED_TOKEN = "8c97258f4e2489f1bb3d1029148e0d830b5a1399daff1084048e7bd8dbe9f859";
const BUMP_MAX = 255;

/**
 * @param wallet 32 bytes, as the mint
 * @returns 32 bytes
 */
export function tokenAccountOf(wallet: Uint8Array, mint: Uint8Array, tokenProgram: TokenProgram): Uint8Array {
  const seeds = concatBytes(wallet, hexToBytes(TOKEN_PROGRAMS[tokenProgram]), mint);
  const suffix = concatBytes(hexToBytes(ASSOCIATED_TOKEN), utf8ToBytes("ProgramDerivedAddress"));
  // The first that is nobody's key. That none of them is one has never been seen, and has odds of one in 2^256.
  for (let bump = BUMP_MAX; ; bump--) {
    const address = sha256(concatBytes(seeds, Uint8Array.of(bump), suffix));
    if (!isOnCurve(address)) return address;
  }
}
