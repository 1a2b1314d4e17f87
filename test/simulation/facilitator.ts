// Two facilitators behind `fetch`: honest about what they decide before a broadcast, and hopeless at telling it. What the
// gate makes of their raw replies is the gate's own code.

import type { Blocks, Transaction } from "./chain.ts";
import type { Facts, Payment } from "./facts.ts";
import { settlesWhatWasOffered } from "./invariants.ts";
import type { Invocation } from "./invocation.ts";
import type { LedgerNodes } from "./ledgers.ts";
import { actor } from "./process.ts";
import { NETWORK, type Rules, SETTLERS } from "./table.ts";
import { contractSignature, idOf, keyOf, readPayload, type SignedAuthorization } from "./wallet.ts";
import type { World } from "./world.ts";

interface Reply {
  readonly status: number;
  readonly text: string;
}

interface Asked {
  readonly payment: Payment;
  readonly signed: SignedAuthorization;
  readonly asset: string;
  /** Atomic units. */
  readonly amount: bigint;
  readonly network: string;
  readonly facilitator: string;
}

const reply = (status: number, json: object): Reply => ({ status, text: JSON.stringify(json) });
const HTML: Reply = { status: 200, text: "<h1>hello</h1>" };
const never = (): Promise<never> => new Promise(() => undefined);
const reset = (): never => {
  throw new Error("the facilitator broke the connection");
};

export class SimulatedFacilitators {
  readonly #world: World;
  readonly #facts: Facts;
  readonly #books: LedgerNodes;
  readonly #chain: Blocks;
  readonly #rules: Rules;
  readonly #sent = new Map<string, Transaction>();
  readonly #remembers: boolean;
  /** Whether it looks at the nonce before it broadcasts; else the token's revert tells, and an empty wallet comes first. */
  readonly #checksNonce: boolean;
  /** Whether it says how much of a maximum it has settled. */
  readonly #saysAmount: boolean;

  constructor(world: World, rules: Rules, facts: Facts, books: LedgerNodes, chain: Blocks) {
    this.#books = books;
    this.#rules = rules;
    this.#world = world;
    this.#facts = facts;
    this.#chain = chain;
    this.#remembers = world.random.chance(0.5);
    this.#checksNonce = world.random.chance(0.6);
    this.#saysAmount = world.random.chance(0.5);
  }

  async fetch(url: string, { body, signal }: RequestInit): Promise<Response> {
    const { random, faults, system } = this.#world;
    if (url.endsWith("/supported")) return this.#supported(new URL(url).origin);
    const asked = this.#read(url, String(body));
    const isVerify = url.endsWith("/verify");
    const isSlow = faults.strikes(isVerify ? "verify slow" : "settle slow");
    const backMs = random.delayMs(isSlow ? 2_500 : 40, 9_000);
    const isLost = !isVerify && faults.strikes("settle request lost");
    if (!isVerify) this.#note(asked, String(body));
    const way = { thereMs: random.delayMs(30, 900), backMs, lost: isLost ? ("request" as const) : null };
    const late = Promise.withResolvers<never>();
    signal?.addEventListener("abort", () => late.reject(signal.reason));
    const label = isVerify ? "facilitator verifies" : "facilitator settles";
    const work = (): Promise<Reply> => (isVerify ? this.#verify(asked) : this.#settle(asked));
    const invocation = actor() as Invocation;
    const { status, text } = await Promise.race([this.#world.ask(label, () => system, way, work), late.promise]);
    if (isVerify && text.includes('"isValid":true')) invocation.verified = asked.payment.id;
    return { status, headers: new Headers(), body: streamOf(text) } as Response;
  }

  /** One that does not list the network can do it all the same: lists are old, and some are wrong. */
  async #supported(facilitator: string): Promise<Response> {
    const { random } = this.#world;
    await this.#world.pause(random.delayMs(60, 2_000), "is told what a facilitator can do");
    if (random.chance(0.2)) return reset();
    const kind = { x402Version: 2, network: NETWORK };
    const upto = { ...kind, scheme: "upto", extra: { facilitatorAddress: SETTLERS[facilitator] } };
    const kinds = random.chance(0.2) ? [] : [{ ...kind, scheme: "exact" }, upto];
    return { status: 200, headers: new Headers(), body: streamOf(JSON.stringify({ kinds })) } as Response;
  }

  #note({ payment, signed, asset, amount, facilitator }: Asked, body: string): void {
    const invocation = actor() as Invocation;
    invocation.settled = payment.id;
    const settle = { atMs: this.#world.nowMs, facilitator, sender: invocation.name, body, asset, amount, signed };
    this.#world.check(() => settlesWhatWasOffered(this.#rules, payment, this.#books.row(payment.id), settle));
    payment.settles.push(settle);
  }

  #read(url: string, body: string): Asked {
    const { paymentPayload, paymentRequirements } = JSON.parse(body);
    const { asset, network, amount } = paymentRequirements;
    const signed = readPayload(paymentPayload.payload);
    const payment = this.#facts.of(idOf(asset, signed));
    return { payment, signed, asset, amount: BigInt(amount), network, facilitator: new URL(url).origin };
  }

  async #verify(asked: Asked): Promise<Reply> {
    const { faults } = this.#world;
    if (faults.strikes("verify hangs")) return never();
    if (faults.strikes("verify resets")) return reset();
    if (faults.strikes("verify answers 500")) return reply(500, { error: "no" });
    if (faults.strikes("verify answers HTML")) return HTML;
    const { from: payer } = asked.signed.authorization;
    const objection = this.#objection(asked);
    const isBlind = objection !== "invalid_exact_evm_payload_signature" && faults.strikes("verify blind");
    if (objection === null || isBlind) return reply(200, { isValid: true, payer });
    return reply(200, { isValid: false, invalidReason: objection, payer });
  }

