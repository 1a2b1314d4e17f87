// What was probably meant by a word that is not known: one that differs from it by a slip or two.

/** Shorter words have no room for a slip: another one of three letters is another word. */
const LETTERS_PER_SLIP = 4;
/** The beginning of a longer word, such as that of one with its unit behind. */
const BEGINNING_MIN = 4;

/** Null where none of them is near. */
export function nearest(written: string, words: readonly string[]): string | null {
  const from = folded(written);
  const slips = words
    .map((word) => ({ word, folded: folded(word) }))
    .filter(({ folded: to }) => Math.abs(to.length - from.length) <= to.length / LETTERS_PER_SLIP)
    .map(({ word, folded: to }) => ({ word, count: slipsBetween(from, to), most: Math.max(from.length, to.length) }))
    .filter(({ count, most }) => count <= most / LETTERS_PER_SLIP)
    .sort((a, b) => a.count - b.count);
  const longer = words.filter((word) => folded(word).startsWith(from));
  return slips[0]?.word ?? (from.length >= BEGINNING_MIN && longer.length === 1 ? (longer[0] as string) : null);
}

/** Letter case and what stands between words are never what tells two of them apart. */
const folded = (word: string): string => word.toLowerCase().replaceAll(/[-_ ]/g, "");

/** Letters that are missing, too much, another one, or swapped with the next (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const other = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(other, at(i - 1, j) + 1, at(i, j - 1) + 1, isSwap ? at(i - 2, j - 2) + 1 : other));
    }
  }
  return at(a.length, b.length);
}
