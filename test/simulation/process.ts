// Who acts in a world. A process that is killed never resumes: what it waited for comes, and nobody is there.

import { AsyncLocalStorage } from "node:async_hooks";

/** Who acts at the moment, also behind every `await`. */
export const acting = new AsyncLocalStorage<Process>();

/** Something that may die at any wait: an invocation, an object's instance. Others live as long as the world. */
export class Process {
  isDead = false;
  /** Of its own resumptions the one at which it dies. */
  diesAtStep = Number.POSITIVE_INFINITY;
  #steps = 0;
  readonly name: string;
  readonly #atDeath: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** At once where it is dead already. */
  atDeath(run: () => void): void {
    if (this.isDead) run();
    else this.#atDeath.push(run);
  }

  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    for (const run of this.#atDeath) run();
  }

  /** @returns whether it is there for one more step */
  resume(): boolean {
    if (++this.#steps >= this.diesAtStep) this.kill();
    return !this.isDead;
  }
}

export function actor(): Process {
  const process = acting.getStore();
  if (!process) throw new Error("something acts outside the simulated world");
  return process;
}

/** An invariant that does not hold. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, story: string) {
    super(story);
    this.invariant = invariant;
  }
}
