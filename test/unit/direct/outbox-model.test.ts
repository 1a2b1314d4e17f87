// An outbox against a small chain: whatever is taken, lost, mined, replaced and used by somebody else, in whatever order,
// by workers that die between any two steps.

import fc from "fast-check";
import { type Hex, keccak256, parseTransaction } from "viem";
import { expect, test } from "vitest";
import type { Fees } from "../../../src/direct/fees.ts";
import { Outbox, type Seen } from "../../../src/direct/outbox.ts";
import { signTransaction } from "../../../src/direct/transaction.ts";
import type { Sign } from "../../../src/direct/upkeep.ts";
import { type Account, openAccount } from "../../../src/schemes/index.ts";
import { openStore, type TestStore } from "../../support/sqlite.ts";
import { GWEI, KEY } from "./fixtures.ts";

const account = openAccount(KEY) as Account;
const FEE_MAX = 8n * GWEI;
const RESEND_MS = 5_000;
const REPLACE_MS = 15_000;
const PAYMENTS = 12;

type Step =
  /** A worker takes a payment's nonce, and broadcasts it, or dies before. */
  | { readonly kind: "take"; readonly payment: number; readonly isBroadcast: boolean; readonly lag: number }
  | { readonly kind: "tend"; readonly payment: number; readonly isBroadcast: boolean; readonly lag: number }
  /** The chain mines what it may; of two with one nonce whichever it likes. */
  | { readonly kind: "mine"; readonly blocks: number; readonly choice: number }
  /** A node forgets what waits. */
  | { readonly kind: "drop"; readonly nonce: number }
  /** Some worker sees what was mined with a nonce, and how it ended. */
  | { readonly kind: "see"; readonly nonce: number; readonly seen: Seen }
  /** Somebody else with the same key: mined at once, or waiting at the node and lost later. */
  | { readonly kind: "foreign"; readonly isMined: boolean }
  | { readonly kind: "price"; readonly gwei: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "restart" };

