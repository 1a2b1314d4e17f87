// The entries of a computed price, and which of them a request means. What no entry names is never guessed: what is only
// like an entry's name is refused, and the rest needs an `otherwise`.

import { likeValue } from "./likeness.ts";
import { type Asked, type Flaw, readSelector, type Selector, selectorText } from "./selector.ts";

export interface PriceTable<V> {
  readonly selector: Selector;
  /** By the names that a request may say. */
  readonly entries: ReadonlyMap<string, V>;
  /** Each name, and each method that has tools of its own, as `likeValue` has it. */
  readonly alike: ReadonlySet<string>;
  /** By the most bytes that each takes, the smallest first; only of the body's length. */
  readonly steps: readonly (readonly [bytesMax: number, value: V])[];
  /** Of a request that says nothing of it; null where it is none but any other. */
  readonly missing: V | null;
  /** Of everything that no entry names; null where nothing else is sold. */
  readonly otherwise: V | null;
}

export type Choice<V> =
  | { readonly kind: "entry"; readonly value: V; readonly said: string }
  /** What a transport does of its own, or asks before any call, and nobody pays for. */
  | { readonly kind: "transport" }
  | { readonly kind: "refused"; readonly problem: Flaw | { readonly reason: "price_unknown"; readonly by: string } };

export function choose<V>(table: PriceTable<V>, asked: Asked): Choice<V> {
  const { selector, entries, steps, missing, otherwise } = table;
  const by = selectorText(selector);
  const reading = readSelector(selector, asked);
  switch (reading.kind) {
    case "flaw":
      return { kind: "refused", problem: reading.flaw };
    case "transport": {
      const entry = entries.get(reading.name);
      return entry === undefined ? reading : { kind: "entry", value: entry, said: reading.name };
    }
    case "missing":
      return chosen(missing ?? otherwise, "", by);
    case "sized": {
      const step = steps.find(([bytesMax]) => reading.bytes <= bytesMax);
      return chosen(step ? step[1] : otherwise, String(reading.bytes), by);
    }
    case "named":
      return named(table, reading.names, by);
  }
}

function named<V>(
  { entries, alike, otherwise }: PriceTable<V>,
  names: readonly [string, ...string[]],
  by: string,
): Choice<V> {
  const [said] = names;
  const name = names.find((one) => entries.has(one));
  // The nearest name alone: who calls a tool that no entry names is not asked about letters of its method.
  if (name !== said && alike.has(likeValue(said))) {
    const why = "its value is nearly one of those that have a price: write it as it is listed";
    return { kind: "refused", problem: { reason: "price_ambiguous", by, why } };
  }
  return chosen(name === undefined ? otherwise : (entries.get(name) as V), said, by);
}

const chosen = <V>(value: V | null, said: string, by: string): Choice<V> =>
  value === null ? { kind: "refused", problem: { reason: "price_unknown", by } } : { kind: "entry", value, said };
