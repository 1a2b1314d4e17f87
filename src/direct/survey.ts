// What the chain says before anything is signed: whether this payment would go through, and what sending it costs. One
// batch to one RPC, of nine calls and the chain's number. A call that reverts is an answer; anything else that is not
// one proves nothing, and is a fault of the RPC's.

import {
  type AskEach,
  type Block,
  blockCall,
  type Call,
  type Fault,
  fault,
  parseBigQuantity,
  parseBlock,
  parseQuantity,
  parseWord,
  type Reply,
  toQuantity,
} from "../chain/index.ts";
import { err, isObject, type JsonObject, ok, type Result } from "../std/index.ts";
import type { Market } from "./fees.ts";
import type { Order } from "./order.ts";
import { balanceData, leastGas, stateData, transferData } from "./token.ts";

export interface Survey {
  /** Why this payment cannot be settled now, in the specification's words (section 9); null where it can. */
  readonly objection: string | null;
  readonly market: Market;
  /** Of the relayer, in wei. */
  readonly balance: bigint;
  /** Of the payer, in atomic units of the token. */
  readonly funds: bigint;
  readonly usedNonces: number;
  readonly pendingNonces: number;
  /** The most that the transaction may use. */
  readonly gas: number;
}

/** Used, or canceled: somebody may have been paid with it. */
export const NONCE_USED = "invalid_exact_evm_nonce_already_used";
const EARLY = "invalid_exact_evm_payload_authorization_valid_after";
export const EXPIRED = "invalid_exact_evm_payload_authorization_valid_before";

/** A contract wallet decides what checking its signature costs, and the relayer pays for it. */
const GAS_MAX = 1_000_000;
/** Between the estimate and its block, storage that was warm or full may be cold or empty. */
const GAS_MARGIN = 1.25;
/**
 * How nodes say that a call reverted: 3 (geth and its kin, with the contract's reason), -32015 (OpenEthereum's kin). The
 * numbers of overload and of unknown methods are others.
 */
const REVERTED = ["3", "-32015"];
/** The same without a reason, and Besu and Nethermind; also of a block that a node has not, or of work that took too long. */
const MAYBE_REVERTED = "-32000";
const ZERO = `0x${"0".repeat(64)}`;
const ONE = `0x${"0".repeat(63)}1`;

export async function survey(askEach: AskEach, order: Order, relayer: string): Promise<Result<Survey, Fault>> {
  const replies = await askEach(callsOf(order, relayer));
  return replies.ok ? readSurvey(replies.value, order) : replies;
}

function callsOf(order: Order, relayer: string): readonly Call[] {
  // What a wallet's code does here takes the RPC no longer than a transaction may, or it would keep the rest from us.
  const called = { to: order.asset, gas: toQuantity(GAS_MAX) };
  const transfer = { ...called, from: relayer, data: transferData(order) };
  const read = (data: string): Call => ({ method: "eth_call", params: [{ ...called, data }, "latest"] });
  return [
    blockCall("latest"),
    { method: "eth_gasPrice", params: [] },
    { method: "eth_getBalance", params: [relayer, "latest"] },
    { method: "eth_getTransactionCount", params: [relayer, "latest"] },
    { method: "eth_getTransactionCount", params: [relayer, "pending"] },
    read(balanceData(order)),
    { method: "eth_call", params: [transfer, "latest"] },
    // Some nodes would estimate it behind what waits, which may be this payer's.
    { method: "eth_estimateGas", params: [transfer, "latest"] },
    // After them: who is poor because this payment was made meanwhile is not called poor.
    read(stateData(order)),
  ];
}

function readSurvey(replies: readonly Reply[], order: Order): Result<Survey, Fault> {
  const [head, gasPrice, balance, used, pending, funds, transfer, estimate, state] = replies.map(saidIn);
  const market = readMarket(head, gasPrice);
  const [wei, usedNonces] = [parseBigQuantity(balance), parseQuantity(used)];
  if (market === null || wei === null || usedNonces === null) return err(fault("does not say what sending costs"));
  // Not every node counts what waits; who is alone with the key does not need it.
  const account = { market, balance: wei, usedNonces, pendingNonces: parseQuantity(pending) ?? usedNonces };
  const told = { state, funds, transfer, estimate };
  const objection = objectionOf(told, parseBlock(head) as Block, order);
  if (!objection.ok) return objection;
  if (objection.value !== null) return ok({ ...account, objection: objection.value, funds: 0n, gas: 0 });
  const gas = parseQuantity(estimate);
  if (gas === null) return err(fault("does not say what the transfer costs"));
  // What goes through within the limit and is estimated above it, as where a network adds its own, goes at the limit.
  const least = Math.max(Math.ceil(gas * GAS_MARGIN), leastGas(transferData(order)));
  const most = Math.min(least, GAS_MAX, gasLimitOf(head as JsonObject));
  return ok({ ...account, objection: null, funds: BigInt(parseWord(funds) as string), gas: most });
}

/** Nodes hold no transaction whose limit is above a block's. */
const gasLimitOf = (head: JsonObject): number => parseQuantity(head["gasLimit"]) ?? GAS_MAX;

/** Of a block with a base fee: others take no transaction of this kind. */
export function readMarket(head: unknown, gasPrice: unknown): Market | null {
  const baseFee = isObject(head) ? parseBigQuantity(head["baseFeePerGas"]) : null;
  const price = parseBigQuantity(gasPrice);
  return parseBlock(head) === null || baseFee === null || price === null ? null : { baseFee, gasPrice: price };
}

/** What an RPC said of a call: the result, or that it reverted, or nothing to rely on. */
const REVERT = Symbol("the call reverts");
/** It may have, and another trouble has the same number. */
const MAYBE_REVERT = Symbol("the call may revert");

function saidIn(reply: Reply): unknown {
  if (reply.ok) return reply.value;
  if (reply.error === MAYBE_REVERTED) return MAYBE_REVERT;
  return REVERTED.includes(reply.error) ? REVERT : undefined;
}

const reverts = (said: unknown): boolean => said === REVERT || said === MAYBE_REVERT;

interface Told {
  readonly state: unknown;
  readonly funds: unknown;
  readonly transfer: unknown;
  readonly estimate: unknown;
}

/** Null where there is none. The error is that the RPC did not say. */
function objectionOf(
  { state, funds, transfer, estimate }: Told,
  head: Block,
  order: Order,
): Result<string | null, Fault> {
  if (state === "0x") return ok("asset_not_deployed_contract");
  // Where it may be the node's own trouble, the next one is asked.
  if (state === REVERT) return ok("invalid_exact_evm_eip3009_not_supported");
  const [isUsed, balance] = [parseWord(state), parseWord(funds)];
  if ((isUsed !== ZERO && isUsed !== ONE) || balance === null) return err(fault("has no state of the nonce"));
  // Some tokens do not revert on it.
  if (isUsed === ONE) return ok(NONCE_USED);
  if (BigInt(balance) < order.amount) return ok("invalid_exact_evm_insufficient_balance");
  const seconds = BigInt(head.timeMs / 1000);
  if (order.validBefore <= seconds) return ok(EXPIRED);
  if (reverts(transfer)) {
    // Nodes also have other troubles under these numbers. What would be within the limit does not revert.
    if ((parseQuantity(estimate) ?? GAS_MAX) < GAS_MAX) return err(fault("says two things of the transfer"));
    return ok(order.validAfter >= seconds ? EARLY : "invalid_exact_evm_transaction_simulation_failed");
  }
  return transfer === undefined ? err(fault("did not try the transfer")) : ok(null);
}
