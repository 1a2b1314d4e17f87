// What a relayer's account has sent on one network, over SQLite: which nonce belongs to which payment, and every
// transaction that was signed for it. No clock, no chance, no I/O but the storage. A nonce is handed out, its transaction
// signed and both are written in one synchronous transaction: there is no nonce without something that can be sent.

import type { Store } from "../ledger/index.ts";
import { type Fees, replacing } from "./fees.ts";
import { type Row, Shelf, type SignedRow } from "./shelf.ts";
import type { SignedTransaction, Transaction } from "./transaction.ts";

/** A payment that is to be sent. */
export interface Wanted {
  readonly id: string;
  readonly chainId: number;
  readonly to: string;
  readonly data: string;
  readonly gas: number;
  readonly fees: Fees;
  readonly validBeforeMs: number;
  /** How many of the account's nonces are in blocks, and how many with those that the node holds, whoever sent them. */
  readonly usedNonces: number;
  readonly pendingNonces: number;
}

/** A payment that has its nonce. */
export interface Sent {
  readonly id: string;
  readonly nonce: number;
  /** What is sent to the token. */
  readonly data: string;
  /** By which it was settled, once that is known. */
  readonly transaction: string | null;
  readonly createdAtMs: number;
  /** Newest first. They have one nonce, so at most one of them is ever mined. */
  readonly signed: readonly [SignedTransaction, ...SignedTransaction[]];
}

/** `busy`: as much is under way as nodes hold for one account. */
export type Taken = { readonly kind: "taken"; readonly sent: Sent } | { readonly kind: "busy" };

/** What the chain says, for who looks after what is under way. */
export interface Tending {
  /** The payment of who asks. */
  readonly id: string;
  readonly chainId: number;
  readonly relayer: string;
  readonly usedNonces: number;
  /** Null where the cap is below today's price. */
  readonly today: Fees | null;
  readonly feeMax: bigint;
  readonly resendMs: number;
  readonly replaceAfterMs: number;
}

export interface Tended {
  readonly sent: Sent | null;
  /** To be broadcast, lowest nonce first. */
  readonly raws: readonly string[];
}

export type Sign = (transaction: Transaction) => SignedTransaction;

/** geth holds 64 of an account whose turn has not come. */
const WAITING_MAX = 64;
/** What one tending hands out. */
const TEND_MAX = 8;
/** Of one payment; each waits twice as long as the one before it. */
const SIGNED_MAX = 14;
/** A transfer of nothing to oneself. Some networks count their own costs into a transaction's gas. */
const FILLER_GAS = 100_000;

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
    if (known) return { kind: "taken", sent: known };
    const { usedNonces, pendingNonces, id, chainId, to, data, gas, fees, validBeforeMs } = wanted;
    if (this.#shelf.countFrom(usedNonces) >= WAITING_MAX) return { kind: "busy" };
    // More than a node holds for one account is not what it holds.
    const pending = pendingNonces - usedNonces > WAITING_MAX ? usedNonces : pendingNonces;
    const nonce = Math.max(usedNonces, pending, this.#shelf.nextNonce());
    const row = { nonce, id, recipient: to, data, gas, valid_before: validBeforeMs, tx: null };
    this.#put({ ...row, created_at: nowMs, sent_at: nowMs }, chainId, fees, sign, nowMs);
    this.#shelf.forget(usedNonces, nowMs);
    return { kind: "taken", sent: this.find(id) as Sent };
  }

  /**
   * What is not in a block yet and was not broadcast for a while: nodes drop transactions, and who was to send one may
   * have died before. The one whose turn it is, is replaced when it waits too long; the others wait for it.
   */
  tend(tending: Tending, sign: Sign, nowMs: number): Tended {
    const { usedNonces, resendMs } = tending;
    const filler = this.#fillGap(tending, sign, nowMs);
    const due = this.#shelf.due(usedNonces, nowMs - resendMs, TEND_MAX);
    const raws = due.map((row) => {
      if (row.nonce === usedNonces) this.#replace(row, tending, sign, nowMs);
      this.#shelf.touch(row.nonce, nowMs);
      return this.#shelf.signed(row.nonce)[0].raw;
    });
    return { sent: this.find(tending.id), raws: [...filler, ...raws] };
  }

  /** The payment was settled by this transaction, ours or another's. Said again, it changes nothing. */
  close(id: string, transaction: string): void {
    this.#shelf.close(id, transaction);
  }

  #replace(row: Row, { chainId, today, feeMax, replaceAfterMs }: Tending, sign: Sign, nowMs: number): void {
    const signed = this.#shelf.signed(row.nonce);
    const [newest] = signed;
    if (signed.length >= SIGNED_MAX) return;
    if (nowMs < newest.signed_at + replaceAfterMs * 2 ** (signed.length - 1)) return;
    const old = { maxFeePerGas: BigInt(newest.max_fee), maxPriorityFeePerGas: BigInt(newest.priority_fee) };
    const fees = replacing(old, today, feeMax);
    if (fees) this.#shelf.sign(row.nonce, fees, signOf(row, chainId, fees, sign), nowMs);
  }

  /**
   * Somebody else's transaction that the node once held, and that is gone: what came after it would wait for ever. So
   * nothing at all is sent with its nonce.
   */
  #fillGap(
    { chainId, relayer, usedNonces, today, replaceAfterMs }: Tending,
    sign: Sign,
    nowMs: number,
  ): readonly string[] {
    const first = this.#shelf.firstFrom(usedNonces);
    if (!first || first.nonce === usedNonces || today === null || nowMs < first.created_at + replaceAfterMs) return [];
    const row = { nonce: usedNonces, id: `filler|${usedNonces}`, recipient: relayer, data: "0x", gas: FILLER_GAS };
    return [
      this.#put({ ...row, valid_before: 0, tx: null, created_at: nowMs, sent_at: nowMs }, chainId, today, sign, nowMs),
    ];
  }

  #put(row: Row, chainId: number, fees: Fees, sign: Sign, nowMs: number): string {
    const signed = signOf(row, chainId, fees, sign);
    this.#shelf.put(row, fees, signed, nowMs);
    return signed.raw;
  }

  #sentOf({ id, nonce, data, tx, created_at }: Row): Sent {
    const [newest, ...older] = this.#shelf.signed(nonce);
    return {
      id,
      nonce,
      data,
      transaction: tx,
      createdAtMs: created_at,
      signed: [pairOf(newest), ...older.map(pairOf)],
    };
  }
}

const pairOf = ({ hash, raw }: SignedRow): SignedTransaction => ({ hash, raw });

const signOf = ({ nonce, recipient, data, gas }: Row, chainId: number, fees: Fees, sign: Sign): SignedTransaction =>
  sign({ chainId, nonce, to: recipient, data, gas, fees });
