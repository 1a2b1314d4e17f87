// Tries mutants on simulated worlds, in the scratch copy. A process of its own, because a mutant may never come back:
// it says which one it begins, and what became of it.

import { TRANSITIONS } from "../simulation/report.ts";
import { type Run, runSeed } from "../simulation/run.ts";
import { Tally } from "../simulation/tally.ts";

/** What Stryker's switches look at. */
interface Switches {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

export interface Task {
  /** Null to have none active, and to be told which ones the worlds meet. */
  readonly ids: readonly string[] | null;
  readonly from: number;
  readonly to: number;
}

export type Word =
  | { readonly kind: "begun"; readonly id: string }
  | { readonly kind: "ended"; readonly id: string; readonly by: string | null }
  | { readonly kind: "met"; readonly loading: readonly string[]; readonly running: readonly string[] };

/** What happens so often in so many worlds does not just happen to be missing. */
const OFTEN = 20;

const switches: Switches = ((globalThis as { __stryker__?: Switches }).__stryker__ ??= {});
const say = (word: Word): void => void process.send?.(word);

async function runWorlds({ from, to }: Task): Promise<{ failure: Extract<Run, { ok: false }> | null; tally: Tally }> {
  const tally = new Tally();
  for (let seed = from; seed < to; seed++) {
    const run = await runSeed(seed, tally);
    if (!run.ok) return { failure: run, tally };
  }
  return { failure: null, tally };
}

async function meet(task: Task): Promise<void> {
  const loading = Object.keys(switches.mutantCoverage?.static ?? {});
  switches.currentTestId = "worlds";
  const { failure } = await runWorlds(task);
  if (failure) throw new Error(failure.story);
  say({ kind: "met", loading, running: Object.keys(switches.mutantCoverage?.perTest["worlds"] ?? {}) });
}

async function tryAll(ids: readonly string[], task: Task): Promise<void> {
  const loadedWith = switches.activeMutant;
  const usual = ids.length > 1 ? await usually(task) : [];
  for (const id of ids) {
    say({ kind: "begun", id });
    switches.activeMutant = loadedWith ?? id;
    const { failure, tally } = await runWorlds(task);
    const quiet = failure ? undefined : usual.find((name) => tally.of("transition", name) === 0);
    say({ kind: "ended", id, by: failure?.kind ?? (quiet === undefined ? null : `never happens: ${quiet}`) });
    switches.activeMutant = loadedWith;
  }
}

async function usually(task: Task): Promise<readonly string[]> {
  const { tally } = await runWorlds(task);
  return TRANSITIONS.filter((name) => tally.of("transition", name) >= OFTEN);
}

process.once("message", async (task: Task) => {
  await (task.ids === null ? meet(task) : tryAll(task.ids, task));
  process.disconnect?.();
});
