// What really happened to each payment, whatever anybody's books say: what was signed, executed, settled, handed over.

import type { Transaction, Used } from "./chain.ts";
import type { Coin, RoutePath } from "./table.ts";
import type { SignedAuthorization } from "./wallet.ts";

/** One purchase of one client: all its payments are for the same request. */
export interface Errand {
  readonly id: string;
  readonly route: RoutePath;
  readonly method: "GET" | "POST";
  readonly key: string | null;
}

/** A `/settle` that was sent for a payment. */
export interface Settle {
  readonly atMs: number;
  readonly facilitator: string;
  readonly sender: string;
  readonly body: string;
  readonly asset: string;
  /** Atomic units. */
  readonly amount: bigint;
  readonly signed: SignedAuthorization;
}

export interface Payment {
  /** As the ledger calls it. */
  readonly id: string;
  readonly coin: Coin;
  /** What the payer signed it for first. */
  readonly errand: Errand;
  readonly payer: string;
  readonly signed: SignedAuthorization;
  /** Nobody who could pay signed it. */
  readonly isForged: boolean;
  /** Its nonce was signed for more than one purchase. */
  isReused: boolean;
  firstExecutions: number;
  redeliveries: number;
  /** Until when somebody may be redelivering it, and who. */
  redelivering: { readonly by: { readonly isDead: boolean }; isOver: boolean } | null;
  /** Whether the upstream ever answered an execution of it with goods. */
  hasGoods: boolean;
  /** By whom the first execution was asked for. */
  servedBy: string | null;
  /** What it used, once the upstream has said so in a way that can be read. */
  units: number | null;
  /** Answers that went out whole. */
  handed: number;
  /** Answers that went out at all. */
  begun: number;
  readonly settles: Settle[];
  readonly transactions: Transaction[];
  paid: Used | null;
  /** Not sent by a facilitator of ours. */
  isPaidByItself: boolean;
  /** When its payer was asked to sign another one in its place. */
  askedAtMs: number | null;
}

export class Facts {
  readonly #payments = new Map<string, Payment>();

  add(known: Pick<Payment, "id" | "coin" | "errand" | "payer" | "signed" | "isForged">): Payment {
    const earlier = this.#payments.get(known.id);
    if (earlier) earlier.isReused = true;
    const payment: Payment = earlier ?? {
      ...known,
      isReused: false,
      firstExecutions: 0,
      redeliveries: 0,
      redelivering: null,
      hasGoods: false,
      servedBy: null,
      units: null,
      handed: 0,
      begun: 0,
      settles: [],
      transactions: [],
      paid: null,
      isPaidByItself: false,
      askedAtMs: null,
    };
    this.#payments.set(known.id, payment);
    return payment;
  }

  find(id: string): Payment | undefined {
    return this.#payments.get(id);
  }

  of(id: string): Payment {
    const payment = this.#payments.get(id);
    if (!payment) throw new Error(`nobody ever signed ${id}`);
    return payment;
  }

  all(): readonly Payment[] {
    return [...this.#payments.values()];
  }
}
