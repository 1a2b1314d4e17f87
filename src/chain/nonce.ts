// The fate of a payment whose nonce a contract keeps: its state at the head of the chain, and where it is used, by what.

import { ok, type Result } from "../std/index.ts";
import { readBehindHead } from "./blocks.ts";
import type { Authorization } from "./events.ts";
import type { KnownFate } from "./fate.ts";
import { parseWord } from "./hex.ts";
import type { Method } from "./method.ts";
import { findUse } from "./range.ts";
import type { Ask, Fault } from "./rpc.ts";
import { readState } from "./state.ts";

export async function readNonceFate(
  ask: Ask,
  method: Method,
  authorization: Authorization,
  confirmations: number,
): Promise<Result<KnownFate, Fault>> {
  // A transaction that is named may be in the last block. Everything else is read as of one block, which may be older.
  const hinted = confirmations === 1 ? await readHint(ask, method, authorization) : ok(null);
  if (!hinted.ok) return hinted;
  if (hinted.value) return ok(hinted.value);
  const head = await readBehindHead(ask, confirmations - 1);
  if (!head.ok) return head;
  const isUsed = await readState(ask, method, authorization, head.value);
  if (!isUsed.ok) return isUsed;
  if (!isUsed.value) return ok({ kind: "unused", chainTimeMs: head.value.timeMs });
  return findUse(ask, method, authorization, head.value);
}

/** Null where the named transaction is no proof of payment, for whatever reason: the nonce's own is looked for then. */
async function readHint(
  ask: Ask,
  method: Method,
  authorization: Authorization,
): Promise<Result<KnownFate | null, Fault>> {
  const transaction = parseWord(authorization.transaction);
  if (transaction === null) return ok(null);
  const fate = await method.readHint(ask, transaction, authorization);
  // Whoever names a transaction that this RPC cannot show must not keep it from answering the rest.
  return !fate.ok && fate.error.kind === "refused" ? ok(null) : fate;
}
