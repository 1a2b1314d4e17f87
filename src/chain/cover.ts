// Whether an account can pay all that it has promised, by the word of the token's contract. It is a look, and holds nothing
// back.

import { err, ok, type Result } from "../std/index.ts";
import type { Authorization } from "./events.ts";
import { addressWord, parseWord } from "./hex.ts";
import type { Method } from "./method.ts";
import { type Ask, type Call, type Fault, fault } from "./rpc.ts";

export interface Wallet extends Pick<Authorization, "network" | "asset" | "payer"> {
  /** Who needs an allowance to move the token; null where nobody does. */
  readonly spender: string | null;
  /** What the payer signed, and nobody knows to be settled: amounts in atomic units. */
  readonly promised: readonly (Pick<Authorization, "assetTransferMethod" | "nonce"> & { readonly amount: bigint })[];
}

/** `balanceOf(address)` (ERC-20). */
export const BALANCE_OF = "0x70a08231";
/** `allowance(address,address)` */
const ALLOWANCE = "0xdd62ed3e";
/** Nonces that are looked at in one batch, and of one wallet. */
const BATCH = 8;
const LOOKS_MAX = 40;

export async function readCover(
  ask: Ask,
  methodOf: (one: Pick<Authorization, "assetTransferMethod">) => Method,
  { asset, payer, spender, promised }: Wallet,
): Promise<Result<boolean, Fault>> {
  const spendable = await readSpendable(ask, { asset, payer, spender });
  if (!spendable.ok) return spendable;
  let rest = promised.reduce((sum, { amount }) => sum + amount, 0n);
  // What has left the wallet already leaves it no second time: looked at only where that decides.
  for (let i = 0; i < Math.min(promised.length, LOOKS_MAX) && rest > spendable.value; i += BATCH) {
    const batch = promised.slice(i, i + BATCH);
    const results = await ask(batch.map((one) => read(methodOf(one).stateCall({ asset, payer, nonce: one.nonce }))));
    if (!results.ok) return results;
    batch.forEach((one, j) => {
      const word = parseWord(results.value[j]);
      if (word !== null && methodOf(one).isUsed(word, one) === true) rest -= one.amount;
    });
  }
  return ok(rest <= spendable.value);
}

async function readSpendable(
  ask: Ask,
  { asset, payer, spender }: Pick<Wallet, "asset" | "payer" | "spender">,
): Promise<Result<bigint, Fault>> {
  const about = (selector: string, addresses: readonly string[]): Call =>
    read({ to: asset, data: selector + addresses.map((address) => addressWord(address).slice(2)).join("") });
  const balance = about(BALANCE_OF, [payer]);
  const results = await ask(spender === null ? [balance] : [balance, about(ALLOWANCE, [payer, spender])]);
  if (!results.ok) return results;
  const amounts = results.value.map(parseWord).filter((word) => word !== null);
  if (amounts.length < results.value.length) return err(fault("does not say what the payer has"));
  return ok(amounts.map(BigInt).reduce((least, amount) => (amount < least ? amount : least)));
}

const read = (call: { readonly to: string; readonly data: string }): Call => ({
  method: "eth_call",
  params: [call, "latest"],
});
