// What the chain says of a payment whose settlement nobody confirmed. It reads, and moves nothing.
//
// Limits. An RPC that lies consistently is believed: who configures it, trusts it. The head of the chain is read, not a
// finalized block, unless the caller asks for blocks on top: a facilitator's own "settled" rests on no more, and a payment
// that is seen in a block which is later dropped can still be mined; the caller's margin after `validBefore` covers the
// other direction. An RPC that stands
// still answers `unused` with an old time, which proves nothing. A use from long before `sinceMs` is not looked for.

import { ok, type Result } from "../std/index.ts";
import { readBehindHead } from "./blocks.ts";
import { eip3009 } from "./eip3009.ts";
import type { Authorization } from "./events.ts";
import type { Fate, KnownFate } from "./fate.ts";
import { parseWord } from "./hex.ts";
import type { Method } from "./method.ts";
import { permit2 } from "./permit2.ts";
import { type Ask, buildEndpoints, type ChainSettings, type Fault, type Fetch, failOver } from "./rpc.ts";
import { readState } from "./state.ts";

export interface Chain {
  /** @param confirmations blocks in which it has to be seen, its own and what is built on it; 1 where nothing is said */
  readonly fateOf: (authorization: Authorization, confirmations?: number) => Promise<Fate>;
}

const METHODS: { readonly [name in Authorization["assetTransferMethod"]]: Method } = { eip3009, permit2 };

export function buildChain(settings: ChainSettings, fetcher: Fetch = globalThis): Chain {
  const endpoints = buildEndpoints(settings, fetcher);
  return {
    async fateOf(authorization, confirmations = 1) {
      const read = (ask: Ask): ReturnType<typeof readFate> => readFate(ask, authorization, confirmations);
      const fate = await failOver(endpoints, authorization.network, read);
      return fate.ok ? fate.value : { kind: "unavailable", detail: fate.error };
    },
  };
}

async function readFate(
  ask: Ask,
  authorization: Authorization,
  confirmations: number,
): Promise<Result<KnownFate, Fault>> {
  const method = METHODS[authorization.assetTransferMethod];
  // A transaction that is named may be in the last block. Everything else is read as of one block, which may be older.
  const hinted = confirmations === 1 ? await readHint(ask, method, authorization) : ok(null);
  if (!hinted.ok) return hinted;
  if (hinted.value) return ok(hinted.value);
  const head = await readBehindHead(ask, confirmations - 1);
  if (!head.ok) return head;
  const isUsed = await readState(ask, method, authorization, head.value);
  if (!isUsed.ok) return isUsed;
  if (!isUsed.value) return ok({ kind: "unused", chainTimeMs: head.value.timeMs });
  return method.readUse(ask, authorization, head.value);
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
