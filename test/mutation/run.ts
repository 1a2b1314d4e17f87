// `npm run mutate -- [--in src/ledger/]... [--seeds 300]`: changes every condition of the rooms, one at a time, and names
// those changes that neither a unit test, nor a simulated world, nor a test of the Worker notices.

import { type ChildProcess, fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Mutant, ROOMS, SCRATCH, writeScratch } from "./mutants.ts";
import { Tests } from "./tests.ts";
import type { Task, Word } from "./worlds.ts";

const { values } = parseArgs({
  options: {
    in: { type: "string", multiple: true, default: ROOMS.map((room) => `src/${room}/`) },
    seeds: { type: "string", default: "300" },
    steps: { type: "string", default: "soon,unit,worlds,worker" },
  },
});

/** Most of what worlds notice they notice soon, and sooner than a unit test is loaded. */
const SOON = 6;
/** A mutant for which all worlds of a task take longer is one that never comes back. */
const SILENCE_MS = 300_000;
const SEEDS = Number(values.seeds);
const steps = values.steps.split(",");

interface Fate {
  readonly by: "worlds" | "unit" | "worker";
  readonly what: string;
}
const fates = new Map<string, Fate>();
const met = { loading: new Set<string>(), running: new Set<string>(), tests: new Set<string>() };

const told = ({ file, line, column, original, replacement }: Mutant): string =>
  `${file}:${line}:${column} \`${original}\` as \`${replacement}\``;

const startMs = performance.now();
const mutants = (await writeScratch()).filter(({ file }) => values.in.some((place) => file.startsWith(place)));
const alive = (): readonly Mutant[] => mutants.filter(({ id }) => !fates.has(id));

/** @param loadedWith a mutant that is active from the start on */
function open(loadedWith: string | null): ChildProcess {
  return fork(join(SCRATCH, "test/mutation/worlds.ts"), [], {
    env: { ...process.env, ...(loadedWith !== null && { __STRYKER_ACTIVE_MUTANT__: loadedWith }) },
    execArgv: ["--import", join(SCRATCH, "test/simulation/hooks.ts")],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}

/** Gives a task to a process of its own. */
function work(task: Task, loadedWith: string | null, hear: (word: Word) => void): Promise<"done" | "died" | "hung"> {
  return new Promise((resolve) => {
    const child = open(loadedWith);
    let isHung = false;
    const late = (): void => {
      isHung = true;
      child.kill("SIGKILL");
    };
    let timer = setTimeout(late, SILENCE_MS);
    child.on("message", (word: Word) => {
      clearTimeout(timer);
      timer = setTimeout(late, SILENCE_MS);
      hear(word);
    });
    child.on("exit", (code) => {
      clearTimeout(timer);
      resolve(isHung ? "hung" : code === 0 ? "done" : "died");
    });
    child.send(task);
  });
}

async function tryWorlds(ids: readonly string[], from: number, to: number, loadedWith: string | null): Promise<void> {
  let left = ids;
  while (left.length > 0) {
    const ended = new Set<string>();
    let begun = loadedWith;
    const end = await work({ ids: left, from, to }, loadedWith, (word) => {
      if (word.kind === "begun") begun = word.id;
      if (word.kind !== "ended") return;
      ended.add(word.id);
      if (word.by !== null) fates.set(word.id, { by: "worlds", what: word.by });
      process.stdout.write(word.by === null ? "." : "w");
    });
    if (end !== "done") {
      if (begun === null || ended.has(begun)) throw new Error(`the worlds ${end} without a mutant`);
      fates.set(begun, { by: "worlds", what: end === "hung" ? "never comes back" : "cannot be loaded" });
      ended.add(begun);
    }
    left = left.filter((id) => !ended.has(id));
  }
}

async function throughWorlds(from: number, to: number, isSoon: boolean): Promise<void> {
  const ids = alive().map(({ id }) => id);
  await tryWorlds(
    ids.filter((id) => met.running.has(id) && !met.loading.has(id)),
    from,
    to,
    null,
  );
  if (!isSoon) for (const id of ids.filter((id) => met.loading.has(id))) await tryWorlds([id], 1, to, id);
}

async function throughTests(by: "unit" | "worker"): Promise<void> {
  const tests = await Tests.open(by);
  for (const mutant of mutants) if (tests.meets(mutant)) met.tests.add(mutant.id);
  for (const mutant of alive()) {
    const what = await tests.try(mutant);
    if (what !== null) fates.set(mutant.id, { by, what });
    process.stdout.write(what === null ? `\n${told(mutant)}\n` : "t");
    write();
  }
  await tests.close();
}

function write(): void {
  const report = mutants.map((mutant) => ({ ...mutant, fate: fates.get(mutant.id) ?? null }));
  writeFileSync(join(SCRATCH, "report.json"), JSON.stringify(report, null, 1));
}

function note(step: string): void {
  write();
  console.log(`\n${Math.round((performance.now() - startMs) / 1000)} s, ${step}: ${alive().length} are alive`);
}

const end = await work({ ids: null, from: 1, to: SOON }, null, (word) => {
  if (word.kind !== "met") return;
  for (const id of word.loading) met.loading.add(id);
  for (const id of word.running) met.running.add(id);
});
if (end !== "done") throw new Error("the worlds do not hold without a mutant");
note("at first");
for (const step of steps) {
  if (step === "soon") await throughWorlds(1, SOON, true);
  if (step === "unit" || step === "worker") await throughTests(step);
  if (step === "worlds") await throughWorlds(SOON, SEEDS, false);
  note(step);
}

for (const room of ROOMS) {
  const of = mutants.filter(({ file }) => file.startsWith(`src/${room}/`));
  const by = (name: Fate["by"]): number => of.filter(({ id }) => fates.get(id)?.by === name).length;
  const left = of.filter(({ id }) => !fates.has(id)).length;
  if (of.length > 0)
    console.log(
      `src/${room}: ${of.length} mutants; worlds ${by("worlds")}, unit tests ${by("unit")}, the Worker's ${by("worker")}; ${left} are left`,
    );
}
for (const mutant of alive()) {
  const isMet = [met.loading, met.running, met.tests].some((ids) => ids.has(mutant.id));
  console.log(`${told(mutant)}${isMet ? "" : " (nothing runs it)"}`);
}
process.exit(alive().length > 0 ? 1 : 0);
