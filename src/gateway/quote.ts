// What a challenge quotes for a price that follows the request, and what becomes of it when a payment brings it back: the
// client carries it under a MAC, so that a price which changed meanwhile is still the one that was asked for.

import type { PaidAccess } from "../config/index.ts";
import { digestOf } from "../ledger/index.ts";
import type { Outcome } from "../outcome/index.ts";
import { attempted } from "../std/index.ts";
import { PRICE_QUOTE, type PriceQuote, priceQuote, readPayment, readPriceQuote, withExtension } from "../x402/index.ts";
import type { Call, Gate } from "./gate.ts";
import { isEqual, type Seal } from "./seal.ts";

/** What is promised, to whoever asks for the same call. */
export type Quote = Omit<PriceQuote, "mac">;

export type Echo =
  | { readonly kind: "none" }
  /** Ours, of this call, and not over; or over, which is told. */
  | { readonly kind: "quoted"; readonly quote: Quote; readonly isOver: boolean }
  | { readonly kind: "refused"; readonly code: "price_quote_invalid" | "price_quote_mismatch" }
  /** The gate's own key cannot be had, so nobody can say whose it is. */
  | { readonly kind: "unavailable" };

/** @param called the digest of what is priced */
export async function readEcho({ seal, nowMs }: Gate, { request }: Call, called: string): Promise<Echo> {
  const payment = readPayment(request.headers);
  // What cannot be read is told so where payments are.
  const echoed = payment.ok ? readPriceQuote(payment.value?.extensions ?? {}) : null;
  if (echoed === null) return { kind: "none" };
  if (echoed === undefined) return { kind: "refused", code: "price_quote_invalid" };
  const { mac, ...quote } = echoed;
  const expected = await sign(seal, quote);
  if (expected === null) return { kind: "unavailable" };
  if (!isEqual(expected, mac)) return { kind: "refused", code: "price_quote_invalid" };
  if (quote.call !== called) return { kind: "refused", code: "price_quote_mismatch" };
  return { kind: "quoted", quote, isOver: nowMs() > quote.expires * 1000 };
}

/** The gate's own key is asked for once in an isolate. A challenge goes out without a quote rather than late. */
const KEY_MS = 500;

/** Whoever is asked to pay is told for how long the price holds. */
export async function quoted({ seal }: Gate, outcome: Outcome, quote: Quote): Promise<Outcome> {
  if (outcome.kind !== "refused" || !("invitation" in outcome.problem)) return outcome;
  const sealed = await attempted(() => sign(seal, quote), KEY_MS);
  const mac = sealed.ok ? sealed.value : null;
  // Then today's price holds.
  if (mac === null) return outcome;
  const { invitation } = outcome.problem;
  const challenge = withExtension(invitation.challenge, PRICE_QUOTE, priceQuote({ ...quote, mac }));
  return { ...outcome, problem: { ...outcome.problem, invitation: { ...invitation, challenge } } };
}

const sign = ({ sign: seal }: Seal, { price, expires, call }: Quote): Promise<string | null> =>
  seal(`quote:${JSON.stringify([price, expires, call])}`);

/**
 * What stands against a payment because of its quote. One that is over does no harm where the price is still the same.
 *
 * @param isHeld whether the quote is what the payment is held to
 */
export function objectionTo(echo: Echo, price: string, isHeld: boolean): string | null {
  if (echo.kind === "refused") return echo.code;
  if (echo.kind !== "quoted" || isHeld || (echo.isOver && echo.quote.price === price)) return null;
  return echo.isOver ? "price_quote_expired" : "price_quote_mismatch";
}

/** HEAD is priced like GET. */
export const pricedMethod = ({ method }: Request): string => (method === "HEAD" ? "GET" : method);

/** What a quote is for. @param said all that the price followed */
export function calledBy({ request, target }: Call, ...said: readonly (string | number | null)[]): Promise<string> {
  return digestOf(JSON.stringify([pricedMethod(request), target.host, target.path, ...said]));
}

/** Whatever is asked for now holds for as long as a payment of it. */
export const quoteOf = ({ nowMs }: Gate, { offer }: PaidAccess, called: string): Quote => ({
  price: offer.price,
  expires: Math.floor(nowMs() / 1000) + offer.maxTimeoutSeconds,
  call: called,
});
