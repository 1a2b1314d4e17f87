// A payer's book as a Durable Object. It does no network I/O: what has to be asked or settled is handed to the clerk,
// an entry point of the Worker, each row in an invocation of its own.

import { DurableObject } from "cloudflare:workers";
import { Book } from "./book.ts";
import { Registry } from "./registry.ts";
import { type Reservation, Vault } from "./vault.ts";
import type { Claim, ClaimAnswer, Due, Entry, PresentAnswer, Presentation, Report } from "./words.ts";

/** Who acts outside the book. */
export interface Clerk {
  /** Finds out, or settles, and records it. */
  readonly attend: (due: Due) => Promise<void>;
  /** Hands entries to the seller's books; rejects where they are not in them. */
  readonly publish: (entries: readonly Entry[]) => Promise<void>;
}

export interface LedgerParts {
  readonly clerk: Clerk;
  readonly hasSink: boolean;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

/** An alarm that found nothing it could do comes again, this much later. */
const ALARM_PAUSE_MS = 10_000;

export abstract class LedgerObject<Env = unknown> extends DurableObject<Env> {
  readonly #book: Book;
  readonly #vault: Vault;
  readonly #registry: Registry;
  readonly #parts: LedgerParts;
  /** Null for an instance that does not know yet. */
  #alarmMs: number | null = null;

  constructor(ctx: DurableObjectState, env: Env, parts: LedgerParts) {
    super(ctx, env);
    this.#parts = parts;
    this.#book = new Book(ctx.storage, parts.hasSink);
    this.#vault = new Vault(ctx.storage.sql);
    this.#registry = new Registry(ctx.storage.sql);
  }

  claim(claim: Claim): ClaimAnswer {
    return this.#armed(this.#book.claim(this.#timed(claim)));
  }

  present(presentation: Presentation): PresentAnswer {
    return this.#armed(this.#book.present(this.#timed(presentation)));
  }

  record(report: Report): boolean {
    return this.#armed(this.#book.record(this.#timed(report)));
  }

  entry(id: string): Entry | null {
    return this.#armed(this.#book.entry(id, this.#parts.nowMs()));
  }

  key(drawn: string): string {
    return this.#vault.key(drawn);
  }

  reserve(reservation: Reservation): boolean {
    return this.#vault.reserve(reservation);
  }

  free(attempt: string): void {
    this.#vault.free(attempt);
  }

  assign(transaction: string, id: string): boolean {
    return this.#registry.assign(transaction, id);
  }

  /** Never throws: an alarm that throws is retried a few times and then forgotten. */
  override async alarm(): Promise<void> {
    const { clerk, nowMs, newId } = this.#parts;
    await this.#setAlarm(nowMs() + ALARM_PAUSE_MS);
    try {
      const { due, entries } = this.#book.sweep(nowMs(), newId);
      const published = entries.length > 0 ? clerk.publish(entries).then(() => this.#book.reported(entries)) : null;
      await Promise.allSettled([...due.map((row) => clerk.attend(row)), published]);
    } catch (error) {
      console.error(JSON.stringify({ event: "alarm_failed", error: String(error) }));
    }
    const nextMs = this.#book.nextDueMs();
    if (nextMs !== null) return this.#setAlarm(Math.max(nextMs, nowMs() + 1000));
    this.#alarmMs = Number.POSITIVE_INFINITY;
    await this.ctx.storage.deleteAlarm();
  }

  /** One clock for a book: the Workers that call it have clocks of their own, and leases are compared. */
  #timed<M extends { readonly nowMs: number }>(message: M): M {
    return { ...message, nowMs: this.#parts.nowMs() };
  }

  /** The write of the alarm is not waited for: the platform holds the answer back until it is durable. */
  #armed<T>(answer: T): T {
    const nextMs = this.#alarmMs === null ? this.#book.nextDueMs() : this.#book.soonDueMs();
    const alarmMs = this.#alarmMs ?? Number.POSITIVE_INFINITY;
    this.#alarmMs = alarmMs;
    // What is overdue is due now: the platform takes no time before its own beginning.
    const atMs = nextMs === null ? null : Math.max(nextMs, this.#parts.nowMs());
    if (atMs !== null && atMs < alarmMs) void this.#setAlarm(atMs);
    return answer;
  }

  #setAlarm(atMs: number): Promise<void> {
    this.#alarmMs = atMs;
    return this.ctx.storage.setAlarm(atMs);
  }
}
