// Solana's own book: what came to one payee in one token. A transaction says of transfers what its token balances were
// before and after it, so what came and went in one transaction is one sum.

import { err, isObject, ok, type Result } from "../std/index.ts";
import type { Block } from "./blocks.ts";
import type { History, Transfer, TransferQuery } from "./history.ts";
import { type Ask, type Call, type Endpoint, type Fault, failOver, fault } from "./rpc.ts";
import { parseTransfer, transactionMetaCall } from "./solana-balances.ts";
import { type Entry, parseCount, readListing } from "./solana-listing.ts";
import { parseAddress } from "./solana-transaction.ts";

/** Calls in one batch. Providers begin to refuse at ten. */
const BATCH = 8;
const PAGES_MAX = 10_000;
/** How near before a time its search ends. */
const NEAR_SLOTS = 256;

export function buildSolanaHistory(network: string, endpoints: readonly Endpoint[]): History {
  const read = <T>(reader: (ask: Ask) => Promise<Result<T, Fault>>) => failOver(endpoints, network, reader);
  return {
    readTransfers: (query) => read((ask) => readTransfers(ask, query)),
    latestBlock: () => read(readHead),
    blockAt: (timeMs) => read((ask) => findSlot(ask, timeMs)),
    timeOf: (slot) => read((ask) => readTime(ask, slot)),
  };
}

async function readTransfers(ask: Ask, query: TransferQuery): Promise<Result<readonly Transfer[], Fault>> {
  const first = await readCount(ask, { method: "getFirstAvailableBlock", params: [] });
  if (!first.ok) return first;
  if (first.value > query.fromBlock) return err(fault(`remembers nothing before block ${first.value}`));
  const accounts = await readAccounts(ask, query);
  if (!accounts.ok) return accounts;
  const entries: Entry[] = [];
  for (const account of accounts.value) {
    const isOlder = ({ slot }: Entry): boolean => slot < query.fromBlock;
    const listing = await readListing(ask, { account, isOlder, slot: query.toBlock, pagesMax: PAGES_MAX });
    if (!listing.ok) return listing;
    entries.push(...listing.value.entries.filter(({ slot, succeeded }) => succeeded && slot <= query.toBlock));
  }
  // One transaction may name several of the payee's accounts.
  const bySignature = new Map(entries.map((entry) => [entry.signature, entry]));
  return readEach(
    ask,
    [...bySignature.values()].sort((a, b) => a.slot - b.slot),
    query,
  );
}

async function readEach(
  ask: Ask,
  entries: readonly Entry[],
  query: TransferQuery,
): Promise<Result<readonly Transfer[], Fault>> {
  const transfers: Transfer[] = [];
  for (let i = 0; i < entries.length; i += BATCH) {
    const batch = entries.slice(i, i + BATCH);
    const results = await ask(batch.map(({ signature }) => transactionMetaCall(signature)));
    if (!results.ok) return results;
    for (const [j, { signature, slot }] of batch.entries()) {
      const came = parseTransfer(results.value[j], query);
      if (came === null) return err(fault("does not show a transaction that it lists"));
      const { from, value } = came;
      if (value > 0n)
        transfers.push({ transaction: signature, logIndex: 0, from, to: query.payTo, value, blockNumber: slot });
    }
  }
  return ok(transfers);
}

/** The payee's accounts for the token. */
async function readAccounts(ask: Ask, { asset, payTo }: TransferQuery): Promise<Result<readonly string[], Fault>> {
  const options = { encoding: "base64", dataSlice: { offset: 0, length: 0 }, commitment: "confirmed" };
  const results = await ask([{ method: "getTokenAccountsByOwner", params: [payTo, { mint: asset }, options] }]);
  if (!results.ok) return results;
  const [answer] = results.value;
  const held: unknown = isObject(answer) ? answer["value"] : null;
  const accounts = Array.isArray(held) ? held.map((one) => parseAddress(isObject(one) ? one["pubkey"] : null)) : [null];
  const known = accounts.filter((account) => account !== null);
  return known.length === accounts.length ? ok(known) : err(fault("does not say which accounts the payee has"));
}

async function readHead(ask: Ask): Promise<Result<Block, Fault>> {
  const slot = await readCount(ask, { method: "getSlot", params: [{ commitment: "confirmed" }] });
  if (!slot.ok) return slot;
  const time = await readTime(ask, slot.value);
  return time.ok ? ok({ number: slot.value, timeMs: time.value }) : time;
}

async function readTime(ask: Ask, slot: number): Promise<Result<number, Fault>> {
  const seconds = await readCount(ask, { method: "getBlockTime", params: [slot] });
  return seconds.ok ? ok(seconds.value * 1000) : seconds;
}

async function readCount(ask: Ask, call: Call): Promise<Result<number, Fault>> {
  const results = await ask([call]);
  if (!results.ok) return results;
  const count = parseCount(results.value[0]);
  return count === null ? err(fault(`has no answer to ${call.method}`)) : ok(count);
}

/** A block at or before that time, and the last one or near to it. */
async function findSlot(ask: Ask, timeMs: number): Promise<Result<number, Fault>> {
  const [first, head] = [await readCount(ask, { method: "getFirstAvailableBlock", params: [] }), await readHead(ask)];
  if (!first.ok) return first;
  if (!head.ok) return head;
  const began = await readTime(ask, first.value);
  if (!began.ok) return began;
  if (began.value > timeMs) return first.value === 0 ? ok(0) : err(fault("does not remember that time"));
  let [low, high] = [first.value, head.value.number];
  while (high - low > NEAR_SLOTS) {
    const middle = Math.floor((low + high) / 2);
    const block = await nextBlock(ask, middle);
    if (!block.ok) return block;
    if (block.value.number < high && block.value.timeMs <= timeMs) low = block.value.number;
    else high = middle;
  }
  return ok(low);
}

/** The first from that slot on: some slots have none. */
async function nextBlock(ask: Ask, from: number): Promise<Result<Block, Fault>> {
  const results = await ask([{ method: "getBlocksWithLimit", params: [from, 1, { commitment: "confirmed" }] }]);
  if (!results.ok) return results;
  const slot = Array.isArray(results.value[0]) ? parseCount(results.value[0][0]) : null;
  if (slot === null || slot < from) return err(fault("has other blocks than it was asked for"));
  const time = await readTime(ask, slot);
  return time.ok ? ok({ number: slot, timeMs: time.value }) : time;
}
