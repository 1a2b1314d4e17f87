// What is told of a request when it is over: one line, filled in as the story goes.

import type { Offer } from "../config/index.ts";
import type { Outcome } from "../outcome/index.ts";
import type { Target } from "../route/index.ts";
import type { SignedPayment } from "../schemes/index.ts";

/** The steps that take time of somebody else's; on the platform a clock only moves while one of them is waited for. */
export type Step = "body" | "quote" | "claim" | "verify" | "upstream" | "settle" | "confirm";

export interface Unavailable {
  /** As everybody may know it. */
  readonly name: string;
  readonly why: string;
}

export interface RequestLine {
  readonly requestId: string;
  readonly method: string;
  /** Null where the target could not be read. */
  readonly target: Target | null;
  /** The key of the route that was meant. */
  readonly route: string | null;
  readonly payment: SignedPayment | null;
  /** What would have been charged on a route that only observes. */
  readonly observed: Offer | null;
  /** Why the upstream's quote was not to be had; null where it was, or was not asked for. */
  readonly unquoted: string | null;
  /** The facilitators that verified nothing, as they were come to. */
  readonly unavailable: readonly Unavailable[];
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly steps: { readonly [S in Step]?: number };
}

export class Trace {
  target: Target | null = null;
  route: string | null = null;
  payment: SignedPayment | null = null;
  observed: Offer | null = null;
  unquoted: string | null = null;
  readonly unavailable: Unavailable[] = [];
  readonly requestId: string;
  readonly #nowMs: () => number;
  readonly #startMs: number;
  readonly #steps: { [S in Step]?: number } = {};

  constructor(requestId: string, nowMs: () => number) {
    this.requestId = requestId;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  async measure<T>(step: Step, work: Promise<T>): Promise<T> {
    const startMs = this.#nowMs();
    try {
      return await work;
    } finally {
      this.#steps[step] = this.#nowMs() - startMs;
    }
  }

  line(method: string, outcome: Outcome): RequestLine {
    const { requestId, target, route, payment, observed, unquoted, unavailable } = this;
    const durationMs = this.#nowMs() - this.#startMs;
    const about = { requestId, method, target, route, payment, observed, unquoted, unavailable };
    return { ...about, outcome, durationMs, steps: this.#steps };
  }
}
