// All chance of a simulated world comes from one stream of numbers, so that a seed is a world.

export class Random {
  /** Nothing takes longer than usual any more. */
  isCalm = false;
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995;
  }

  /** In [0, 1): mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** Both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** Mostly short, sometimes long: as networks and people are. */
  delayMs(usualMs: number, mostMs: number): number {
    const share = this.next();
    return Math.round(
      share < 0.9 || this.isCalm ? usualMs * (0.2 + share) : usualMs + (mostMs - usualMs) * this.next() ** 2,
    );
  }

  pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.next() * list.length)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  }
}
