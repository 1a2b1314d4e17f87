// How often everything happened, over all worlds of a run.

export type Column = "fault" | "transition" | "outcome" | "call" | "world";

export class Tally {
  readonly #counts = new Map<Column, Map<string, number>>();

  count(column: Column, name: string, by = 1): void {
    const counts = this.#counts.get(column) ?? new Map<string, number>();
    this.#counts.set(column, counts);
    counts.set(name, (counts.get(name) ?? 0) + by);
  }

  of(column: Column, name: string): number {
    return this.#counts.get(column)?.get(name) ?? 0;
  }

  /** In the alphabet's order. */
  all(column: Column): readonly (readonly [name: string, count: number])[] {
    return [...(this.#counts.get(column) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
