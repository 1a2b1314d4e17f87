// What a relayer's account has sent on one network, over SQLite: which nonce belongs to which payment, and every
// transaction that was signed for it. No clock, no chance, no I/O but the storage. A nonce is handed out, its transaction
// signed and both are written in one synchronous transaction: there is no nonce without something that can be sent.

import type { Store } from "../ledger/index.ts";
import { costOf, type Fees } from "./fees.ts";
import { type Row, Shelf, type SignedRow } from "./shelf.ts";
import type { SignedTransaction } from "./transaction.ts";
import { type Refusal, TRUST_MS, trustIn } from "./trust.ts";
import { put, REACH, type Sign, type Tending, tend, WAITING_MAX } from "./upkeep.ts";

/** A payment that is to be sent. */
export interface Wanted {
  readonly id: string;
  readonly chainId: number;
  /** The token. It and the payer are lower case, as they are compared. */
  readonly to: string;
  readonly data: string;
  readonly gas: number;
  readonly fees: Fees;
  readonly validBeforeMs: number;
  readonly payer: string;
  readonly amount: bigint;
  /** What the payer has of the token, and the relayer for gas. */
  readonly funds: bigint;
  readonly balance: bigint;
  /** How many of the account's nonces are in blocks, and how many with those that the node holds, whoever sent them. */
  readonly usedNonces: number;
  readonly pendingNonces: number;
}

/** What a block shows of a payment's transaction, however few blocks are built on it. */
export type Seen = "settled" | "reverted" | "strange";

/** A payment that has its nonce. */
export interface Sent {
  readonly id: string;
  readonly nonce: number;
  /** What is called, and with what. */
  readonly to: string;
  readonly data: string;
  /** By which it was settled, once that is known. */
  readonly transaction: string | null;
  readonly createdAtMs: number;
  /** Newest first. They have one nonce, so at most one of them is ever mined. */
  readonly signed: readonly [SignedTransaction, ...SignedTransaction[]];
}

export type Taken = Answer & {
  /** Others' that are in blocks, and whose Workers never said as what: whoever comes by looks. */
  readonly doubtful: readonly Sent[];
};

type Answer =
  | { readonly kind: "taken"; readonly sent: Sent }
  /** What is under way has to end first, of everybody's or of this payer's. */
  | { readonly kind: "busy" }
  /** Too much of the kind was wasted of late. */
  | { readonly kind: "refused"; readonly reason: Refusal };

export interface Tended {
  readonly sent: Sent | null;
  /** To be broadcast, lowest nonce first. */
  readonly raws: readonly string[];
}

/** Who settles a payment sees what becomes of it; after so long nobody may. */
const DOUBT_MS = 30_000;
/** What is looked at beside a payment. */
const DOUBTFUL_MAX = 4;

export class Outbox {
  readonly #shelf: Shelf;

  constructor(store: Store) {
    this.#shelf = new Shelf(store);
  }

  find(id: string): Sent | null {
    const row = this.#shelf.find(id);
    return row && this.#sentOf(row);
  }

  /** The same payment gets the same nonce and the same transactions, however often and by whomever it is asked for. */
  take(wanted: Wanted, sign: Sign, nowMs: number): Taken {
    const known = this.find(wanted.id);
    if (known) return { kind: "taken", sent: known, doubtful: [] };
    // An RPC may be behind, and what was seen in a block is not undone by that.
    const usedNonces = Math.max(wanted.usedNonces, this.#shelf.seenNonces());
    const answer = this.#answer({ ...wanted, usedNonces }, sign, nowMs);
    return { ...answer, doubtful: this.#doubtful(usedNonces, nowMs) };
  }

  /**
   * What is not in a block yet and was not broadcast for a while: nodes drop transactions, and who was to send one may
   * have died before. The one whose turn it is, is replaced when it waits too long; the others wait for it.
   */
  tend(tending: Tending, sign: Sign, nowMs: number): Tended {
    const raws = tend(this.#shelf, tending, sign, nowMs);
    return { sent: this.find(tending.id), raws };
  }

  /** Why nothing would be taken of this payer now. Null where something might, at once or later. */
  refusal(payer: string, nowMs: number): Refusal | null {
    const trust = trustIn(this.#shelf.standing(payer, nowMs - TRUST_MS));
    return trust.kind === "refused" ? trust.reason : null;
  }

  /** What a block shows of it now; null where none does any more. */
  mark(id: string, seen: Seen | null): void {
    this.#shelf.mark(id, seen);
  }

  /** The payment was settled by this transaction, ours or another's. Said again, it changes nothing. */
  close(id: string, transaction: string): void {
    this.#shelf.close(id, transaction);
  }

  #answer(wanted: Wanted, sign: Sign, nowMs: number): Answer {
    const { usedNonces, pendingNonces, id, chainId, to, data, gas, fees, validBeforeMs, payer, amount } = wanted;
    if (this.#isBusy(wanted)) return { kind: "busy" };
    const trust = trustIn(this.#shelf.standing(payer, nowMs - TRUST_MS));
    if (trust.kind === "refused") return trust;
    if (trust.kind === "waits") return { kind: "busy" };
    // More than a node holds for one account is not what it holds.
    const pending = pendingNonces - usedNonces > WAITING_MAX ? usedNonces : pendingNonces;
    const nonce = Math.max(usedNonces, pending, this.#shelf.nextNonce(usedNonces + REACH));
    const call = {
      nonce,
      id,
      recipient: to,
      data,
      gas,
      valid_before: validBeforeMs,
      created_at: nowMs,
      sent_at: nowMs,
    };
    const account = { payer, amount: amount.toString(), on_trust: Number(trust.isOnTrust), seen: null, tx: null };
    put(this.#shelf, { ...call, ...account }, chainId, fees, sign, nowMs);
    this.#shelf.forget(usedNonces, usedNonces + REACH, nowMs);
    return { kind: "taken", sent: this.find(id) as Sent };
  }

  /** More than nodes hold for one account, or than the relayer can pay the gas of, or than the payer has. */
  #isBusy({ usedNonces, to, payer, amount, funds, balance, gas, fees }: Wanted): boolean {
    const waiting = this.#shelf.waiting(usedNonces, usedNonces + REACH);
    if (waiting.length >= WAITING_MAX) return true;
    const costs = waiting.map((row) => costOf(row.gas, BigInt(row.max_fee)));
    if (sum([...costs, costOf(gas, fees.maxFeePerGas)]) > balance) return true;
    const promised = waiting.filter((row) => row.payer === payer && row.recipient === to && row.tx === null);
    return sum([...promised.map((row) => BigInt(row.amount)), amount]) > funds;
  }

  #doubtful(usedNonces: number, nowMs: number): readonly Sent[] {
    const rows = this.#shelf.doubtful(usedNonces, nowMs - TRUST_MS, nowMs - DOUBT_MS, DOUBTFUL_MAX);
    for (const { nonce } of rows) this.#shelf.touch(nonce, nowMs);
    return rows.map((row) => this.#sentOf(row));
  }

  #sentOf({ id, nonce, recipient, data, tx, created_at }: Row): Sent {
    const [newest, ...older] = this.#shelf.signed(nonce);
    return {
      id,
      nonce,
      to: recipient,
      data,
      transaction: tx,
      createdAtMs: created_at,
      signed: [pairOf(newest), ...older.map(pairOf)],
    };
  }
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

const pairOf = ({ hash, raw }: SignedRow): SignedTransaction => ({ hash, raw });
