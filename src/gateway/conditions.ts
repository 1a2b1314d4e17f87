// Range and If-* of a priced request (RFC 9110 sections 13 and 14). They pass only where the route says so: then a part is
// sold at the whole price, what a client has already is not charged, and a payment is bound to the part that it buys.

import type { Offer } from "../config/index.ts";
import type { Purchase } from "../ledger/index.ts";
import { CONDITIONS, type Paid } from "../upstream/index.ts";
import { isBodiless } from "./gate.ts";

const NONE: ReadonlySet<string> = new Set();

/** By these a client that has the newest already asks for nothing. */
const FRESHNESS = ["if-none-match", "if-modified-since"];
const ALL_BUT_FRESHNESS: ReadonlySet<string> = new Set([...CONDITIONS].filter((name) => !FRESHNESS.includes(name)));

/** Those that reach the upstream. */
export function conditionsOf({ ranges }: Offer, method: string, paid: Paid | null): ReadonlySet<string> {
  if (!ranges) return NONE;
  // What is paid for already is handed over, also to a client that has it. Other methods get a 412 by these, and no 304.
  return isBodiless(method) && isSettled(paid) ? ALL_BUT_FRESHNESS : CONDITIONS;
}

/** Whether the money has moved before the upstream is asked. */
export const isSettled = (paid: Paid | null): boolean => typeof paid?.transaction === "string";

/** Null for the whole, which is also what a route without parts sells. */
export function partOf({ ranges }: Offer, headers: Headers): Purchase["part"] {
  const range = ranges ? headers.get("range") : null;
  return range === null ? null : [range, headers.get("if-range")];
}

/** A part that a client did not ask for is an API's mistake (RFC 9110 section 15.3.7), and not what it pays for. */
export const isUnaskedPart = (status: number, offer: Offer, headers: Headers): boolean =>
  status === 206 && offer.ranges && partOf(offer, headers) === null;
