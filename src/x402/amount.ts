// Dollars to atomic units in exact decimal arithmetic: no number is ever a float here.

import { err, ok, type Result } from "../std/index.ts";

export type AmountFlaw = "not_dollars" | "zero" | "too_precise" | "too_large";

/** Wide enough for any price, narrow enough for uint256. */
const DIGITS_MAX = 30;

/**
 * @param text dollars such as `$0.001` or `$2`
 * @param decimals of the token that is taken for a dollar
 * @returns atomic units: `$2.01` at 6 decimals is 2010000n
 */
export function parseDollars(text: string, decimals: number): Result<bigint, AmountFlaw> {
  if (!/^\$\d+(\.\d+)?$/.test(text)) return err("not_dollars");
  const [whole, fraction = ""] = text.slice(1).split(".") as [string, string?];
  if (whole.length > DIGITS_MAX) return err("too_large");
  // Zeros beyond the token's precision change nothing; any other digit there cannot be paid.
  if (/[1-9]/.test(fraction.slice(decimals))) return err("too_precise");
  const amount = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0"));
  return amount === 0n ? err("zero") : ok(amount);
}
