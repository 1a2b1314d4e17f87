// What a use costs: a fixed part and rates for what was used, added up exactly and rounded up once, to the token's
// atomic unit. Pure.

import { type Decimal, decimalText, parseDecimal, plus, roundUp, times } from "./decimal.ts";

/** Where a use is read. */
export type Source =
  /** A member of the JSON answer, or of the last event of a stream that has it: the first of these paths that is there. */
  | { readonly kind: "answer"; readonly paths: readonly (readonly string[])[] }
  | { readonly kind: "header"; readonly name: string }
  /** Of the body, as it is sent. */
  | { readonly kind: "bytes" }
  /** From asking the upstream to the end of its answer, in thousandths. */
  | { readonly kind: "seconds" };

export interface Rate {
  /** As the table writes it, for people. */
  readonly title: string;
  readonly source: Source;
  /** Dollars for each unit: every `per` is a power of ten, so that this is exact. */
  readonly dollars: Decimal;
  /** Whether an answer that could be read without it has used none of it; otherwise its use is missing. */
  readonly isOptional: boolean;
}

export interface Meter {
  readonly rates: readonly Rate[];
  /** Dollars for each call. */
  readonly fixed: Decimal;
  /** Dollars that a call costs at least. */
  readonly min: Decimal;
  /** Whether requests for a stream are made to ask for its use. */
  readonly includeUsage: boolean;
  /** Whether a stream of events ends with its receipt, as a comment. */
  readonly receiptComment: boolean;
  /** What a call costs whose use cannot be read, by why that is. */
  readonly onMissingUsage: { readonly [reason in MissingReason]: MissingPrice };
}

/** `left`: its buyer was gone, or cut off, before it was known, and not for the API's silence. */
export type MissingReason = "left" | "otherwise";
export type MissingPrice = "minimum" | "maximum" | "nothing";

/** What the payer authorized. */
export interface Authorized {
  /** Atomic units: no more is charged. */
  readonly max: bigint;
  /** Of the token. */
  readonly decimals: number;
}

/** What was used, one for each rate; null where it could not be read. */
export type Usage = readonly (Decimal | null)[];

export interface Charge {
  /** Atomic units, from the least that a call costs to what was authorized; none where the table waives it. */
  readonly amount: bigint;
  /** Whether nobody can say what was used. */
  readonly isMissing: boolean;
  /** How it came to be, for the books. */
  readonly calculation: string;
}

/** @param hasLeft whether its buyer was gone, or cut off, before the answer's end, and not for the API's silence */
export function chargeFor(meter: Meter, usage: Usage, authorized: Authorized, hasLeft = false): Charge {
  const missing = meter.rates.filter((_, i) => !usage[i]).map(({ title }) => title);
  if (missing.length > 0) {
    const reason = hasLeft ? "left" : "otherwise";
    const amount = chargeForMissing(meter, authorized, reason);
    const why = hasLeft ? "missing, its buyer left" : "missing";
    return { amount, isMissing: true, calculation: `${missing.join(", ")} ${why}: ${meter.onMissingUsage[reason]}` };
  }
  const used = usage as readonly Decimal[];
  const total = meter.rates.reduce((sum, { dollars }, i) => plus(sum, times(dollars, used[i] as Decimal)), meter.fixed);
  const parts = meter.rates.map(({ title }, i) => `${decimalText(used[i] as Decimal)} ${title}`);
  const fixed = meter.fixed.digits > 0n ? [`$${decimalText(meter.fixed)}`] : [];
  const calculation = `${[...fixed, ...parts].join(" + ")} = $${decimalText(total)}`;
  const least = leastOf(meter, authorized);
  const amount = larger(least, smaller(roundUp(total, authorized.decimals), authorized.max));
  return { amount, isMissing: false, calculation };
}

/** What a call costs whose use nobody can say. */
export function chargeForMissing(meter: Meter, authorized: Authorized, reason: MissingReason): bigint {
  switch (meter.onMissingUsage[reason]) {
    case "minimum":
      return leastOf(meter, authorized);
    case "maximum":
      return authorized.max;
    case "nothing":
      return 0n;
  }
}

/** The fixed part costs every call, whatever it used. */
const leastOf = ({ min, fixed }: Meter, { max, decimals }: Authorized): bigint =>
  smaller(larger(roundUp(min, decimals), roundUp(fixed, decimals)), max);

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

const MULTIPLES: { readonly [letter: string]: number } = { "": 0, K: 3, M: 6, B: 9 };

/**
 * @param usd dollars without a sign, such as `0.15`
 * @param per `1`, `1K`, `1M` or `1B`; ten and a hundred of each
 * @returns dollars for one; null for what is no such rate
 */
export function rateOf(usd: string, per: string): Decimal | null {
  const dollars = parseDecimal(usd);
  const [, power, letter = ""] = /^1(0{0,2})([KMB]?)$/.exec(per) ?? [];
  if (dollars === null || power === undefined) return null;
  return { digits: dollars.digits, scale: dollars.scale + power.length + (MULTIPLES[letter] as number) };
}
