// A seed's run, from a place where the world can be driven: between the process's own events.

import { Violation } from "./process.ts";
import { Simulation } from "./simulate.ts";
import type { Tally } from "./tally.ts";
import { Trace } from "./trace.ts";

export type Run =
  | { readonly ok: true; readonly digest: string }
  /** The story is for a reader: what was violated, how it came to it, how to see it again. */
  | { readonly ok: false; readonly kind: string; readonly story: string };

export function runSeed(seed: number, tally: Tally, write: ((line: string) => void) | null = null): Promise<Run> {
  return new Promise((resolve) => {
    setImmediate(() => {
      const trace = new Trace(write);
      try {
        new Simulation(seed, trace, tally).run();
        resolve({ ok: true, digest: trace.digest() });
      } catch (error) {
        resolve({ ok: false, ...told(seed, trace, error) });
      }
    });
  });
}

function told(seed: number, trace: Trace, error: unknown): { kind: string; story: string } {
  const isViolation = error instanceof Violation;
  const invariant = isViolation ? error.invariant : "none: the code under test threw";
  const what = isViolation ? error.message : String((error as Error)?.stack ?? error);
  const story = [
    ...trace.last(),
    `Seed ${seed} violates invariant ${invariant}: ${what}`,
    `Again: npm run simulate -- --seed ${seed} --trace`,
  ].join("\n");
  return { kind: `${invariant}: ${what.split("\n")[0]?.replace(/\b[a-z]+-\d+|\b[0-9a-f]{6}\b/g, "…")}`, story };
}
