// `npm run simulate -- --seeds N [--from M]`: N simulated worlds, and what happened in them; `--seed S --trace` one of
// them, event by event.

import { missing, table } from "../test/simulation/report.ts";
import { runSeed } from "../test/simulation/run.ts";
import { Tally } from "../test/simulation/tally.ts";
import { parseOptions, runCommand } from "./command-line.ts";

const usage = "npm run simulate -- [--seeds N] [--from M] [--seed S] [--trace] [--all]";

await runCommand(usage, async () => {
  const { values } = parseOptions(
    {
      options: {
        seeds: { type: "string", default: "1000" },
        from: { type: "string", default: "1" },
        seed: { type: "string" },
        trace: { type: "boolean", default: false },
        all: { type: "boolean", default: false },
      },
    },
    process.argv.slice(2),
  );

  const tally = new Tally();
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const startMs = performance.now();
  const broken = new Map<string, number>();

  for (let seed = first; seed < first + count; seed++) {
    const run = await runSeed(seed, tally, values.trace ? console.log : null);
    if (run.ok) continue;
    const { story, kind } = run;
    if (!broken.has(kind)) console.error(`${story}\n`);
    broken.set(kind, (broken.get(kind) ?? 0) + 1);
    if (!values.all) return 1;
  }

  const seconds = (performance.now() - startMs) / 1000;
  if (values.seed === undefined) console.log(table(tally));
  console.log(`${count} seeds in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second`);
  for (const [kind, times] of broken) console.error(`${times} seeds: invariant ${kind}`);
  const gaps = missing(tally, count);
  if (gaps.length > 0) console.error(`Too rare for ${count} seeds:\n${gaps.join("\n")}`);
  return broken.size > 0 || gaps.length > 0 ? 1 : 0;
});
