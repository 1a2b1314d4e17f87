// Which chain an RPC is on, as CAIP-2 names it. Each family of chains is asked in its own way.

import { parseQuantity } from "./hex.ts";
import type { Call } from "./rpc.ts";

export interface Identity {
  readonly call: Call;
  /** Of an answer that is none it is no network's name. */
  readonly networkOf: (answer: unknown) => string;
}

const EIP155: Identity = {
  call: { method: "eth_chainId", params: [] },
  networkOf: (id) => `eip155:${parseQuantity(id)}`,
};

/** The hash of the first block, cut to the 32 characters that a CAIP-2 reference may have (namespace `solana`). */
const SOLANA: Identity = {
  call: { method: "getGenesisHash", params: [] },
  networkOf: (hash) => `solana:${typeof hash === "string" ? hash.slice(0, 32) : null}`,
};

export const identityOf = (network: string): Identity => (network.startsWith("solana:") ? SOLANA : EIP155);
