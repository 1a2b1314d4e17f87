// The time that a settlement has. What is asked of others goes on when it is over; nobody waits for it any more.

export interface Deadline {
  readonly isOver: () => boolean;
  /** Null where the time is over first. */
  readonly before: <T>(promise: Promise<T>) => Promise<T | null>;
  readonly pause: (ms: number) => Promise<void>;
}

export function buildDeadline(timeoutMs: number): Deadline {
  const signal = AbortSignal.timeout(timeoutMs);
  const over = new Promise<null>((resolve) => {
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  const before: Deadline["before"] = (promise) => Promise.race([promise, over]);
  return {
    isOver: () => signal.aborted,
    before,
    async pause(ms) {
      await before(new Promise((resolve) => setTimeout(resolve, ms)));
    },
  };
}
