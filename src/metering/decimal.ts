// Numbers of an answer and of a table, exactly: no use and no price is ever a float here.

/** `digits / 10 ** scale`, never below zero. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const PLAIN = /^(\d{1,30})(?:\.(\d{1,30}))?$/;
/** As JavaScript writes what is very small or very large. */
const SCIENTIFIC = /^(\d)(?:\.(\d+))?e([+-]\d{1,3})$/;

/** Null for what is no such number. */
export function parseDecimal(text: string): Decimal | null {
  const [, whole, fraction = ""] = PLAIN.exec(text) ?? [];
  return whole === undefined ? null : { digits: BigInt(whole + fraction), scale: fraction.length };
}

/**
 * A number as it stands in JSON or in a header. Null for what is none, what is below zero, and for a whole number that
 * JSON.parse may have rounded (RFC 8259 section 6).
 */
export function readDecimal(value: unknown): Decimal | null {
  if (typeof value === "string") return parseDecimal(value.trim());
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return null;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return null;
  const text = String(value);
  return parseDecimal(text) ?? parseScientific(text);
}

function parseScientific(text: string): Decimal | null {
  const [, whole = "", fraction = "", exponent = ""] = SCIENTIFIC.exec(text) ?? [];
  // Only what is below a millionth is written so: whole numbers were read before.
  return whole === "" ? null : { digits: BigInt(whole + fraction), scale: fraction.length - Number(exponent) };
}

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
