// Before a test file of the scratch copy is loaded: switches the mutant on that the run is about. Behind every test:
// which mutants the file has met so far.

import { afterEach, inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Null to have none active, and to be told which ones a test meets. */
    readonly mutant: string | null;
  }
  interface TaskMeta {
    mutants?: readonly string[];
  }
}

interface Switches {
  activeMutant?: string | undefined;
  mutantCoverage?: { static: Record<string, number> };
}

const switches: Switches = ((globalThis as { __stryker__?: Switches }).__stryker__ ??= {});
const mutant = inject("mutant");
switches.activeMutant = mutant ?? undefined;

afterEach(({ task }) => {
  if (mutant === null) task.meta.mutants = Object.keys(switches.mutantCoverage?.static ?? {});
});
