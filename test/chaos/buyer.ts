// Impatient clients. Each call is one thing that somebody wants once. Whatever is not a 2xx, an answer that takes too
// long and a connection that breaks among it, is answered with another payment, signed at once.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { PrivateKeyAccount } from "viem";
import { encodePayment, signPayment, unixNow } from "../support/payment.ts";
import type { Random } from "./random.ts";

/** What is sent once: a payment, or a token instead of one. */
export interface Attempt {
  /** Null for a token. */
  readonly nonce: string | null;
  readonly sentMs: number;
  /** Null where no answer came. */
  status: number | null;
  /** The gate's word for what is not a 2xx. */
  error: string | null;
  endedMs: number;
}

export interface Call {
  readonly path: string;
  readonly payer: PrivateKeyAccount;
  readonly key: string | null;
  readonly attempts: Attempt[];
  /** The first whole answer of 2xx. */
  goods: string | null;
  voucher: string | null;
}

interface Entry {
  readonly amount: string;
  readonly maxTimeoutSeconds: number;
  readonly [key: string]: unknown;
}

const ATTEMPTS_MAX = 6;
const MODES = ["after", "after", "before", "async"];

export interface Shop {
  readonly gate: string;
  /** What a place asks for, and what it asks of one payer: who owes is asked to pay first. */
  readonly offers: Map<string, Entry>;
}

export function newCall(number: number, payers: readonly PrivateKeyAccount[], random: Random): Call {
  const kind = random.chance(0.2) ? "stream" : "whole";
  return {
    path: `/${random.pick(MODES)}/${kind}?call=${number}`,
    payer: random.pick(payers),
    key: random.chance(0.5) ? randomUUID() : null,
    attempts: [],
    goods: null,
    voucher: null,
  };
}

/** Until it is served, nobody is left to try, or it has tried often enough. */
export async function insist(shop: Shop, call: Call, random: Random, isOver: () => boolean): Promise<void> {
  for (let tries = 0; tries < ATTEMPTS_MAX && call.goods === null && !isOver(); tries++) {
    if (tries > 0) await sleep(random.between(0, 800));
    const patienceMs = random.pick([800, 4_000, 15_000]);
    const redeems = call.voucher !== null && random.chance(0.5);
    await (redeems ? sendVoucher(shop, call, call.voucher ?? "", patienceMs) : sendPayment(shop, call, patienceMs));
  }
}

/** @param lastsSeconds the authorization, where that is not as long as the place asks */
export async function sendPayment(
  shop: Shop,
  call: Call,
  patienceMs: number,
  lastsSeconds?: number,
): Promise<Attempt | null> {
  const offer = await offerFor(shop, call, patienceMs);
  if (offer === null) return null;
  const validBefore = String(unixNow() + (lastsSeconds ?? offer.maxTimeoutSeconds));
  const payment = { ...(await signPayment(offer.amount, { validBefore }, call.payer)), accepted: offer };
  const { nonce } = payment.payload.authorization;
  return send(shop, call, nonce.toLowerCase(), { "payment-signature": encodePayment(payment) }, patienceMs);
}

export const sendVoucher = (shop: Shop, call: Call, voucher: string, patienceMs: number): Promise<Attempt> =>
  send(shop, call, null, { "faregate-redeem": voucher }, patienceMs);

async function send(
  { gate, offers }: Shop,
  call: Call,
  nonce: string | null,
  payment: Record<string, string>,
  patienceMs: number,
): Promise<Attempt> {
  const attempt: Attempt = { nonce, sentMs: Date.now(), status: null, error: null, endedMs: 0 };
  call.attempts.push(attempt);
  const headers = { ...payment, ...(call.key !== null && { "idempotency-key": call.key }) };
  try {
    const response = await fetch(gate + call.path, { headers, signal: AbortSignal.timeout(patienceMs) });
    const text = await response.text();
    attempt.status = response.status;
    if (response.ok) call.goods ??= text;
    else noteRefusal(call, attempt, text);
    const challenge = response.headers.get("payment-required");
    if (challenge !== null) offers.set(nameOf(call), firstEntry(challenge));
  } catch {
    // No whole answer came: it is what the client knows of it.
  }
  attempt.endedMs = Date.now();
  return attempt;
}

function noteRefusal(call: Call, attempt: Attempt, text: string): void {
  try {
    const { error, redeem } = JSON.parse(text);
    attempt.error = String(error);
    call.voucher = redeem ?? call.voucher;
  } catch {
    attempt.error = "upstream";
  }
}

const placeOf = ({ path }: Call): string => path.split("?")[0] ?? "";

const nameOf = (call: Call): string => `${placeOf(call)} ${call.payer.address}`;

const firstEntry = (challenge: string): Entry => JSON.parse(Buffer.from(challenge, "base64").toString()).accepts[0];

/** Null while the gate does not answer. */
async function offerFor({ gate, offers }: Shop, call: Call, patienceMs: number): Promise<Entry | null> {
  const place = placeOf(call);
  const known = offers.get(nameOf(call)) ?? offers.get(place);
  if (known) return known;
  const answer = await fetch(gate + place, { signal: AbortSignal.timeout(patienceMs) }).catch(() => null);
  await answer?.body?.cancel();
  const challenge = answer?.headers.get("payment-required") ?? null;
  if (challenge !== null) offers.set(place, firstEntry(challenge));
  return offers.get(place) ?? null;
}
