// What a payer, and all of them together, may have open. Limits are written in dollars and count whole tokens, whatever
// a token is worth.

import type { SettleMode } from "../schemes/index.ts";
import { parseDollars } from "../x402/index.ts";
import { type Path, type Report, said } from "./mistake.ts";
import type { PricedOption } from "./price.ts";

/** Enough for anything that is priced by the call; what is dearer is let in ten times. */
const UNSETTLED_MAX = "$100";
const UNSETTLED_CALLS = 10n;
const MICRO_DECIMALS = 6;

/** Millionths of a token; zero for what is no limit, which is told. */
export function parseLimit(dollars: string, path: Path, report: Report): bigint {
  const micros = parseDollars(dollars, MICRO_DECIMALS);
  if (micros.ok) return micros.value;
  report(path, `write dollars above zero with at most ${MICRO_DECIMALS} decimals${said(dollars)}`);
  return 0n;
}

/** Millionths of a token in its atomic units, rounded down. */
export const atomicOf = (micros: bigint, decimals: number): bigint =>
  (micros * 10n ** BigInt(decimals)) / 10n ** BigInt(MICRO_DECIMALS);

/** The same, and zero, which every price is above. */
export const parseThreshold = (dollars: string, path: Path, report: Report): bigint =>
  /^\$0(\.0+)?$/.test(dollars) ? 0n : parseLimit(dollars, path, report);

/** Atomic units of a token in its millionths, rounded up. */
export const microsOf = (amount: bigint, decimals: number): bigint =>
  (amount * 10n ** BigInt(MICRO_DECIMALS) + 10n ** BigInt(decimals) - 1n) / 10n ** BigInt(decimals);

interface Words {
  readonly settle: SettleMode;
  /** The route's own, and the table's; null where it does not say. */
  readonly own: string | null;
  readonly usual: string | null;
}

/** What one payer may have open, in millionths of a token. */
export function unsettledLimit(
  { settle, own, usual }: Words,
  priced: readonly PricedOption[],
  path: Path,
  report: Report,
): bigint {
  const dearest = priced.map(({ amount, token }) => microsOf(amount, token.decimals)).reduce(larger, 0n);
  const written = own ?? usual;
  if (written === null) {
    if (settle === "async") {
      report([...path, "maxUnsettled"], 'write how much a payer may owe, such as "$1": settle is "async"');
    }
    return larger(parseLimit(UNSETTLED_MAX, [], report), dearest * UNSETTLED_CALLS);
  }
  const limit = parseLimit(written, [...(own === null ? [] : path), "maxUnsettled"], report);
  if (limit > 0n && dearest > limit) {
    report([...path, "maxUnsettled"], "nobody could buy this: write at least the price");
  }
  return limit;
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** A price that alone is more than all payers may owe would be asked upfront of everybody. */
export function checkTotal(priced: readonly PricedOption[], total: bigint, path: Path, report: Report): void {
  const isTooDear = priced.some(({ amount, token }) => microsOf(amount, token.decimals) > total);
  if (total > 0n && isTooDear) report([...path, "price"], "this is more than maxUnsettledTotal lets all payers owe");
}
