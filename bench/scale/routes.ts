// The table's routes, all of them priced. Each table is a bundle of its own; the Workers run side by side and take turns.

import { spreadOf } from "../figures.ts";
import { type Expected, measure, PASSED, refusedWith, type Stage } from "../measure.ts";
import { plain, type Running, start } from "../running.ts";
import { buildGate, type Subject, tableOf } from "../subjects.ts";
import { CONNECTIONS, type Row, rate, type Section, told } from "./section.ts";

const COUNTS = [10, 1000, 10_000, 100_000];
const STARTS = 3;
/** The first one warms. */
const ROUNDS = 4;
const DURATION_MS = 1000;

/** Of the route with this number; a hundred groups share their beginnings. */
const pathOf = (route: number): string => `/v1/group${route % 100}/item${route}`;
const lastOf = (count: number): string => `${pathOf(count - 1)}/7`;

export async function growRoutes(stage: Stage, directory: string): Promise<Section> {
  const visits: Visit[] = [];
  try {
    for (const count of COUNTS) visits.push(await open(count, await build(stage, count, directory)));
    const rounds: (readonly Row[])[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const rates: Row[] = [];
      for (const visit of visits) rates.push(await measureRates(stage, visit));
      rounds.push(rates);
    }
    const rows = visits.map(({ count, running, startMs }, i) => ({
      routes: count,
      "gzip KB": running.subject.gzipKb,
      "start to first answer, ms": startMs,
      ...medians(rounds.slice(1).map((rates) => rates[i] ?? {})),
      "memory, MB": running.runtime.memoryMb(),
    }));
    return { title: "priced routes of the table: the rates stay as they are", rows };
  } finally {
    for (const { running } of visits) await running.runtime.stop();
  }
}

interface Visit {
  readonly count: number;
  readonly running: Running;
  readonly startMs: number;
}

function build(stage: Stage, count: number, directory: string): Promise<Subject> {
  const table = tableOf(stage.backends);
  const routes = Array.from({ length: count }, (_, i) => [`GET ${pathOf(i)}/:id`, "$0.001"]);
  return buildGate(stage.backends, { ...table, routes: { ...table.routes, ...Object.fromEntries(routes) } }, directory);
}

/** Started a few times: the last one stays. */
async function open(count: number, subject: Subject): Promise<Visit> {
  const startsMs: number[] = [];
  for (;;) {
    const running = await start(subject, lastOf(count));
    startsMs.push(running.startMs);
    if (startsMs.length === STARTS) return { count, running, startMs: spreadOf(startsMs).median };
    await running.runtime.stop();
  }
}

async function measureRates(stage: Stage, { count, running }: Visit): Promise<Row> {
  const requests: readonly (readonly [name: string, path: string, expected: Expected])[] = [
    ["unpaid/s, last route", lastOf(count), refusedWith(402)],
    ["404/s, shared prefix", `${pathOf(count - 1)}x/7`, refusedWith(404)],
    ["free/s", "/free", PASSED],
  ];
  const rates: [string, number | string][] = [];
  for (const [name, path, expected] of requests) {
    const load = { connections: CONNECTIONS, durationMs: DURATION_MS, requests: plain(running, path), isOnce: false };
    rates.push([name, told(await measure(stage, running.runtime, load, expected), rate)]);
  }
  return Object.fromEntries(rates);
}

function medians(rounds: readonly Row[]): Row {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, medianOf(rounds.flatMap((row) => row[name] ?? []))]));
}

/** What was wrong in one round is wrong. */
function medianOf(values: readonly (number | string)[]): number | string {
  const numbers = values.filter((value) => typeof value === "number");
  return values.find((value) => typeof value === "string") ?? spreadOf(numbers).median;
}
