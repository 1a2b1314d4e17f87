// What the chain says of a payment whose settlement nobody confirmed. It reads, and moves nothing.
//
// Limits. An RPC that lies consistently is believed: who configures it, trusts it. The head of the chain is read, not a
// finalized block, unless the caller asks for blocks on top: a facilitator's own "settled" rests on no more, and a payment
// that is seen in a block which is later dropped can still be mined; the caller's margin after `validBefore` covers the
// other direction. An RPC that stands
// still answers `unused` with an old time, which proves nothing. A use from long before `sinceMs` is not looked for.

import { err, type Result } from "../std/index.ts";
import { readCover, type Wallet } from "./cover.ts";
import { eip3009 } from "./eip3009.ts";
import type { Authorization } from "./events.ts";
import type { Fate, KnownFate } from "./fate.ts";
import type { Method } from "./method.ts";
import { readNonceFate } from "./nonce.ts";
import { permit2 } from "./permit2.ts";
import {
  type Ask,
  type AskEach,
  buildEndpoints,
  type ChainSettings,
  type Endpoint,
  type Fault,
  type Fetch,
  failOver,
  fault,
} from "./rpc.ts";
import { readSolanaFate } from "./solana.ts";

export interface Chain {
  /**
   * @param confirmations blocks in which it has to be seen, its own and what is built on it; 1 where nothing is said
   * @param isOver whether nobody waits for the answer any more; nothing is asked from then on
   */
  readonly fateOf: (authorization: Authorization, confirmations?: number, isOver?: IsOver) => Promise<Fate>;
  /** Whether a wallet has all that its owner promised; null where nobody says. `isOver` as above. */
  readonly covers: (wallet: Wallet, isOver?: IsOver) => Promise<boolean | null>;
}

type ReadFate = (
  ask: Ask,
  askEach: AskEach,
  authorization: Authorization,
  confirmations: number,
) => Promise<Result<KnownFate, Fault>>;

/** Of a network of `eip155:*`. */
export const buildChain = (settings: ChainSettings, fetcher: Fetch = globalThis): Chain =>
  chainOf(
    settings,
    fetcher,
    (ask, wallet) => readCover(ask, methodOf, wallet),
    (ask, _, authorization, confirmations) => readNonceFate(ask, methodOf(authorization), authorization, confirmations),
  );

const methodOf = ({ assetTransferMethod }: Pick<Authorization, "assetTransferMethod">): Method =>
  assetTransferMethod === "permit2" ? permit2 : eip3009;

/** Of a network of `solana:*`. */
export const buildSolanaChain = (settings: ChainSettings, fetcher: Fetch = globalThis): Chain =>
  chainOf(settings, fetcher, unsaid, readSolanaFate);

/** A token account would have to be found first. */
const unsaid = async (): Promise<Result<boolean, Fault>> => err(fault("is not asked"));

type IsOver = () => boolean;

const whileNot =
  (isOver: IsOver, endpoint: Endpoint): Endpoint =>
  (network) => {
    const askEach = endpoint(network);
    return async (calls) => (isOver() ? err(fault("was not asked: the time was over")) : askEach(calls));
  };

function chainOf(
  settings: ChainSettings,
  fetcher: Fetch,
  cover: (ask: Ask, wallet: Wallet) => Promise<Result<boolean, Fault>>,
  read: ReadFate,
): Chain {
  const endpoints = buildEndpoints(settings, fetcher);
  const until = (isOver: IsOver = () => false) => endpoints.map((endpoint) => whileNot(isOver, endpoint));
  return {
    async fateOf(authorization, confirmations = 1, isOver) {
      const asked = (ask: Ask, askEach: AskEach) => read(ask, askEach, authorization, confirmations);
      const fate = await failOver(until(isOver), authorization.network, asked);
      return fate.ok ? fate.value : { kind: "unavailable", detail: fate.error };
    },
    async covers(wallet, isOver) {
      const covered = await failOver(until(isOver), wallet.network, (ask) => cover(ask, wallet));
      return covered.ok ? covered.value : null;
    },
  };
}
