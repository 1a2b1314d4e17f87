// What is to be settled, read from the body that verify and settle are asked with. The gate wrote it, but maybe long ago
// and in an earlier format: so it is read like anybody's.

import type { Authorization } from "../chain/index.ts";
import { err, isObject, type JsonObject, ok, parseJson, type Result } from "../std/index.ts";
import { eip3009PaymentId, type PaymentId } from "../x402/index.ts";

/** A payment by EIP-3009. Addresses, nonce and signature are hexadecimal. */
export interface Order {
  readonly id: PaymentId;
  /** CAIP-2; `chainId` is the number in it. */
  readonly network: string;
  readonly chainId: number;
  readonly asset: string;
  readonly payer: string;
  readonly payTo: string;
  /** Atomic units. */
  readonly amount: bigint;
  /** Seconds. */
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly nonce: string;
  readonly signature: string;
}

const JSON_LIMITS = { depthMax: 16, nodesMax: 4096 };
const NETWORK = /^eip155:[1-9]\d{0,15}$/;
const ADDRESS = /^0x[0-9a-f]{40}$/i;
const NONCE = /^0x[0-9a-f]{64}$/i;
const BYTES = /^0x(?:[0-9a-f]{2})+$/i;
const DECIMAL = /^(0|[1-9][0-9]{0,77})$/;
const UINT256_END = 1n << 256n;

/** The error is a reason of the specification's (section 9). */
export function readOrder(body: string): Result<Order, string> {
  const json = parseJson(body, JSON_LIMITS);
  const whole = json.ok ? objectOf(json.value) : {};
  const requirements = objectOf(whole["paymentRequirements"]);
  const { assetTransferMethod = "eip3009" } = objectOf(requirements["extra"]);
  if (assetTransferMethod !== "eip3009") return err("unsupported_payload_type");
  const payload = objectOf(objectOf(whole["paymentPayload"])["payload"]);
  const { signature } = payload;
  const signed = readSigned(objectOf(payload["authorization"]));
  if (signed === null || !isText(signature, BYTES)) return err("invalid_payload");
  const { scheme, network, asset, payTo, amount } = requirements;
  if (scheme !== "exact") return err("unsupported_scheme");
  if (!isText(network, NETWORK)) return err("invalid_network");
  if (!isText(asset, ADDRESS)) return err("invalid_payment_requirements");
  if (signed.payTo.toLowerCase() !== String(payTo).toLowerCase()) return err("invalid_exact_evm_recipient_mismatch");
  if (signed.amount.toString() !== amount) return err("invalid_exact_evm_payload_authorization_value_mismatch");
  const id = eip3009PaymentId(network, asset, signed.payer, signed.nonce);
  return ok({ id, network, chainId: Number(network.slice("eip155:".length)), asset, signature, ...signed });
}

type Signed = Pick<Order, "payer" | "payTo" | "amount" | "validAfter" | "validBefore" | "nonce">;

function readSigned({ from, to, value, validAfter, validBefore, nonce }: JsonObject): Signed | null {
  if (!isText(from, ADDRESS) || !isText(to, ADDRESS) || !isText(nonce, NONCE)) return null;
  const numbers = [value, validAfter, validBefore].map((text) => (isText(text, DECIMAL) ? BigInt(text) : UINT256_END));
  if (numbers.some((number) => number >= UINT256_END)) return null;
  const [amount, after, before] = numbers as [bigint, bigint, bigint];
  return { payer: from, payTo: to, amount, validAfter: after, validBefore: before, nonce };
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

const isText = (value: unknown, form: RegExp): value is string => typeof value === "string" && form.test(value);

/** What an authorization lets happen, and on which token. */
export type Transfer = Pick<Order, "network" | "asset" | "payer" | "payTo" | "amount" | "validBefore" | "nonce">;

/** As the chain is asked about it. @param sinceMs when it cannot have been used before */
export const authorizationOf = (order: Transfer, sinceMs: number): Authorization => ({
  assetTransferMethod: "eip3009",
  network: order.network,
  asset: order.asset,
  payer: order.payer,
  payTo: order.payTo,
  nonce: order.nonce,
  amount: order.amount.toString(),
  facilitatorAddress: null,
  validBeforeMs: millisecondsOf(order.validBefore),
  sinceMs,
  transaction: null,
});

/** What lasts longer than a number can say lasts for ever. */
export const millisecondsOf = (seconds: bigint): number =>
  seconds * 1000n > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(seconds) * 1000;
