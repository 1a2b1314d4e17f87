// Time, and who acts in it. Every step is one event of the queue with all that follows from it at once; between two
// steps nothing runs, so the same seed takes the same steps.

import { Faults } from "./faults.ts";
import { acting, actor, Process, Violation } from "./process.ts";
import { Queue } from "./queue.ts";
import { Random } from "./random.ts";
import type { Tally } from "./tally.ts";
import type { Trace } from "./trace.ts";

/** Runs everything that waits for no event, at once. Works only where no promise's reaction is on the stack. */
const drain = (process as unknown as { _tickCallback: () => void })._tickCallback;

/** 2027-01-15, 08:00 UTC. */
export const START_MS = 1_800_000_000_000;

/** How a message and its answer travel. */
export interface Way {
  readonly thereMs: number;
  readonly backMs: number;
  readonly lost: "request" | "reply" | null;
}

export class World {
  nowMs = START_MS;
  steps = 0;
  readonly random: Random;
  readonly tally: Tally;
  readonly trace: Trace;
  readonly faults: Faults;
  /** Looks at the world after every step. */
  afterStep: () => void = () => undefined;
  readonly system = new Process("system");
  readonly #queue = new Queue();
  #ids = 0;

  constructor(seed: number, trace: Trace, tally: Tally) {
    this.random = new Random(seed);
    this.trace = trace;
    this.tally = tally;
    this.faults = new Faults(this.random, tally, (fault) => this.say("fault", fault));
  }

  say(who: string, what: string): void {
    this.trace.add(this.nowMs - START_MS, who, what);
  }

  newId(kind: string): string {
    return `${kind}-${++this.#ids}`;
  }

  /** @returns how to call it off */
  after(ms: number, process: Process, label: string, run: () => void): () => void {
    const event = { atMs: this.nowMs + Math.max(0, ms), process, label, run, isOff: false };
    this.#queue.push(event);
    return () => {
      event.isOff = true;
    };
  }

  /** For whoever acts now. */
  pause(ms: number, label = "wakes"): Promise<void> {
    return new Promise((resolve) => this.after(ms, actor(), label, resolve));
  }

  /** Starts something that waits; its failure is a failure of the world. */
  start(process: Process, work: () => Promise<unknown>): void {
    acting.run(process, () => void work().catch((error) => this.fail(error)));
  }

  /** Where the code under test would catch what is thrown. */
  check(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.fail(error);
    }
  }

  failure: unknown = null;
  fail(error: unknown): void {
    this.failure ??= error;
  }

  /** A message to another process, and its answer. Who dies before answering is a lost answer. */
  ask<T>(label: string, server: () => Process, { thereMs, backMs, lost }: Way, work: () => T | Promise<T>): Promise<T> {
    const caller = actor();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // A stream may still move what is dead; nothing of it is heard.
    if (caller.isDead) return promise;
    const back = (end: () => void): void => void this.after(backMs, caller, `${label} is answered`, end);
    const breakOff = (): void => back(() => reject(new Error(`${label}: the connection was lost`)));
    if (lost === "request") breakOff();
    else {
      this.after(thereMs, this.system, label, () => {
        const process = server();
        process.atDeath(breakOff);
        const done = (value: T): void => (lost === "reply" ? breakOff() : back(() => resolve(value)));
        const failed = (error: unknown): void => {
          if (error instanceof Violation) this.fail(error);
          back(() => reject(error));
        };
        acting.run(process, () => void answer(work).then(done, failed));
      });
    }
    return promise;
  }

  /** @returns false where nothing is to come any more */
  step(): boolean {
    const event = this.#queue.pop();
    if (!event) return false;
    if (event.isOff || event.process.isDead) return true;
    this.nowMs = Math.max(this.nowMs, event.atMs);
    this.steps++;
    if (event.process.resume()) {
      this.say(event.process.name, event.label);
      acting.run(event.process, event.run);
    } else this.say(event.process.name, `dies where it ${event.label}`);
    drain();
    this.afterStep();
    if (this.failure !== null) throw this.failure;
    return true;
  }
}

async function answer<T>(work: () => T | Promise<T>): Promise<T> {
  return work();
}