const payment = fc.nat({ max: PAYMENTS - 1 });
const isBroadcast = fc.boolean();
/** What an RPC tells of the account's nonces is behind by so many; below zero it lies, or is on another chain. */
const lag = fc.constantFrom(0, 0, 0, 0, 1, 3, 3, -1_000, -1_000_000);
/** Further away than anything that was really waiting. */
const FAR = 500;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("take"), payment, isBroadcast, lag }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("tend"), payment, isBroadcast, lag }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("mine"), blocks: fc.nat({ max: 4 }), choice: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("drop"), nonce: fc.nat({ max: 20 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("see"),
      nonce: fc.nat({ max: 20 }),
      seen: fc.constantFrom("settled", "reverted", "strange"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("foreign"), isMined: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("price"), gwei: fc.integer({ min: 1, max: 10 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.nat({ max: 40_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart") }) },
) as fc.Arbitrary<Step>;

/** Read once: a signature takes longer than everything else here. */
const read = (raw: string) => parseTransaction(raw as Hex) as { nonce?: number; maxFeePerGas: bigint; data?: string };
const callOf = (payment: number): string => `0x${payment.toString(16).padStart(4, "0")}`;

class World {
  nowMs = 1_800_000_000_000;
  readonly store: TestStore = openStore();
  outbox = new Outbox(this.store);
  used = 0;
  foreignWaiting = 0;
  price = 1n;
  readonly mempool = new Map<number, Set<string>>();
  readonly mined = new Map<number, string>();
  /** By payment, for ever. */
  readonly nonces = new Map<string, number>();
  readonly endsMs = new Map<string, number>();

  readonly sign: Sign = (transaction) => signTransaction(transaction, account);

  today(): Fees | null {
    const fee = this.price * GWEI;
    return fee > FEE_MAX ? null : { maxFeePerGas: fee, maxPriorityFeePerGas: GWEI / 10n };
  }

  act(step: Step): void {
    if (step.kind === "take") this.take(step.payment, step.isBroadcast, step.lag);
    else if (step.kind === "tend") this.tend(step.payment, step.isBroadcast, step.lag);
    else if (step.kind === "mine") this.mine(step.blocks, step.choice);
    else if (step.kind === "drop") this.mempool.delete(step.nonce);
    else if (step.kind === "see") this.see(step.nonce, step.seen);
    else if (step.kind === "foreign") this.foreign(step.isMined);
    else if (step.kind === "price") this.price = BigInt(step.gwei);
    else if (step.kind === "wait") this.nowMs += step.ms;
    else this.outbox = new Outbox(this.store);
  }

  take(payment: number, isBroadcast: boolean, lag: number): void {
    const fees = this.today();
    if (!fees) return;
    const id = `p-${payment}`;
    const usedNonces = Math.max(0, this.used - lag);
    const pendingNonces = usedNonces + (lag === 0 ? this.foreignWaiting : 0);
    const call = { to: `0x${"ab".repeat(20)}`, data: callOf(payment), gas: 90_000, fees };
    const money = { payer: `payer-${payment}`, amount: 1n, funds: 1n, balance: GWEI ** 2n };
    const nonces = { usedNonces, pendingNonces };
    const wanted = { id, chainId: 1, ...call, ...money, validBeforeMs: this.nowMs + 300_000, ...nonces };
    const taken = this.outbox.take(wanted, this.sign, this.nowMs);
    if (taken.kind !== "taken") throw new Error("never so many");
    const { nonce, signed } = taken.sent;
    // Handed out once to one payment, and never one that the chain was said to be past.
    expect(this.nonces.get(id) ?? nonce).toBe(nonce);
    if (!this.nonces.has(id)) expect([...this.nonces.values()]).not.toContain(nonce);
    if (!this.nonces.has(id)) expect(nonce).toBeGreaterThanOrEqual(usedNonces);
    // However far away a lie once put another.
    if (!this.nonces.has(id) && lag >= 0) expect(nonce).toBeLessThan(this.used + FAR);
    if (!this.nonces.has(id)) this.endsMs.set(id, wanted.validBeforeMs);
    this.nonces.set(id, nonce);
    if (isBroadcast) this.broadcast(signed[0].raw);
  }

  tend(payment: number, isBroadcast: boolean, lag: number): void {
    const usedNonces = Math.max(0, this.used - lag);
    const times = { resendMs: RESEND_MS, replaceAfterMs: REPLACE_MS };
    const asked = { id: `p-${payment}`, chainId: 1, relayer: account.address, usedNonces, today: this.today() };
    const { raws } = this.outbox.tend({ ...asked, feeMax: FEE_MAX, ...times }, this.sign, this.nowMs);
    if (isBroadcast) for (const raw of raws) this.broadcast(raw);
  }

  see(nonce: number, seen: Seen): void {
    const raw = this.mined.get(nonce);
    const id = [...this.nonces].find(([, own]) => own === nonce)?.[0];
    if (raw === undefined || id === undefined) return;
    this.outbox.mark(id, seen);
    if (seen === "settled") this.outbox.close(id, keccak256(raw as Hex));
  }

  broadcast(raw: string): void {
    const nonce = read(raw).nonce ?? 0;
    if (nonce < this.used) return;
    const waiting = this.mempool.get(nonce) ?? new Set();
    this.mempool.set(nonce, waiting.add(raw));
  }

  /** One after the other, and nothing that offers less than the price. */
  mine(blocks: number, choice: number): void {
    for (let i = 0; i < blocks; i++) {
      const good = [...(this.mempool.get(this.used) ?? [])].filter(
        (raw) => read(raw).maxFeePerGas >= this.price * GWEI,
      );
      const raw = good[choice % good.length];
      if (raw === undefined) return;
      this.mined.set(this.used, raw);
      this.used++;
      this.foreignWaiting = Math.max(0, this.foreignWaiting - 1);
    }
  }

  foreign(isMined: boolean): void {
    if (isMined) this.used++;
    else this.foreignWaiting = Math.min(this.foreignWaiting + 1, 3);
  }

  /** What holds after every step. */
  check(): void {
    for (const [id, nonce] of this.nonces) {
      const sent = this.outbox.find(id);
      expect(sent?.nonce).toBe(nonce);
      const prices = sent?.signed.map(({ raw, hash }) => {
        const { maxFeePerGas, nonce: written = 0, data } = read(raw);
        expect([written, keccak256(raw as Hex)]).toEqual([nonce, hash]);
        // Nothing in its place is sent only when it can move nothing any more, or was offered often enough.
        const isGivenUp = data === undefined && (this.nowMs >= (this.endsMs.get(id) ?? 0) || sent.signed.length > 6);
        if (!isGivenUp) expect(data).toBe(callOf(Number(id.slice(2))));
        expect(maxFeePerGas).toBeLessThanOrEqual(FEE_MAX);
        return maxFeePerGas;
      });
      // Newest first, each at least an eighth above the one before.
      prices?.forEach((price, i) => {
        const older = prices[i + 1];
        if (older !== undefined) expect(price * 8n).toBeGreaterThanOrEqual(older * 9n);
      });
    }
  }

  /** Faults stop, and somebody waits for the last payment: everything before it ends in a block. */
  end(): void {
    this.foreignWaiting = 0;
    // What was put out of reach by a lie is the lie's victim, and nobody else is.
    const last = Math.max(-1, ...[...this.nonces.values()].filter((nonce) => nonce < this.used + FAR));
    for (let i = 0; this.used <= last; i++) {
      if (i === 400) throw new Error(`nonce ${this.used} is a gap for ever`);
      this.price = 1n;
      this.nowMs += RESEND_MS;
      this.tend(0, true, 0);
      this.mine(64, i);
    }
  }
}

test("no nonce has two payments, no payment two nonces, and no gap stays, in every order of faults", () => {
  const run = fc.property(fc.array(step, { minLength: 5, maxLength: 50, size: "max" }), (steps) => {
    const world = new World();
    world.take(0, false, 0);
    for (const one of steps) {
      world.act(one);
      world.check();
    }
    world.end();
    world.check();
    // What was mined under a payment's nonce is that payment's, or was somebody else's.
    for (const [id, nonce] of world.nonces) {
      const raw = world.mined.get(nonce);
      if (raw !== undefined) expect(world.outbox.find(id)?.signed.map((one) => one.raw)).toContain(raw);
    }
  });
  fc.assert(run, { numRuns: 120 });
});
