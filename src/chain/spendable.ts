// What an account could pay now, by the word of the token's contract. It is a look, and holds nothing back.

import { err, ok, type Result } from "../std/index.ts";
import { addressWord, parseWord } from "./hex.ts";
import { type Ask, type Call, type Fault, fault } from "./rpc.ts";

export interface Wallet {
  /** CAIP-2. */
  readonly network: string;
  readonly asset: string;
  readonly payer: string;
  /** Who needs an allowance to move the token; null where nobody does. */
  readonly spender: string | null;
}

/** `balanceOf(address)` (ERC-20). */
export const BALANCE_OF = "0x70a08231";
/** `allowance(address,address)` */
const ALLOWANCE = "0xdd62ed3e";

/** Atomic units. */
export async function readSpendable(ask: Ask, { asset, payer, spender }: Wallet): Promise<Result<bigint, Fault>> {
  const read = (selector: string, addresses: readonly string[]): Call => {
    const data = selector + addresses.map((address) => addressWord(address).slice(2)).join("");
    return { method: "eth_call", params: [{ to: asset, data }, "latest"] };
  };
  const balance = read(BALANCE_OF, [payer]);
  const results = await ask(spender === null ? [balance] : [balance, read(ALLOWANCE, [payer, spender])]);
  if (!results.ok) return results;
  const amounts = results.value.map(parseWord).filter((word) => word !== null);
  if (amounts.length < results.value.length) return err(fault("does not say what the payer has"));
  return ok(amounts.map(BigInt).reduce((least, amount) => (amount < least ? amount : least)));
}
