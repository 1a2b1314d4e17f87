// One line for people about one payment, from the line of JSON that the Worker writes to its console.

import { formatUnits } from "viem";

/** What the Worker logs of a request, as far as it is about money. */
export interface PaymentEvent {
  event: "request";
  /** "settled", or how else it ended; then `reason` says why. */
  outcome: string;
  reason?: string;
  method?: string;
  path?: string;
  status?: number;
  /** What was charged, or was to be. Atomic units. */
  amount?: string;
  /** In its place, of what follows use, the most that could be charged. */
  max?: string;
  payer?: string;
  transaction?: string;
  /** What would have been charged on a route that only observes, for each way to pay. */
  observed?: Pick<PaymentEvent, "amount" | "max">[];
  durationMs?: number;
}

/** Stablecoins of the tables have six decimals, and so has the local one. */
const decimals = 6;

/** Undefined for what is no line about a request. */
export function parseRequestLine(text: string): PaymentEvent | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const event = JSON.parse(text);
    return event?.event === "request" && typeof event.outcome === "string" ? event : undefined;
  } catch {
    return undefined;
  }
}

/** Whether there is money in it, or a price that was only observed. */
export const isPayment = ({ amount, max, observed }: PaymentEvent): boolean =>
  [amount, max, observed].some((told) => told !== undefined);

export function formatPayment(payment: PaymentEvent, at: Date): string {
  const { observed } = payment;
  const outcome = observed === undefined ? payment.outcome : `observed, ${payment.outcome}`;
  const columns = [
    at.toTimeString().slice(0, 8),
    formatMoney(observed?.[0] ?? payment).padStart("up to $0.050000".length),
    String(payment.status ?? "").padStart(3),
    (payment.durationMs === undefined ? "" : `${payment.durationMs} ms`).padStart(8),
    `${payment.method ?? ""} ${payment.path ?? ""}`.padEnd(28),
    shorten(payment.payer).padEnd(11),
    [outcome, shorten(payment.transaction), payment.reason].filter(Boolean).join(" "),
  ];
  return printable(columns.join("  ").trimEnd());
}

const formatMoney = ({ amount, max }: Pick<PaymentEvent, "amount" | "max">): string =>
  [max && "up to", formatDollars(max ?? amount)].filter(Boolean).join(" ");

/** Exact, always with six decimals so that a column of them lines up; empty for what is no amount. */
export function formatDollars(amount: string | undefined): string {
  if (!/^\d{1,78}$/.test(amount ?? "")) return "";
  const [whole, fraction = ""] = formatUnits(BigInt(amount ?? 0), decimals).split(".");
  return `$${whole}.${fraction.padEnd(decimals, "0")}`;
}

export function shorten(hex: string | undefined): string {
  if (hex === undefined || hex.length <= 14) return hex ?? "";
  return `${hex.slice(0, 6)}…${hex.slice(-4)}`;
}

/** Paths come from clients: a control character in one must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
