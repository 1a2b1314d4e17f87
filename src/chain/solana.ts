// Solana: a payment is the message that its payer signed, and its nonce is that message's hash. The runtime carries a
// message out once, with success or without, and the message names payer, token, payee and amount, which were looked at
// before it was claimed: so a transaction with this message that succeeded is the payment, and one that failed is proof
// that it can never pay. `meta` tells of balances too, in the same RPC's words, and would prove nothing more.
//
// What was confirmed counts as paid: two thirds of the stake have voted for its block, some seconds before it is final,
// and no such block is known to have been dropped; a facilitator's own "settled" rests on no more, and a buyer waits. That something
// can never pay is said of final blocks alone: nobody waits for that.

import { err, ok, type Result } from "../std/index.ts";
import type { Authorization } from "./events.ts";
import type { KnownFate } from "./fate.ts";
import { CLOCK_SKEW_MS } from "./range.ts";
import { type Ask, type AskEach, type Fault, fault, type Reply, refused } from "./rpc.ts";
import { readFinalSlot, readSpan } from "./solana-blocks.ts";
import { type Entry, readListing } from "./solana-listing.ts";
import {
  hashOf,
  parseSignature,
  parseTransaction,
  type SolanaTransaction,
  transactionCall,
} from "./solana-transaction.ts";

/** Calls in one batch. Providers begin to refuse at ten. */
const BATCH = 8;
const PAGES_MAX = 16;
/** A payer may do much else meanwhile; what is beyond this stays unknown. */
const TRANSACTIONS_MAX = 200;
/** The code for a transaction of a newer form than was asked for; what we claim is of the forms that are. */
const OTHER_VERSION = "-32015";

export async function readSolanaFate(
  ask: Ask,
  askEach: AskEach,
  authorization: Authorization,
): Promise<Result<KnownFate, Fault>> {
  const hinted = await readHint(ask, askEach, authorization);
  if (!hinted.ok) return hinted;
  if (hinted.value) return ok(hinted.value);
  const slot = await readFinalSlot(ask);
  if (!slot.ok) return slot;
  // Its payer signs the message, so every transaction with it names the payer; the source is any account of the payer's.
  const sinceMs = authorization.sinceMs - CLOCK_SKEW_MS;
  const isOlder = ({ timeMs }: Entry): boolean => timeMs !== null && timeMs < sinceMs;
  const query = { account: authorization.payer, isOlder, slot: slot.value, pagesMax: PAGES_MAX };
  const listing = await readListing(ask, query);
  if (!listing.ok) return listing;
  const { entries, hasOlder } = listing.value;
  const signatures = entries.map(({ signature }) => signature);
  const own = await readOwn(ask, askEach, signatures, authorization);
  if (!own.ok) return own;
  if (own.value) return ok(own.value);
  const span = await readSpan(ask, slot.value);
  if (!span.ok) return span;
  const isForgotten = !hasOlder && span.value.fromMs > sinceMs;
  return isForgotten
    ? err(fault("does not remember the time of the claim"))
    : ok({ kind: "unused", chainTimeMs: span.value.toMs });
}

/** Null where the named transaction is not this payment's, for whatever reason: its own is looked for then. */
async function readHint(
  ask: Ask,
  askEach: AskEach,
  authorization: Authorization,
): Promise<Result<KnownFate | null, Fault>> {
  const signature = parseSignature(authorization.transaction);
  if (signature === null) return ok(null);
  const shown = await readTransactions(askEach, [signature]);
  // Whoever names a transaction that this RPC cannot show must not keep it from answering the rest.
  if (!shown.ok) return shown.error.kind === "refused" ? ok(null) : shown;
  const transaction = shown.value.get(signature);
  return transaction ? judge(ask, signature, transaction, authorization) : ok(null);
}

/** Null where none of these is it. The oldest are asked for first: what was claimed is mostly carried out at once. */
async function readOwn(
  ask: Ask,
  askEach: AskEach,
  signatures: readonly string[],
  authorization: Authorization,
): Promise<Result<KnownFate | null, Fault>> {
  for (let i = 0; i < Math.min(signatures.length, TRANSACTIONS_MAX); i += BATCH) {
    const batch = signatures.slice(i, i + BATCH);
    const shown = await readTransactions(askEach, batch);
    if (!shown.ok) return shown;
    for (const signature of batch) {
      const transaction = shown.value.get(signature);
      if (!transaction) return err(fault("does not show a transaction that it lists"));
      const fate = await judge(ask, signature, transaction, authorization);
      if (!fate.ok || fate.value) return fate;
    }
  }
  return signatures.length > TRANSACTIONS_MAX ? err(fault("lists too many transactions of the account")) : ok(null);
}

/** Of a form in which we claim no payment. */
const FOREIGN = "foreign";

/** Those that are known, and can be read. */
async function readTransactions(
  askEach: AskEach,
  signatures: readonly string[],
): Promise<Result<ReadonlyMap<string, SolanaTransaction | typeof FOREIGN>, Fault>> {
  const replies = await askEach(signatures.map((signature) => transactionCall(signature, "confirmed")));
  if (!replies.ok) return replies;
  const shown = new Map<string, SolanaTransaction | typeof FOREIGN>();
  for (const [i, signature] of signatures.entries()) {
    // Each call has its own.
    const reply = replies.value[i] as Reply;
    if (!reply.ok && reply.error !== OTHER_VERSION) return err(refused(reply.error));
    const transaction = reply.ok ? parseTransaction(reply.value, signature) : FOREIGN;
    if (transaction) shown.set(signature, transaction);
  }
  return ok(shown);
}

/** Null where it is not this payment's. */
async function judge(
  ask: Ask,
  signature: string,
  transaction: SolanaTransaction | typeof FOREIGN,
  { nonce, amount }: Authorization,
): Promise<Result<KnownFate | null, Fault>> {
  if (transaction === FOREIGN || (await hashOf(transaction.message)) !== nonce) return ok(null);
  if (transaction.succeeded) return ok({ kind: "paid", transaction: signature, amount });
  const results = await ask([transactionCall(signature, "finalized")]);
  if (!results.ok) return results;
  const isFinal = parseTransaction(results.value[0], signature)?.succeeded === false;
  return isFinal ? ok({ kind: "canceled" }) : err(fault("shows a transaction that failed, and is not final yet"));
}
