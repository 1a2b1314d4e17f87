// The book of one payer on one network, over SQLite. No clock, no chance, no I/O but the storage: every method runs
// without an `await`, so each is one transaction and nothing comes between a look and a write.

import { exceededCap, firstOf, hasDebt, type OpenPayment, unsettledOf } from "./claim.ts";
import { Pages } from "./pages.ts";
import { dueOf, entryOf, keptOf, openOf, type Row, termsOf } from "./rows.ts";
import { transition } from "./rules.ts";
import { isRested, isTooLong } from "./schedule.ts";
import type { Store } from "./sql.ts";
import { type Kept, standingOf } from "./standing.ts";
import { entrusted, isCredit, isOpen, type LedgerEvent, lapse, lent, type PaymentState } from "./state.ts";
import type { Claim, ClaimAnswer, Due, Entry, Known, PresentAnswer, Presentation, Report, Sweep } from "./words.ts";

/** Rows that one alarm looks at, and those of them that it hands out. */
const DUE_MAX = 64;
const LENT_MAX = 8;
/** How long finding out, or settling what is owed, may take. */
const ATTEND_MS = 90_000;

export class Book {
  readonly #pages: Pages;

  /** @param hasSink whether what changes is reported to somebody */
  constructor(store: Store, hasSink: boolean) {
    this.#pages = new Pages(store, hasSink);
  }

  claim(claim: Claim): ClaimAnswer {
    this.#pages.begin();
    const { nowMs, fingerprint, keyDigest, caps } = claim;
    const own = this.#pages.find(claim.id);
    // Its answer was lost, and it is asked for again: no other attempt has this id.
    if (own?.pay === "claimed" && own.attempt === claim.attempt) return granted(claim, this.#open(nowMs));
    const told = this.#presented(own, claim);
    if (told.kind !== "claimable") return told;
    const namesake = keyDigest === null ? null : this.#lapsed(this.#pages.findOfKey(keyDigest), nowMs);
    if (namesake && namesake.fingerprint !== fingerprint) return { kind: "key_reused" };
    const open = this.#open(nowMs);
    const first = namesake ?? firstOf(open, fingerprint)?.row;
    const known = first ? this.#tellFirst(first, claim) : null;
    if (known && known.kind !== "claimable") return known;
    if (claim.mode !== "before" && hasDebt(open)) return { kind: "in_debt" };
    const cap = exceededCap(open, { asset: claim.asset, amount: BigInt(claim.amount) }, caps);
    if (cap !== null) return { kind: "over_cap", cap };
    this.#pages.insert(claim, own);
    return granted(claim, open);
  }

  /**
   * About the payment that a new one of the same call is served on the account of. The new authorization is not touched
   * and expires unused. What was bought is not lent yet: that the new signature was never used is still to be shown.
   */
  #tellFirst(first: Row, claim: Claim): PresentAnswer | { readonly kind: "on_account"; readonly id: string } {
    const { kind } = standingOf(keptOf(first, claim.nowMs), claim.fingerprint, true, claim.nowMs);
    return kind === "answerable" || kind === "redeemable"
      ? { kind: "on_account", id: first.id }
      : this.#tell(first, claim, true);
  }

  /** The truth about a payment that is presented again, and what may be done about it. */
  present(presentation: Presentation): PresentAnswer {
    const told = this.#presented(this.#pages.find(presentation.id), presentation);
    return told.kind === "claimable" ? (this.#inDoubt(presentation) ?? told) : told;
  }

  /** An earlier payment of the same call that may still settle: meanwhile nobody is asked to sign another one. */
  #inDoubt(presentation: Presentation): PresentAnswer | null {
    const { nowMs, fingerprint } = presentation;
    const first = firstOf(this.#open(nowMs), fingerprint)?.row;
    return first?.pay === "unknown" ? this.#tell(first, presentation, false) : null;
  }

  #open(nowMs: number): ReturnType<typeof openOf>[] {
    return this.#pages.live().map((row) => openOf(this.#lapsed(row, nowMs), nowMs));
  }

