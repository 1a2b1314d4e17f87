// Numbers of an answer and of a table, exactly: no use and no price is ever a float here.

/** `digits / 10 ** scale`, never below zero. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** RFC 8259 section 6. */
const NUMBER = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,9}))?$/;
const WHOLE_DIGITS_MAX = 30;
/** More than the least number has that JavaScript writes. */
const SCALE_MAX = 400;

/** A number as JSON writes it, to its last digit. Null for what is below zero, or has more digits than any use. */
export function readNumber(text: string): Decimal | null {
  const [, minus, whole = "", fraction = "", exponent = "0"] = NUMBER.exec(text) ?? [];
  if (whole === "") return null;
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return ZERO;
  const scale = fraction.length - Number(exponent);
  const isOutOfBounds = scale > SCALE_MAX || digits.toString().length - scale > WHOLE_DIGITS_MAX;
  if (minus === "-" || isOutOfBounds) return null;
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale };
}

/** A number without sign and exponent. Null for what is none. */
export const parseDecimal = (text: string): Decimal | null => (/^[\d.]+$/.test(text) ? readNumber(text) : null);

/** Such a number in a text, with space around it. Null for what is none. */
export const readText = (text: string): Decimal | null => parseDecimal(text.trim());

/** As people write it. */
export function decimalText({ digits, scale }: Decimal): string {
  if (scale === 0) return digits.toString();
  if (digits % 10n === 0n) return decimalText({ digits: digits / 10n, scale: scale - 1 });
  const text = digits.toString().padStart(scale + 1, "0");
  return `${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

export const plus = (a: Decimal, b: Decimal): Decimal => {
  const scale = Math.max(a.scale, b.scale);
  return { digits: a.digits * 10n ** BigInt(scale - a.scale) + b.digits * 10n ** BigInt(scale - b.scale), scale };
};

export const times = (a: Decimal, b: Decimal): Decimal => ({
  digits: a.digits * b.digits,
  scale: a.scale + b.scale,
});

export const ZERO: Decimal = { digits: 0n, scale: 0 };

/** The smallest whole number of `10 ** -decimals` that is not less. */
export function roundUp({ digits, scale }: Decimal, decimals: number): bigint {
  const shift = decimals - scale;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const unit = 10n ** BigInt(-shift);
  return (digits + unit - 1n) / unit;
}