  /** What can be known before a broadcast. */
  #objection(asked: Asked): string | null {
    return asked.signed.settler === null ? this.#objectionToTransfer(asked) : this.#objectionToMaximum(asked);
  }

  /** The nonce is not looked at: the proxy's revert tells. */
  #objectionToMaximum({ payment, signed, asset, amount, facilitator }: Asked): string | null {
    const { from, value, validBefore } = signed.authorization;
    if (payment.isForged) return "invalid_permit2_signature";
    if (signed.settler !== SETTLERS[facilitator]) return "upto_facilitator_mismatch";
    if (amount > BigInt(value)) return "invalid_upto_evm_payload_settlement_exceeds_amount";
    if (Number(validBefore) * 1000 < this.#world.nowMs) return "permit2_deadline_expired";
    const balance = this.#chain.balances.get(`${asset}|${from}`.toLowerCase()) ?? 0n;
    return balance < amount ? "permit2_insufficient_balance" : null;
  }

  #objectionToTransfer({ payment, signed, asset }: Asked): string | null {
    const { from, value, validBefore, nonce } = signed.authorization;
    const isContract = signed.signature.length !== 132;
    if (isContract && signed.signature !== contractSignature(nonce)) return "invalid_exact_evm_payload_signature";
    if (payment.isForged) return "invalid_exact_evm_payload_signature";
    const { used, balances } = this.#chain;
    if (Number(validBefore) * 1000 < this.#world.nowMs) return "invalid_exact_evm_payload_authorization_valid_before";
    if (this.#checksNonce && used.has(keyOf(asset, signed))) return "invalid_exact_evm_nonce_already_used";
    const balance = balances.get(`${asset}|${from}`.toLowerCase()) ?? 0n;
    return balance < BigInt(value) ? "insufficient_funds" : null;
  }

  async #settle(asked: Asked): Promise<Reply> {
    const { faults } = this.#world;
    const answer = await this.#execute(asked);
    if (faults.strikes("settle hangs")) return never();
    if (faults.strikes("settle resets")) return reset();
    if (faults.strikes("settle answers 500")) return reply(500, answer);
    if (faults.strikes("settle answers HTML")) return HTML;
    if (faults.strikes("settle answers for a stranger"))
      return reply(200, { ...answer, payer: `0x${"11".repeat(20)}` });
    return reply(200, answer);
  }

  async #execute(asked: Asked): Promise<object> {
    const { faults, random } = this.#world;
    const { payment, network, signed } = asked;
    const failed = (errorReason: string, transaction = "") => ({ success: false, errorReason, transaction, network });
    const earlier = this.#sent.get(payment.id);
    if (earlier && faults.strikes("settle says used")) return failed("invalid_exact_evm_nonce_already_used");
    const objection = earlier && this.#remembers ? null : this.#objection(asked);
    if (objection !== null) return failed(objection);
    const isPart = signed.settler !== null;
    const settled = ({ hash, amount }: Transaction) => ({
      success: true,
      transaction: hash,
      network,
      payer: signed.authorization.from,
      ...(isPart && this.#saysAmount && { amount: String(amount) }),
    });
    if (earlier?.result === "done") return settled(earlier);
    const transaction = earlier?.result === null ? earlier : this.#broadcast(asked);
    if (faults.strikes("settle pending")) return failed("settlement_pending", transaction.hash);
    if (faults.strikes("settle refuses unknown reason")) return failed("unexpected_settle_error");
    for (let i = 0; i < 3 && transaction.result === null; i++)
      await this.#world.pause(2_000, "facilitator looks for its transaction");
    switch (transaction.result) {
      case null:
        return failed("transaction_failed", random.chance(0.5) ? transaction.hash : "");
      case "done":
        return settled(transaction);
      case "reverted: balance":
        return failed(
          isPart ? "permit2_insufficient_balance" : "invalid_exact_evm_insufficient_balance",
          random.chance(0.5) ? transaction.hash : "",
        );
      default:
        return failed("invalid_exact_evm_transaction_failed", transaction.hash);
    }
  }

  #broadcast({ payment, asset, amount, signed }: Asked): Transaction {
    const { faults, random } = this.#world;
    const lateMs = faults.strikes("transaction late") ? random.int(4_000, 500_000) : 0;
    const delayMs = faults.strikes("transaction never mined") ? Number.POSITIVE_INFINITY : lateMs;
    // Whoever reads the pool may send the same authorization, and pay for the gas; of a maximum nobody else can.
    if (signed.settler === null && faults.strikes("transaction overtaken"))
      payment.transactions.push(this.#chain.transfer(asset, signed, amount, 0));
    const transaction = this.#chain.transfer(asset, signed, amount, delayMs);
    payment.transactions.push(transaction);
    this.#sent.set(payment.id, transaction);
    return transaction;
  }
}

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}
