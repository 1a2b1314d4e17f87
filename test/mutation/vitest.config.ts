// The project's own tests over the scratch copy: the rooms' unit tests and the Worker's, which say after every test
// which mutants they met, and run with one of them switched on.

import { join } from "node:path";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { ROOMS, SCRATCH } from "./mutants.ts";

const { default: own } = await import(join(SCRATCH, "vitest.config.ts"));
const projects: readonly TestProjectInlineConfiguration[] = own.test.projects;

const LEFT_OUT = ["simulation", "e2e"];

function fitted(project: TestProjectInlineConfiguration): TestProjectInlineConfiguration {
  const { test = {} } = project;
  const isUnit = test.name === "unit";
  return {
    ...project,
    root: SCRATCH,
    test: {
      ...test,
      root: SCRATCH,
      setupFiles: [join(SCRATCH, "test/mutation/activate.ts"), ...[test.setupFiles ?? []].flat()],
      // A run is about one mutant, so its files may share what they load.
      ...(isUnit && {
        include: ROOMS.map((room) => `test/unit/${room}/**/*.test.ts`),
        pool: "threads",
        isolate: false,
      }),
    },
  };
}

export default defineConfig({
  root: SCRATCH,
  test: {
    root: SCRATCH,
    projects: projects.filter(({ test }) => !LEFT_OUT.includes(String(test?.name))).map(fitted),
    maxWorkers: 1,
    bail: 1,
    reporters: [],
    silent: true,
  },
});