  #presented(found: Row | null, presentation: Presentation): PresentAnswer {
    const row = this.#lapsed(found, presentation.nowMs);
    if (!row || row.pay === "released") return { kind: "claimable" };
    const { terms } = presentation;
    if (terms && (terms.amount !== row.amount || terms.payTo !== row.pay_to)) return { kind: "bound_elsewhere" };
    return this.#tell(row, presentation, isBuyer(row, presentation));
  }

  /**
   * Takes an attempt's reports in order; false where one of them does not count. The others do: what was delivered was
   * delivered, whether or not it is too late to say that it was served first.
   */
  record({ id, attempt, nowMs, events, answer }: Report): boolean {
    const row = this.#pages.find(id);
    if (!row) return false;
    const taken = this.#take(row, attempt, nowMs, events);
    if (answer && taken.at(-1)) this.#pages.keepAnswer(id, answer);
    return !taken.includes(false);
  }

  /** What is due: time's own transitions are made here, the rest is handed out, each row under a new attempt. */
  sweep(nowMs: number, newId: () => string): Sweep {
    this.#pages.dropAnswers(nowMs);
    const due: Due[] = [];
    for (const row of this.#pages.due(nowMs, DUE_MAX)) {
      const lapsed = this.#pages.save(row, lapse(keptOf(row, nowMs), nowMs, termsOf(row)), nowMs);
      if (!isOpen(lapsed)) continue;
      if (isTooLong(lapsed, nowMs)) this.#giveUp(lapsed, nowMs);
      else if (due.length < LENT_MAX) due.push(this.#lend(lapsed, newId(), nowMs + ATTEND_MS, nowMs));
    }
    return { due, entries: this.#pages.reportable(nowMs).map(entryOf) };
  }

  /** The sink has these; of what changed meanwhile it is told again. */
  reported(entries: readonly Pick<Entry, "id" | "seq">[]): void {
    for (const entry of entries) this.#pages.reported(entry);
  }

  /** When `sweep` has something to do next; null for never. */
  nextDueMs(): number | null {
    return this.#pages.nextMs();
  }

  /** When it has, of what changed since it was last asked. */
  soonDueMs(): number | null {
    return this.#pages.soonMs();
  }

  entry(id: string, nowMs: number): Entry | null {
    const row = this.#lapsed(this.#pages.find(id), nowMs);
    return row && entryOf(row);
  }

  #tell(row: Row, presentation: Presentation, buyer: boolean): PresentAnswer {
    const { id } = row;
    const { attempt, nowMs, leaseMs, redemptionMs, fingerprint } = presentation;
    const kept = seenBy(attempt, keptOf(row, nowMs));
    const standing = standingOf(kept, fingerprint, buyer, nowMs);
    switch (standing.kind) {
      case "unresolved":
        if (!isRested(row, nowMs)) return { kind: "unknown" };
        return { kind: "unresolved", due: this.#lend(row, attempt, nowMs + leaseMs, nowMs) };
      case "answerable":
        return this.#hand(row, attempt, nowMs, standing.transaction);
      case "redeemable": {
        const begun = { ...row, redemptions: kept.redemptions + 1 };
        this.#pages.save(begun, entrusted(kept, attempt, nowMs + redemptionMs), nowMs);
        return { kind: "redeem", id, transaction: standing.transaction };
      }
      default:
        return standing;
    }
  }

  /** The answer that is kept. Of a credit the presenter says when it was handed over: our word may be lost on the way. */
  #hand(row: Row, attempt: string, nowMs: number, transaction: string): Known {
    const kept = keptOf(row, nowMs);
    const wasOwed = isCredit(kept);
    if (wasOwed) this.#pages.save(row, entrusted(kept, attempt, kept.leaseUntilMs), nowMs);
    return { kind: "answer", id: row.id, transaction, answer: this.#pages.answer(row.id), wasOwed };
  }

  /** The row, under an attempt that finds out what became of it. */
  #lend(row: Row, attempt: string, leaseUntilMs: number, nowMs: number): Due {
    const state = lent(keptOf(row, nowMs), attempt, leaseUntilMs);
    this.#pages.save({ ...row, tries: row.tries + 1, tried_at: nowMs }, state, nowMs);
    return dueOf(row, state);
  }

  #giveUp(row: Row, nowMs: number): void {
    this.#take(row, row.attempt, nowMs, [{ kind: "undetermined", reason: "open_too_long" }]);
  }

  /** Whether each counts; what they come to is one write. */
  #take(row: Row, attempt: string, nowMs: number, events: readonly LedgerEvent[]): readonly boolean[] {
    let state: PaymentState = keptOf(row, nowMs);
    let page = row;
    const taken = events.map((event) => {
      const next = transition(state, event, attempt, nowMs, termsOf(row));
      if (!next.ok) return false;
      // What is said again is noted once.
      if (next.value !== state) page = { ...page, ...noted(event, nowMs) };
      state = next.value;
      return true;
    });
    if (taken.includes(true)) this.#pages.save(page, state, nowMs, page.calculation !== row.calculation);
    return taken;
  }

  /** The row as time has left it; what time has changed is written. */
  #lapsed<R extends Row | null>(row: R, nowMs: number): R {
    if (!row) return row;
    const kept = keptOf(row, nowMs);
    const state = lapse(kept, nowMs, termsOf(row));
    return state === kept ? row : (this.#pages.save(row, state, nowMs) as R);
  }
}

type Noted = Pick<Row, "tried_at" | "charge" | "calculation" | "settle_body">;

/** What an event says beside the state that it leads to. */
function noted(event: LedgerEvent, nowMs: number): Partial<Noted> {
  switch (event.kind) {
    // A try ends with its report, and the pause before the next one begins.
    case "lost":
    case "postponed":
      return { tried_at: nowMs };
    case "metered":
      return { charge: event.charge, calculation: event.calculation, settle_body: event.settleBody };
    case "settled":
      return event.charge === undefined ? {} : { charge: event.charge };
    default:
      return {};
  }
}

/** @param open with the payment or without it */
function granted({ id, mode, asset, amount }: Claim, open: readonly OpenPayment[]): ClaimAnswer {
  if (mode !== "async") return { kind: "granted", unsettled: [] };
  const others = unsettledOf(open, asset).filter((payment) => payment.id !== id);
  const unsettled = others.map((payment) => ({ id: payment.id, amount: payment.amount.toString() }));
  return { kind: "granted", unsettled: [...unsettled, { id, amount }] };
}

/** To who asks again for a redelivery that it was granted, because the answer was lost, that has not begun. */
const seenBy = (attempt: string, kept: Kept): Kept =>
  isCredit(kept) && kept.redemptions > 0 && kept.courier === attempt
    ? { ...kept, leaseUntilMs: 0, redemptions: kept.redemptions - 1 }
    : kept;

/** Either was said for this payment, or came with it first and is too long to guess. */
const isBuyer = ({ key_digest }: Row, { keyDigest, isKeySecret, isRedeemer }: Presentation): boolean =>
  isRedeemer || (isKeySecret && keyDigest !== null && keyDigest === key_digest);
