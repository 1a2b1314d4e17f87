// `npm run bench`: the gate against the runtime's limit and its peers, on this machine, now. Nothing here passes or fails
// by being fast: a ratio of two Workers in one run is worth something, the figures alone are the machine's.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseOptions, parsePath, runCommand, UsageError } from "../tools/command-line.ts";
import { atExit } from "../tools/stack/at-exit.ts";
import { startBackends } from "./backends.ts";
import { compare, FULL, type Plan, QUICK } from "./compare.ts";
import { delays } from "./delays.ts";
import { type Part, writeDocs } from "./docs.ts";
import { startLoadMaker } from "./load.ts";
import { machineText, readMachine } from "./machine.ts";
import type { Stage } from "./measure.ts";
import { buildPeers } from "./peers.ts";
import { comparisonText, delaysText, scalingText } from "./report.ts";
import { scale } from "./scale/scale.ts";
import { buildGate, buildLimits, tableOf } from "./subjects.ts";

const usage =
  "npm run bench -- [[--quick] [--rounds N] | --scale [--payments N] | --delays] [--json FILE] [--write-docs]";

const options = {
  quick: { type: "boolean" },
  scale: { type: "boolean" },
  delays: { type: "boolean" },
  rounds: { type: "string" },
  payments: { type: "string" },
  json: { type: "string" },
  "write-docs": { type: "boolean" },
} as const;

interface Report {
  readonly part: Part;
  readonly text: string;
  readonly figures: object;
}

const tell = (line: string): void => console.error(line);

async function main(): Promise<number> {
  const { values, positionals } = parseOptions({ options }, process.argv.slice(2));
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not an option.`);
  if ([values.quick, values.scale, values.delays].filter(Boolean).length > 1) {
    throw new UsageError("--quick, --scale and --delays are three different runs.");
  }
  const plan = values.quick ? QUICK : FULL;
  const rounds = parseCount("--rounds", values.rounds) ?? plan.rounds;
  const payments = parseCount("--payments", values.payments) ?? 100_000;
  const machine = readMachine();
  tell(machineText(machine));
  const { part, text, figures } = await onStage((stage, directory) => {
    if (values.scale) return runScale(stage, directory, payments);
    return values.delays ? runDelays(stage, directory) : runComparison(stage, directory, { ...plan, rounds });
  });
  console.log(`\n${text}`);
  const file = parsePath(values.json) ?? join(import.meta.dirname, "results/latest.json");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine, part, ...figures }, null, 2)}\n`);
  if (values["write-docs"]) writeDocs(part, `${machineText(machine)}.\n\n${text}`);
  // Slow is no failure; a wrong answer is one.
  return text.includes("wrong: ") ? 1 : 0;
}

function parseCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`${name} is a whole number above zero, not "${text}".`);
}

/** Starts what every run needs, and ends it. */
async function onStage<T>(run: (stage: Stage, directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "faregate-bench-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const forget = atExit(remove);
  const backends = await startBackends();
  const loadMaker = startLoadMaker();
  try {
    return await run({ backends, loadMaker }, directory);
  } finally {
    await loadMaker.stop();
    await backends.stop();
    remove();
    forget();
  }
}

async function runComparison(stage: Stage, directory: string, plan: Plan): Promise<Report> {
  const { backends } = stage;
  const gate = await buildGate(backends, tableOf(backends), directory);
  const { limit, withoutLedger } = await buildLimits(backends, gate, directory);
  const others = plan.hasPeers ? [withoutLedger, ...(await buildPeers(backends, directory, tell))] : [];
  const comparison = await compare(stage, [limit, gate, ...others], plan, tell);
  return { part: "compare", text: comparisonText(comparison), figures: comparison };
}

async function runScale(stage: Stage, directory: string, payments: number): Promise<Report> {
  const sections = await scale(stage, directory, payments, tell);
  return { part: "scale", text: scalingText(sections), figures: { sections } };
}

async function runDelays(stage: Stage, directory: string): Promise<Report> {
  const delayed = await delays(stage, directory);
  return { part: "delays", text: delaysText(delayed), figures: delayed };
}

await runCommand(usage, main);
