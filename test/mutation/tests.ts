// Tries mutants on the project's tests, with one Vitest for all of them: the files that meet the mutant, until one fails.

import { basename, join, relative } from "node:path";
import { createVitest, type TestSpecification, type Vitest } from "vitest/node";
import { type Mutant, SCRATCH } from "./mutants.ts";

interface Meeting {
  readonly file: TestSpecification;
  readonly durationMs: number;
  readonly mutants: ReadonlySet<string>;
}

interface Result {
  /** The test that failed; null where none did. */
  readonly failure: string | null;
  readonly mutants: ReadonlySet<string>;
}

export class Tests {
  readonly #vitest: Vitest;
  readonly #isUnit: boolean;
  readonly #meetings: Meeting[] = [];

  private constructor(vitest: Vitest, isUnit: boolean) {
    this.#vitest = vitest;
    this.#isUnit = isUnit;
  }

  /** Runs every test once without a mutant. */
  static async open(kind: "unit" | "worker"): Promise<Tests> {
    const isUnit = kind === "unit";
    const project = isUnit ? "unit" : "!unit";
    const config = join(import.meta.dirname, "vitest.config.ts");
    const tests = new Tests(await createVitest("test", { config, watch: false, project }), isUnit);
    for (const file of await tests.#vitest.globTestSpecifications()) {
      const startMs = performance.now();
      const { failure, mutants } = await tests.#run(null, [file]);
      if (failure !== null) throw new Error(`without a mutant: ${failure}`);
      tests.#meetings.push({ file, durationMs: performance.now() - startMs, mutants });
    }
    tests.#meetings.sort((a, b) => a.durationMs - b.durationMs);
    return tests;
  }

  meets({ id }: Mutant): boolean {
    return this.#meetings.some(({ mutants }) => mutants.has(id));
  }

  /** The test that fails with it; null where none does. */
  async try(mutant: Mutant): Promise<string | null> {
    for (const files of this.#batches(mutant)) {
      const { failure } = await this.#run(mutant.id, files);
      if (failure !== null) return failure;
    }
    return null;
  }

  close(): Promise<void> {
    return this.#vitest.close();
  }

  /** The Worker takes so long to start that its tests are tried file by file; of unit tests, first those of the file. */
  #batches({ id, file }: Mutant): readonly (readonly TestSpecification[])[] {
    const files = this.#meetings.filter(({ mutants }) => mutants.has(id)).map((meeting) => meeting.file);
    if (!this.#isUnit) return files.map((one) => [one]);
    const name = basename(file, ".ts");
    const isOwn = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(`/${name}.test.ts`);
    return [files.filter(isOwn), files.filter((one) => !isOwn(one))].filter(({ length }) => length > 0);
  }

  async #run(mutant: string | null, files: readonly TestSpecification[]): Promise<Result> {
    const vitest = this.#vitest;
    for (const project of vitest.projects) project.provide("mutant", mutant);
    vitest.state.filesMap.clear();
    vitest.state.errorsSet.clear();
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications([...files]);
    const mutants = new Set<string>();
    const failures: string[] = [];
    for (const module of testModules) {
      const name = `${module.project.name} ${relative(SCRATCH, module.moduleId)}`;
      for (const test of module.children.allTests()) {
        if (test.result().state === "failed") failures.push(`${name}: ${test.fullName}`);
        for (const id of test.meta().mutants ?? []) mutants.add(id);
      }
      if (module.state() === "failed") failures.push(`${name}: ${module.errors()[0]?.message ?? "fails"}`);
    }
    if (unhandledErrors.length > 0) failures.push(`an error that nobody caught: ${String(unhandledErrors[0])}`);
    return { failure: failures[0] ?? null, mutants };
  }
}
