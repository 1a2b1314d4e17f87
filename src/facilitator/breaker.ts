// Whether a facilitator is asked: a circuit breaker of each question (half-open after a pause), in the memory of an
// isolate. One that has not answered it a few times in a row rests, so that nobody waits for it, and nothing is begun
// that it verifies and does not settle; after a pause one question goes through to see, and the pauses get longer.

/** In a row. */
const FAILURES_MAX = 3;
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 30_000;
/** Isolates that failed together shall not all come back together: a pause is up to so much longer. */
const JITTER = 0.5;

/** From the best to the worst. One that is failing is there and asked on, though what it says is no answer. */
const STATES = ["closed", "failing", "half_open", "open"] as const;

export interface Health {
  readonly state: (typeof STATES)[number];
  /** Questions without an answer, since the last one with one. */
  readonly failures: number;
  /** What became of the last one, where that had none. */
  readonly why?: string;
}

/** Of one that is let through: after a pause it is the one look, and nobody else can give that back. */
export type Look = symbol;

/** What who asks wants to know of two questions, of which only the first is one that anybody can ask. */
export interface Admission extends Pick<Breaker, "health" | "isAsked" | "admits" | "leaves"> {
  /** The same for who may come to ask the second one: of those that wait for it, the one look goes to one alone. */
  readonly begins: () => Look | null;
}

export class Breaker {
  readonly #nowMs: () => number;
  readonly #random: () => number;
  /** In a row, of those that let it rest. */
  #silences = 0;
  #failures = 0;
  #why: string | null = null;
  /** Nobody asks before that. */
  #untilMs = 0;
  /** Of one that was let through after a pause, and of which nothing has become yet. */
  #look: Look | null = null;

  /** @param random from 0 up to 1 */
  constructor(nowMs: () => number, random: () => number) {
    this.#nowMs = nowMs;
    this.#random = random;
  }

  health(): Health {
    return { state: this.#state(), failures: this.#failures, ...(this.#why !== null && { why: this.#why }) };
  }

  #state(): Health["state"] {
    if (this.#silences >= FAILURES_MAX) return this.#nowMs() < this.#untilMs ? "open" : "half_open";
    return this.#failures < FAILURES_MAX ? "closed" : "failing";
  }

  /** Whether whoever would ask now is let through. */
  isAsked(): boolean {
    return this.#state() !== "open";
  }

  /**
   * The same for who asks at once: of those who come after a pause one is let through, and the others after the next. Null
   * for who is not.
   *
   * @param isTelling false where its silence would say nothing: it does not use up the one look, and waits for nobody's
   */
  admits(isTelling = true): Look | null {
    const state = this.#state();
    if (state === "open") return null;
    const look = Symbol();
    if (isTelling && state === "half_open") {
      this.#look = look;
      this.#pause();
    }
    return look;
  }

  /** Whoever was let through is through. Where nothing has become of the one look, another one may see. */
  leaves(look: Look): void {
    if (this.#look !== look) return;
    this.#look = null;
    this.#untilMs = this.#nowMs();
  }

  answered(): void {
    this.#silences = 0;
    this.#failures = 0;
    this.#why = null;
    this.#look = null;
  }

  /** It is there, and what it says is no answer: it is asked on. */
  babbled(why: string): void {
    this.#silences = 0;
    this.#failures += 1;
    this.#why = why;
    this.#look = null;
  }

  /** It is there for nothing, and that is nobody's reason to rest: nor one to come back. */
  troubled(why: string): void {
    this.#failures += 1;
    this.#why = why;
  }

  failed(why: string): void {
    // Many who had asked already are one silence, and no reason to rest for longer.
    if (!this.isAsked() && this.#look === null) return;
    this.#look = null;
    this.#silences += 1;
    this.#failures += 1;
    this.#why = why;
    if (this.#silences >= FAILURES_MAX) this.#pause();
  }

  #pause(): void {
    const pauseMs = Math.min(PAUSE_MS * 2 ** (this.#silences - FAILURES_MAX), PAUSE_MS_MAX);
    this.#untilMs = this.#nowMs() + pauseMs * (1 + JITTER * this.#random());
  }
}

/**
 * Of two questions that a payment comes to one after the other. Only the first is one that anybody can ask: who gets no
 * further than that does not use up the one look at the second.
 */
export const inTurn = (first: Breaker, second: Breaker): Admission => ({
  health() {
    const [one, other] = [first.health(), second.health()];
    const worse = STATES.indexOf(one.state) - STATES.indexOf(other.state) || one.failures - other.failures;
    return worse > 0 ? one : other;
  },
  isAsked: () => first.isAsked() && second.isAsked(),
  admits: (isTelling) => (second.isAsked() ? first.admits(isTelling) : null),
  begins: () => second.admits(),
  leaves(look) {
    first.leaves(look);
    second.leaves(look);
  },
});
