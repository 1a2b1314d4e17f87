// Payments that were signed before anything is measured, in threads on all cores. A signature names no Worker: each Worker
// gets the same payments, in the envelope that its own challenge asks for.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { encodePayment, type Payment } from "../test/support/payment.ts";
import { FORGED_NONCE } from "./backends.ts";

export type Signed = Payment["payload"];

export type Key = `0x${string}`;

export const newKeys = (count: number): readonly Key[] =>
  Array.from({ length: count }, (): Key => `0x${randomBytes(32).toString("hex")}`);

export interface SignOrder {
  readonly count: number;
  /** Private keys, which take turns. */
  readonly keys: readonly Key[];
}

/** What every Worker here asks for a call, in atomic units. */
export const AMOUNT = "1000";

export async function signPayments({ count, keys }: SignOrder): Promise<readonly Signed[]> {
  const threads = Math.max(1, Math.min(availableParallelism(), count, keys.length));
  const shares = Array.from({ length: threads }, (_, thread): SignOrder => {
    const own = keys.filter((_, i) => i % threads === thread);
    return { count: Math.ceil(count / threads), keys: own };
  });
  const signed = await Promise.all(shares.map(signInThread));
  // One of each share in turn, so that neighbours have different payers.
  const longest = signed[0] ?? [];
  return longest.flatMap((_, i) => signed.flatMap((share) => share[i] ?? [])).slice(0, count);
}

async function signInThread(order: SignOrder): Promise<readonly Signed[]> {
  const thread = new Worker(join(import.meta.dirname, "sign-thread.ts"), { workerData: order });
  const [signed] = await once(thread, "message");
  return signed;
}

/** The same with another nonce: well formed, and signed by nobody in particular. */
export function forge({ signature, authorization }: Signed): Signed {
  const nonce = FORGED_NONCE + authorization.nonce.slice(FORGED_NONCE.length);
  return { signature, authorization: { ...authorization, nonce } };
}

/** What of a PAYMENT-REQUIRED header a client needs to pay for it. */
export interface Challenge {
  readonly resource: unknown;
  readonly accepts: readonly object[];
}

export const readChallenge = (header: string): Challenge => JSON.parse(atob(header));

/**
 * A PAYMENT-SIGNATURE header, as a stock client of version 2 writes it.
 * @param lengthMin is reached with a member that means nothing
 */
export function paymentHeader({ resource, accepts }: Challenge, payload: Signed, lengthMin = 0): string {
  const payment = { x402Version: 2, resource, accepted: accepts[0], payload };
  const header = encodePayment(payment);
  const missing = ((lengthMin - header.length) * 3) / 4 - NOTE_BYTES;
  return missing > 0 ? encodePayment({ ...payment, note: "x".repeat(missing) }) : header;
}

/** Of a member's name and quotes. */
const NOTE_BYTES = ',"note":""'.length + 2;
