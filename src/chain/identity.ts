// Which chain an RPC is on, as CAIP-2 names it. Each family of chains is asked in its own way.

import { isSolana } from "../x402/index.ts";
import { parseQuantity } from "./hex.ts";
import type { Call } from "./rpc.ts";

export interface Identity {
  readonly call: Call;
  /** CAIP-2; null where the answer is none. */
  readonly networkOf: (answer: unknown) => string | null;
}

const EIP155: Identity = {
  call: { method: "eth_chainId", params: [] },
  networkOf: (answer) => {
    const id = parseQuantity(answer);
    return id === null ? null : `eip155:${id}`;
  },
};

/** The hash of the first block, cut to the 32 characters that a CAIP-2 reference may have (namespace `solana`). */
const SOLANA: Identity = {
  call: { method: "getGenesisHash", params: [] },
  networkOf: (hash) => (typeof hash === "string" ? `solana:${hash.slice(0, 32)}` : null),
};

export const identities: readonly Identity[] = [EIP155, SOLANA];

export const identityOf = (network: string): Identity => (isSolana(network) ? SOLANA : EIP155);
