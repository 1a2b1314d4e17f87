// What a row of this room is: a way to move a token, and what the chain knows of its nonces.

import type { Result } from "../std/index.ts";
import type { Authorization } from "./events.ts";
import type { KnownFate } from "./fate.ts";
import type { LogRange } from "./logs.ts";
import type { Ask, Fault } from "./rpc.ts";

export interface Method {
  /** The contract that keeps the nonce, and the question of its state. */
  readonly stateCall: (nonce: Pick<Authorization, "asset" | "payer" | "nonce">) => {
    readonly to: string;
    readonly data: string;
  };
  /** What the one word of the answer says of the nonce; null where it says nothing. */
  readonly isUsed: (word: string, nonce: Pick<Authorization, "nonce">) => boolean | null;
  /** Null where the transaction is no proof of payment. */
  readonly readHint: (
    ask: Ask,
    transaction: string,
    authorization: Authorization,
  ) => Promise<Result<KnownFate | null, Fault>>;
  /**
   * Of a nonce that reads as used as of the last of these blocks.
   *
   * @param requestsMax for the logs of one kind; what takes more counts as refused
   */
  readonly readUse: (
    ask: Ask,
    authorization: Authorization,
    range: LogRange,
    requestsMax: number,
  ) => Promise<Result<KnownFate, Fault>>;
}
