// The transactions that name one account since some time, as a Solana RPC lists them: from the newest backwards, a page
// at a time. Whoever pays a fee can have a transaction name any account, so what is read is bounded.

import { err, isObject, ok, type Result } from "../std/index.ts";
import { type Ask, type Call, type Fault, fault } from "./rpc.ts";
import { parseSignature } from "./solana-transaction.ts";

export interface Entry {
  readonly signature: string;
  readonly slot: number;
  /** Of its block; null where that is not known. */
  readonly timeMs: number | null;
  readonly succeeded: boolean;
}

export interface Listing {
  /** The oldest first. */
  readonly entries: readonly Entry[];
  /** Whether the account has older ones; where it has none, they may only be forgotten. */
  readonly hasOlder: boolean;
}

export interface ListingQuery {
  readonly account: string;
  /** Whether this one, and so every one after it, is left out. */
  readonly isOlder: (entry: Entry) => boolean;
  /** Whoever answers has to have seen it: one that is behind would leave out the newest without a word. */
  readonly slot: number;
  /** After which the RPC is given up. */
  readonly pagesMax: number;
}

/** An entry's memo may take all of a packet, and six letters for a byte: a page of so many stays below what is read. */
const PAGE = 200;

export async function readListing(
  ask: Ask,
  { account, isOlder, slot, pagesMax }: ListingQuery,
): Promise<Result<Listing, Fault>> {
  const entries: Entry[] = [];
  for (let pages = 0; pages < pagesMax; pages++) {
    const results = await ask([listingCall(account, entries.at(-1)?.signature, slot)]);
    if (!results.ok) return results;
    const page = parsePage(results.value[0], entries.at(-1)?.slot);
    if (page === null) return err(fault("has no list of the account's transactions"));
    const older = page.findIndex(isOlder);
    entries.push(...(older < 0 ? page : page.slice(0, older)));
    if (older >= 0 || page.length === 0) return ok({ entries: entries.reverse(), hasOlder: older >= 0 });
  }
  return err(fault("lists too many transactions of the account"));
}

const listingCall = (account: string, before: string | undefined, minContextSlot: number): Call => ({
  method: "getSignaturesForAddress",
  params: [
    account,
    { limit: PAGE, commitment: "confirmed", minContextSlot, ...(before === undefined ? {} : { before }) },
  ],
});

/** Null where one is none, or newer than the one before it. */
function parsePage(value: unknown, slot = Number.POSITIVE_INFINITY): readonly Entry[] | null {
  if (!Array.isArray(value) || value.length > PAGE) return null;
  const entries = value.map(parseEntry).filter((entry) => entry !== null);
  if (entries.length !== value.length) return null;
  return entries.every((entry, i) => entry.slot <= (entries[i - 1]?.slot ?? slot)) ? entries : null;
}

function parseEntry(value: unknown): Entry | null {
  if (!isObject(value)) return null;
  const signature = parseSignature(value["signature"]);
  const slot = parseCount(value["slot"]);
  const seconds = parseCount(value["blockTime"]);
  if (signature === null || slot === null) return null;
  return { signature, slot, timeMs: seconds && seconds * 1000, succeeded: value["err"] === null };
}

/** A slot, or seconds since 1970. */
export const parseCount = (value: unknown): number | null =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null;
