// What happened, in order: hashed, so that two runs can be compared, and the last of it kept for who has to understand
// a failure.

import { createHash } from "node:crypto";

const KEPT = 80;

export class Trace {
  readonly #hash = createHash("sha256");
  readonly #last: string[] = [];
  readonly #write: ((line: string) => void) | null;

  constructor(write: ((line: string) => void) | null = null) {
    this.#write = write;
  }

  add(ms: number, who: string, what: string): void {
    const line = `${(ms / 1000).toFixed(3)} ${who}: ${what}`;
    this.#hash.update(line);
    this.#write?.(line);
    this.#last.push(line);
    if (this.#last.length > 2 * KEPT) this.#last.splice(0, KEPT);
  }

  last(): readonly string[] {
    return this.#last.slice(-KEPT);
  }

  digest(): string {
    return this.#hash.copy().digest("hex");
  }
}
