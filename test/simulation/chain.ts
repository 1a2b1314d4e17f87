// A chain with EIP-3009 tokens and Permit2: blocks at fixed intervals, transactions that come late or never, balances that
// end, and tokens that call a used nonce a success without moving anything. Whoever asks what became of an authorization
// gets the truth as of some block, or nothing.

import type { Authorization, Chain, Fate } from "../../src/chain/index.ts";
import { keyOf, type SignedAuthorization } from "./wallet.ts";
import type { World } from "./world.ts";

export const BLOCK_MS = 2_000;

export interface Used {
  readonly kind: "paid" | "canceled";
  readonly transaction: string;
  readonly atMs: number;
  readonly value: bigint;
  readonly to: string;
}

export type Mined = "done" | "reverted: used" | "reverted: balance" | "reverted: expired";

export interface Transaction {
  readonly hash: string;
  /** What it is to move, in atomic units. */
  readonly amount: bigint;
  /** Null until it is mined; never set where it never is. */
  result: Mined | null;
}

export class Blocks {
  /** By `asset|payer|nonce`, or `permit2|payer|nonce`, in lower case. */
  readonly used = new Map<string, Used>();
  readonly balances = new Map<string, bigint>();
  /** Assets whose contract does not revert on a used nonce. */
  readonly silent = new Set<string>();
  /** Told of every transfer by authorization. */
  onPaid: (key: string, used: Used, transaction: Transaction) => void = () => undefined;
  readonly #world: World;
  #hashes = 0;

  constructor(world: World) {
    this.#world = world;
  }

  headMs(): number {
    return Math.floor(this.#world.nowMs / BLOCK_MS) * BLOCK_MS;
  }

  /**
   * @param amount all that was signed, or of a maximum a part
   * @param delayMs until it is mined, at the next block; infinite for never
   */
  transfer(asset: string, signed: SignedAuthorization, amount: bigint, delayMs: number): Transaction {
    return this.#send(delayMs, amount, (transaction) => this.#pay(asset, signed, transaction));
  }

  cancel(key: string): void {
    this.#send(0, 0n, ({ hash }) => {
      if (this.used.has(key)) return "reverted: used";
      this.used.set(key, { kind: "canceled", transaction: hash, atMs: this.headMs(), value: 0n, to: "" });
      return "done";
    });
  }

  #send(delayMs: number, amount: bigint, mine: (transaction: Transaction) => Mined): Transaction {
    const hash = `0x${(++this.#hashes).toString(16).padStart(64, "0")}`;
    const transaction: Transaction = { hash, amount, result: null };
    if (!Number.isFinite(delayMs)) return transaction;
    const blockMs = (Math.floor((this.#world.nowMs + delayMs) / BLOCK_MS) + 1) * BLOCK_MS;
    this.#world.after(blockMs - this.#world.nowMs, this.#world.system, "a block", () => {
      transaction.result = mine(transaction);
      this.#world.say("chain", `${hash.slice(-4)} ${transaction.result}`);
    });
    return transaction;
  }

  /** The order of a real token: time, nonce, then the balance. */
  #pay(asset: string, signed: SignedAuthorization, transaction: Transaction): Mined {
    const { from, to, validAfter, validBefore } = signed.authorization;
    const { hash, amount } = transaction;
    const atMs = this.headMs();
    const key = keyOf(asset, signed);
    const isSilent = signed.settler === null && this.silent.has(asset);
    if (atMs >= Number(validBefore) * 1000 || atMs <= Number(validAfter) * 1000) return "reverted: expired";
    const before = this.used.get(key);
    if (before) return isSilent && before.kind === "paid" ? "done" : "reverted: used";
    const account = `${asset}|${from}`.toLowerCase();
    const balance = this.balances.get(account) ?? 0n;
    if (balance < amount) return "reverted: balance";
    this.balances.set(account, balance - amount);
    const used: Used = { kind: "paid", transaction: hash, atMs, value: amount, to };
    this.used.set(key, used);
    this.onPaid(key, used, transaction);
    return "done";
  }

  /** The RPC. */
  view(): Chain {
    return {
      fateOf: (authorization) => this.#fateOf(authorization),
      covers: (wallet) => this.#covers(wallet),
    };
  }

  async #covers({ asset, payer, promised }: Parameters<Chain["covers"]>[0]): Promise<boolean | null> {
    const { faults, random } = this.#world;
    await this.#world.pause(random.delayMs(80, 3_000), "is told by the RPC");
    if (faults.strikes("rpc unavailable")) return null;
    const isOpen = ({ assetTransferMethod, nonce }: (typeof promised)[number]): boolean =>
      !this.used.has(`${assetTransferMethod === "permit2" ? "permit2" : asset}|${payer}|${nonce}`.toLowerCase());
    const rest = promised.filter(isOpen).reduce((sum, { amount }) => sum + amount, 0n);
    return rest <= (this.balances.get(`${asset}|${payer}`.toLowerCase()) ?? 0n);
  }

  async #fateOf({ asset, payer, nonce, payTo, amount, assetTransferMethod }: Authorization): Promise<Fate> {
    const { faults, random } = this.#world;
    await this.#world.pause(random.delayMs(80, 3_000), "is told by the RPC");
    if (faults.strikes("rpc unavailable")) return { kind: "unavailable", detail: "no RPC could be asked" };
    const headMs = this.headMs() - (faults.strikes("rpc behind") ? random.int(1, 5) * BLOCK_MS : 0);
    const isPart = assetTransferMethod === "permit2";
    const used = this.used.get(`${isPart ? "permit2" : asset}|${payer}|${nonce}`.toLowerCase());
    if (!used || used.atMs > headMs) return { kind: "unused", chainTimeMs: headMs };
    const isPayment = used.kind === "paid" && (isPart || used.value === BigInt(amount)) && used.to === payTo;
    return isPayment
      ? { kind: "paid", transaction: used.transaction, amount: String(used.value) }
      : { kind: "canceled" };
  }
}
