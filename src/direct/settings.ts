// What an operator chooses for settling without a facilitator, and what is used where nothing is chosen.

import type { Fetch } from "../chain/index.ts";
import type { Account } from "../schemes/index.ts";
import type { RelayerStub } from "./relay.ts";

export interface DirectSettings {
  /** CAIP-2. */
  readonly network: string;
  /** RPC URLs of the network, in order of preference. They have to take batches of ten calls. */
  readonly urls: readonly string[];
  readonly verifyTimeoutMs: number;
  readonly settleTimeoutMs: number;
  /** Blocks in which a transaction has to be seen, its own and what is built on it: 1 is mined. */
  readonly confirmations: number;
  /** The most that is offered for a unit of gas, base fee and priority fee together, in wei. */
  readonly feeMax: bigint;
  /** Between two looks at the chain. */
  readonly pollMs: number;
  /** What is not in a block for so long is broadcast again. */
  readonly resendMs: number;
  /** And after so long replaced, if it is its turn; after twice as long once more, and so on. */
  readonly replaceAfterMs: number;
  /** The operator is warned when the relayer can pay for fewer settlements. */
  readonly settlementsMin: number;
}

export const DIRECT_DEFAULTS: Omit<DirectSettings, "network" | "urls"> = {
  verifyTimeoutMs: 5_000,
  settleTimeoutMs: 20_000,
  confirmations: 1,
  feeMax: 100_000_000_000n,
  pollMs: 1_000,
  resendMs: 5_000,
  replaceAfterMs: 15_000,
  settlementsMin: 100,
};

/** What an operator says of it. */
export type DirectChoice = Partial<DirectSettings> & Pick<DirectSettings, "network" | "urls">;

/** What comes from the door. */
export interface DirectParts {
  /** Of `openAccount`: it pays the gas. */
  readonly account: Account;
  /** The Durable Object of that name. */
  readonly open: (name: string) => RelayerStub;
  readonly nowMs: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly fetcher?: Fetch;
}
