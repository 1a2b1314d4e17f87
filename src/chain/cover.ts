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
/** Nonces that are looked at in one batch, beside what the wallet has, and of one wallet. */
const BATCH = 8;
const LOOKS_MAX = 40;

/** What an account has, and lets the spender move of it. */
interface Purse {
  readonly balance: bigint;
  readonly allowance: bigint | null;
}

export async function readCover(
  ask: Ask,
  methodOf: (one: Pick<Authorization, "assetTransferMethod">) => Method,
  wallet: Wallet,
): Promise<Result<boolean, Fault>> {
  const { asset, payer, promised } = wallet;
  const first = await readPurse(ask, wallet, []);
  if (!first.ok) return first;
  if (isEnough([first.value.purse], promised)) return ok(true);
  // What has left the wallet already leaves it no second time. That is looked at only where it decides, and with what the
  // wallet has by then.
  const looked = promised.slice(0, LOOKS_MAX);
  const batches = Array.from({ length: Math.ceil(looked.length / BATCH) }, (_, i) =>
    looked.slice(i * BATCH, (i + 1) * BATCH),
  );
  const found = await Promise.all(
    batches.map((batch) =>
      readPurse(
        ask,
        wallet,
        batch.map((one) => read(methodOf(one).stateCall({ asset, payer, nonce: one.nonce }))),
      ),
    ),
  );
  const purses: Purse[] = [];
  const open = promised.slice(LOOKS_MAX);
  for (const [i, batch] of batches.entries()) {
    const one = found[i] as (typeof found)[number];
    if (!one.ok) return one;
    purses.push(one.value.purse);
    const { words } = one.value;
    open.push(...batch.filter((promise, j) => methodOf(promise).isUsed(words[j] as string, promise) !== true));
  }
  return ok(isEnough(purses, open));
}

/** Of what the spender moves, the allowance has to be enough, too. */
function isEnough(purses: readonly Purse[], promised: Wallet["promised"]): boolean {
  const sum = (some: Wallet["promised"]): bigint => some.reduce((total, { amount }) => total + amount, 0n);
  const [all, bySpender] = [sum(promised), sum(promised.filter((one) => one.assetTransferMethod === "permit2"))];
  return purses.every(({ balance, allowance }) => all <= balance && (allowance === null || bySpender <= allowance));
}

async function readPurse(
  ask: Ask,
  { asset, payer, spender }: Wallet,
  others: readonly Call[],
): Promise<Result<{ readonly purse: Purse; readonly words: readonly string[] }, Fault>> {
  const about = (selector: string, addresses: readonly string[]): Call =>
    read({ to: asset, data: selector + addresses.map((address) => addressWord(address).slice(2)).join("") });
  const own = [about(BALANCE_OF, [payer]), ...(spender === null ? [] : [about(ALLOWANCE, [payer, spender])])];
  const results = await ask([...own, ...others]);
  if (!results.ok) return results;
  const words = results.value.map(parseWord).filter((word) => word !== null);
  if (words.length < results.value.length) return err(fault("does not say what the payer has"));
  const [balance, allowance] = words.map(BigInt) as [bigint, bigint];
  const purse = { balance, allowance: spender === null ? null : allowance };
  return ok({ purse, words: words.slice(own.length) });
}

const read = (call: { readonly to: string; readonly data: string }): Call => ({
  method: "eth_call",
  params: [call, "latest"],
});
