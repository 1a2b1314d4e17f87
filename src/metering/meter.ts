// What a use costs: a fixed part and rates for what was used, added up exactly and rounded up once, to the token's
// atomic unit. Pure.

import { type Decimal, decimalText, parseDecimal, plus, roundUp, times, ZERO } from "./decimal.ts";

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
  /** Whether an answer without it has used none of it; otherwise its use is missing. */
  readonly isOptional: boolean;
}

export interface Meter {
  readonly rates: readonly Rate[];
  /** Dollars for each call. */
  readonly fixed: Decimal;
  /** What a call costs whose use cannot be read. */
  readonly onMissingUsage: "minimum" | "maximum" | "nothing";
}

/** Of one token, in atomic units: no less and no more is charged. */
export interface Bounds {
  readonly decimals: number;
  readonly min: bigint;
  /** What the payer authorized. */
  readonly max: bigint;
}

/** What was used, one for each rate; null where it could not be read. */
export type Usage = readonly (Decimal | null)[];

export interface Charge {
  /** Atomic units. */
  readonly amount: bigint;
  /** How it came to be, for the books. */
  readonly calculation: string;
}

export function chargeFor(meter: Meter, usage: Usage, bounds: Bounds): Charge {
  const counts = meter.rates.map(({ isOptional }, i) => usage[i] ?? (isOptional ? ZERO : null));
  const missing = meter.rates.filter((_, i) => counts[i] === null).map(({ title }) => title);
  if (missing.length > 0) return chargeForMissing(meter, missing, bounds);
  const used = counts as readonly Decimal[];
  const total = meter.rates.reduce((sum, { dollars }, i) => plus(sum, times(dollars, used[i] as Decimal)), meter.fixed);
  const amount = within(roundUp(total, bounds.decimals), bounds);
  const parts = meter.rates.map(({ title }, i) => `${decimalText(used[i] as Decimal)} ${title}`);
  const fixed = meter.fixed.digits > 0n ? [`$${decimalText(meter.fixed)}`] : [];
  return { amount, calculation: `${[...fixed, ...parts].join(" + ")} = $${decimalText(total)}` };
}

const within = (amount: bigint, { min, max }: Bounds): bigint => (amount > max ? max : amount < min ? min : amount);

function chargeForMissing({ onMissingUsage: rule }: Meter, missing: readonly string[], { min, max }: Bounds): Charge {
  const amounts = { minimum: min, maximum: max, nothing: 0n };
  return { amount: amounts[rule], calculation: `${missing.join(", ")} missing: ${rule}` };
}

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
