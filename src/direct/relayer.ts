// A relayer's outbox as a Durable Object: one for each network and account, so that its nonces have one owner. It does no
// network I/O. It signs itself, because only then are a nonce, its signature and its row one transaction; the key is given
// to it in memory by the door, and is in no message, no row and no line of a log.

import { DurableObject } from "cloudflare:workers";
import type { Account } from "../schemes/index.ts";
import { Outbox, type Seen, type Sent, type Taken, type Tended, type Wanted } from "./outbox.ts";
import { signTransaction } from "./transaction.ts";
import type { Refusal } from "./trust.ts";
import type { Sign, Tending } from "./upkeep.ts";

export interface RelayerParts {
  /** The account of this address; null where the table has no key of it. */
  readonly account: (address: string) => Account | null;
  readonly nowMs: () => number;
}

export abstract class RelayerObject<Env = unknown> extends DurableObject<Env> {
  readonly #outbox: Outbox;
  readonly #parts: RelayerParts;

  constructor(ctx: DurableObjectState, env: Env, parts: RelayerParts) {
    super(ctx, env);
    this.#parts = parts;
    this.#outbox = new Outbox(ctx.storage);
  }

  find(id: string): Sent | null {
    return this.#outbox.find(id);
  }

  take(relayer: string, wanted: Wanted): Taken {
    return this.#outbox.take(wanted, this.#signer(relayer), this.#parts.nowMs());
  }

  tend(tending: Tending): Tended {
    return this.#outbox.tend(tending, this.#signer(tending.relayer), this.#parts.nowMs());
  }

  refusal(payer: string): Refusal | null {
    return this.#outbox.refusal(payer, this.#parts.nowMs());
  }

  mark(id: string, seen: Seen | null): void {
    this.#outbox.mark(id, seen);
  }

  close(id: string, transaction: string): void {
    this.#outbox.close(id, transaction);
  }

  #signer(address: string): Sign {
    const account = this.#parts.account(address);
    if (!account) throw new Error(`there is no key of the relayer ${address}`);
    return (transaction) => signTransaction(transaction, account);
  }
}
