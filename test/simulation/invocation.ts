// One invocation of the Worker: it lives while its client is there, and behind the answer for what `waitUntil` holds,
// 30 seconds at most. Then, or at any wait before, it is gone.

import { Process } from "./process.ts";
import type { World } from "./world.ts";

const BEHIND_MS = 30_000;
/** Nothing that an invocation does takes more resumptions. */
const STEPS_MAX = 24;

export class Invocation extends Process {
  /** What the ledger granted it: one execution. */
  execution: { readonly id: string; readonly kind: "first" | "redelivery" } | null = null;
  /** Whose goods it hands over. */
  goodsOf: string | null = null;
  /** Whether it called a facilitator's `/settle`, for which payment. */
  settled: string | null = null;
  /** Which payment a facilitator told it is good. */
  verified: string | null = null;
  readonly startedMs: number;
  #pending = 0;
  #isAlone = false;
  readonly #world: World;

  constructor(world: World, kind: string) {
    super(world.newId(kind));
    this.#world = world;
    this.startedMs = world.nowMs;
    if (world.faults.strikes("invocation killed")) this.diesAtStep = world.random.int(1, STEPS_MAX);
  }

  hold(promise: Promise<unknown>): void {
    this.#pending++;
    const release = (): void => {
      this.#pending--;
      if (this.#isAlone && this.#pending === 0) this.kill();
    };
    promise.then(release, (error: unknown) => {
      this.#world.fail(error);
      release();
    });
  }

  /** Its client has the answer, or has left. */
  leave(): void {
    if (this.#isAlone) return;
    this.#isAlone = true;
    if (this.#pending === 0) this.kill();
    else this.#world.after(BEHIND_MS, this.#world.system, `${this.name} is out of time`, () => this.kill());
  }
}
