// Whether a facilitator is asked: a circuit breaker of each (half-open after a pause), in the memory of an isolate. One
// that has not answered the same question a few times in a row rests, so that nobody waits for it, and nothing is begun
// that it verifies and does not settle; after a pause one payment goes through to see, and the pauses get longer.

/** In a row. */
const FAILURES_MAX = 3;
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 30_000;
/** Isolates that failed together shall not all come back together: a pause is up to so much longer. */
const JITTER = 0.5;

export interface Health {
  readonly state: "closed" | "open" | "half_open";
  /** How often a question had no answer, since it last had one; of the one that had none most often. */
  readonly failures: number;
}

export class Breaker {
  readonly #nowMs: () => number;
  readonly #random: () => number;
  readonly #failures = new Map<string, number>();
  /** Nobody asks before that. */
  #untilMs = 0;

  /** @param random from 0 up to 1 */
  constructor(nowMs: () => number, random: () => number) {
    this.#nowMs = nowMs;
    this.#random = random;
  }

  health(): Health {
    const failures = Math.max(0, ...this.#failures.values());
    if (failures < FAILURES_MAX) return { state: "closed", failures };
    return { state: this.#nowMs() < this.#untilMs ? "open" : "half_open", failures };
  }

  /** Whether whoever would ask now is let through. */
  isAsked(): boolean {
    return this.health().state !== "open";
  }

  /** The same for who asks at once: of those who come after a pause one is let through, and the others after the next. */
  admits(): boolean {
    const { state, failures } = this.health();
    if (state === "half_open") this.#pause(failures);
    return state !== "open";
  }

  /** @param question such as `/verify`: who answers one of them may be silent about another */
  answered(question: string): void {
    this.#failures.delete(question);
  }

  failed(question: string): void {
    const failures = (this.#failures.get(question) ?? 0) + 1;
    this.#failures.set(question, failures);
    if (failures >= FAILURES_MAX) this.#pause(failures);
  }

  #pause(failures: number): void {
    const pauseMs = Math.min(PAUSE_MS * 2 ** (failures - FAILURES_MAX), PAUSE_MS_MAX);
    this.#untilMs = this.#nowMs() + pauseMs * (1 + JITTER * this.#random());
  }
}
