// A small validator for devnet's genesis. What carries a transaction out is real: Solana's virtual machine and its token
// program, in this process (LiteSVM). What LiteSVM has not is ours: slots and blocks by the clock, one for each 400 ms,
// when they are final, which transactions are in them, and what balances those met and left behind.

import {
  getBase58Decoder,
  getBase64Encoder,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  lamports,
} from "@solana/kit";
import { getTokenDecoder, TOKEN_PROGRAM_ADDRESS } from "@solana-program/token";
import { Clock, FailedTransactionMetadata, LiteSVM } from "litesvm";

const SLOT_MS = 400;
/** Until a block is final so many come after it. */
const FINAL_AFTER = 32;
/** Blocks that there were before anybody came. */
const PAST = 20_000;
const TOKEN_ACCOUNT_BYTES = 165;

export class Validator {
  svm = new LiteSVM();
  firstSlot = Number(this.svm.getClock().slot);
  #startMs = Date.now();
  #aheadMs = 0;
  /** In the order in which they were carried out. */
  #landed = [];

  get slot() {
    return this.firstSlot + PAST + Math.floor((Date.now() + this.#aheadMs - this.#startMs) / SLOT_MS);
  }

  get finalSlot() {
    return this.slot - FINAL_AFTER;
  }

  /** Seconds since 1970. */
  timeOf(slot) {
    return Math.floor((this.#startMs + (slot - this.firstSlot - PAST) * SLOT_MS) / 1000);
  }

  /** Lets so many seconds pass, and with them the block whose hash messages named. */
  pass(seconds) {
    this.#aheadMs += seconds * 1000;
    this.svm.expireBlockhash();
  }

  fund(address, amount = 10_000_000_000n) {
    this.svm.airdrop(address, lamports(amount));
  }

  /** Null where there is no such account of the token program's. */
  tokensIn(address) {
    const { data, programAddress } = this.svm.getAccount(address);
    const isOne = programAddress === TOKEN_PROGRAM_ADDRESS && data.length === TOKEN_ACCOUNT_BYTES;
    return isOne ? getTokenDecoder().decode(data) : null;
  }

  /** The owner's accounts with this token. */
  heldBy(owner, mint) {
    const all = this.svm
      .getProgramAccounts(TOKEN_PROGRAM_ADDRESS)
      .map(({ address }) => [address, this.tokensIn(address)]);
    return all.filter(([, held]) => held?.owner === owner && held.mint === mint).map(([address]) => address);
  }

  /** What would become of it, whether or not its fee payer has signed. */
  simulate(wire) {
    const transaction = decode(wire);
    if (this.#knows(transaction)) return { err: "AlreadyProcessed", logs: [], units: 0 };
    this.svm.withSigverify(false);
    try {
      return outcomeOf(this.svm.simulateTransaction(transaction));
    } finally {
      this.svm.withSigverify(true);
    }
  }

  /** What the machine does not take (an old hash, a message that it knows) comes into no block, and nobody is told. */
  send(wire) {
    const transaction = decode(wire);
    const [feePayers] = Object.values(transaction.signatures);
    const signature = getBase58Decoder().decode(feePayers);
    if (this.#knows(transaction)) return signature;
    const { slot } = this;
    this.#setClock(slot);
    const accounts = getCompiledTransactionMessageDecoder().decode(transaction.messageBytes).staticAccounts;
    const before = this.#balancesOf(accounts);
    const outcome = outcomeOf(this.svm.sendTransaction(transaction));
    if (this.svm.getTransaction(signature) === null) return signature;
    const after = this.#balancesOf(accounts);
    const message = textOf(transaction);
    this.#landed.push({ signature, message, slot, wire, accounts, ...outcome, before, after });
    return signature;
  }

  /** Null where it is in no block. */
  landed(signature) {
    return this.#landed.find((one) => one.signature === signature) ?? null;
  }

  /** From the newest back. */
  naming(account) {
    return this.#landed.filter(({ accounts }) => accounts.includes(account)).toReversed();
  }

  /** A validator knows what it has carried out by the message; LiteSVM, by the first signature. */
  #knows(transaction) {
    return this.#landed.some(({ message }) => message === textOf(transaction));
  }

  #setClock(slot) {
    const { epochStartTimestamp, epoch, leaderScheduleEpoch } = this.svm.getClock();
    const seconds = BigInt(this.timeOf(slot));
    this.svm.setClock(new Clock(BigInt(slot), epochStartTimestamp, epoch, leaderScheduleEpoch, seconds));
  }

  #balancesOf(accounts) {
    const tokens = accounts.flatMap((address, accountIndex) => {
      const held = this.tokensIn(address);
      return held ? [{ accountIndex, mint: held.mint, owner: held.owner, amount: held.amount }] : [];
    });
    return { lamports: accounts.map((address) => Number(this.svm.getBalance(address) ?? 0n)), tokens };
  }
}

const decode = (wire) => getTransactionDecoder().decode(getBase64Encoder().encode(wire));

const textOf = ({ messageBytes }) => Buffer.from(messageBytes).toString("base64");

function outcomeOf(result) {
  const isFailed = result instanceof FailedTransactionMetadata;
  const meta = isFailed || "meta" in result ? result.meta() : result;
  return { err: isFailed ? errorOf(result) : null, logs: meta.logs(), units: Number(meta.computeUnitsConsumed()) };
}

/** The error as an RPC writes it, from how the machine does: `AlreadyProcessed`, `InstructionError(2, Custom(1))`. */
function errorOf(failed) {
  const [, name, index, reason, code] = /err: (\w+)(?:\((\d+), (\w+)(?:\((\d+)\))?\))?/.exec(String(failed));
  if (index === undefined) return name;
  return { [name]: [Number(index), code === undefined ? reason : { [reason]: Number(code) }] };
}
