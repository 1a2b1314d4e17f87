// Who takes part: keys that anybody may know, and USDC's mint of devnet with their accounts in it, as they would stand
// on the chain. Balances are atomic units.

import { createHash } from "node:crypto";
import { createKeyPairSignerFromPrivateKeyBytes, lamports } from "@solana/kit";
import {
  AccountState,
  findAssociatedTokenPda,
  getMintEncoder,
  getTokenEncoder,
  TOKEN_PROGRAM_ADDRESS,
} from "@solana-program/token";

/** CAIP-2 of devnet: the first 32 characters of its genesis hash. */
export const GENESIS = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG";
export const NETWORK = `solana:${GENESIS.slice(0, 32)}`;
/** Circle's list of USDC contracts. */
export const USDC = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU";
const DECIMALS = 6;

export const newSigner = (name) =>
  createKeyPairSignerFromPrivateKeyBytes(createHash("sha256").update(`faregate ${name}`).digest());

export async function tokenAccountOf(owner, mint = USDC) {
  const [address] = await findAssociatedTokenPda({ mint, owner, tokenProgram: TOKEN_PROGRAM_ADDRESS });
  return address;
}

/** An account of the token program's; its rent is paid for good. */
const ofToken = (address, data) => ({
  address,
  data,
  executable: false,
  lamports: lamports(10_000_000n),
  programAddress: TOKEN_PROGRAM_ADDRESS,
  space: BigInt(data.length),
});

export function mintAccount(address, authority) {
  const mint = {
    mintAuthority: authority,
    supply: 1_000_000_000_000n,
    decimals: DECIMALS,
    isInitialized: true,
    freezeAuthority: null,
  };
  return ofToken(address, getMintEncoder().encode(mint));
}

export async function tokenAccount(owner, amount, mint = USDC) {
  const token = {
    mint,
    owner,
    amount,
    delegate: null,
    state: AccountState.Initialized,
    isNative: null,
    delegatedAmount: 0n,
    closeAuthority: null,
  };
  return ofToken(await tokenAccountOf(owner, mint), getTokenEncoder().encode(token));
}
