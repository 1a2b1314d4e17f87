// What was measured, and whether it may be so.

export const MEBIBYTE = 1024 * 1024;

/** The peak may grow by so much, whatever the bodies grow by: what a collector of garbage has not got to yet. */
export const GROWTH_BYTES_MAX = 32 * MEBIBYTE;

export interface Run {
  readonly bytes: number;
  readonly peakBytes: number;
  /** What the writer had got rid of when its reader stopped; null where the reader went on. */
  readonly heldBytes: number | null;
  readonly ms: number;
  /** Why the exchange was not what it was to be. */
  readonly flaw: string | null;
}

export interface Figures {
  readonly name: string;
  readonly small: Run;
  readonly large: Run;
}

/** Null where the gate holds no more of a large body than of a small one. */
export function flawOf({ name, small, large }: Figures): string | null {
  for (const { flaw, bytes, heldBytes } of [small, large]) {
    if (flaw !== null) return `${name}, ${mebibytes(bytes)} MiB: ${flaw}`;
    if (heldBytes === bytes) return `${name}: all of ${mebibytes(bytes)} MiB was taken for a reader that had stopped`;
  }
  const growth = large.peakBytes - small.peakBytes;
  return growth > GROWTH_BYTES_MAX ? `${name}: the peak grew by ${mebibytes(growth)} MiB` : null;
}

const WIDTHS = [50, 6, 8, 8, 8, 12, 8];

const row = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[i] ?? 0) : cell.padStart(WIDTHS[i] ?? 0))).join(" ");

export const TITLE = row(["MiB", "body", "peak", "at 64", "growth", "taken at stop", "MiB/s"]);

export function line({ name, small, large }: Figures): string {
  const held = large.heldBytes === null ? "" : mebibytes(large.heldBytes);
  const growth = mebibytes(large.peakBytes - small.peakBytes);
  const speed = Math.round(large.bytes / MEBIBYTE / (large.ms / 1000));
  const peaks = [mebibytes(large.peakBytes), mebibytes(small.peakBytes)];
  return row([name, String(large.bytes / MEBIBYTE), ...peaks, growth, held, held === "" ? String(speed) : ""]);
}

const mebibytes = (bytes: number): string => (bytes / MEBIBYTE).toFixed(1);
