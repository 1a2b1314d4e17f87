// `npm run test:failover -- [--runs N]`: the production bundle under load with two facilitators, of which the preferred
// one is killed with SIGKILL. No call may be lost but those that the killed one had begun to settle, of which nobody can
// say whether they settled: these are told so, and nobody is asked to pay again. How long the others take is printed, and of
// five runs or more it may not be longer than before the kill (verdict.ts).

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Backends, startBackends } from "../../bench/backends.ts";
import { percentile, type Spread } from "../../bench/figures.ts";
import { newKeys, type Signed, signPayments } from "../../bench/payments.ts";
import { type Running, start } from "../../bench/running.ts";
import { buildGate, tableOf } from "../../bench/subjects.ts";
import { parseOptions, runCommand, UsageError } from "../../tools/command-line.ts";
import { atExit } from "../../tools/stack/at-exit.ts";
import { type Call, openTill } from "./till.ts";
import { flawsOf, type Run, ratioOf } from "./verdict.ts";

const usage = "npm run test:failover -- [--runs N]";

const LANES = 16;
const PAYERS = 50;
/** Before the kill and after it, each. */
const HALF_MS = 2_000;
/** More than any machine here sells in both halves. */
const PAYMENTS = 4_000;

async function main(): Promise<number> {
  const { values, positionals } = parseOptions({ options: { runs: { type: "string" } } }, process.argv.slice(2));
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not an option.`);
  const count = Number(values.runs ?? 5);
  if (!Number.isInteger(count) || count < 1) throw new UsageError("--runs is a whole number above zero.");
  const directory = mkdtempSync(join(tmpdir(), "faregate-failover-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const forget = atExit(remove);
  const runs: Run[] = [];
  for (let i = 1; i <= count; i += 1) {
    const run = await killOne(directory);
    console.log(`run ${i} of ${count}: ${textOf(run)}`);
    runs.push(run);
  }
  remove();
  forget();
  return conclude(runs);
}

async function killOne(directory: string): Promise<Run> {
  const [preferred, next] = [await startBackends(), await startBackends()];
  try {
    const table = { ...tableOf(next), facilitators: [preferred.facilitator("gate"), next.facilitator("gate")] };
    const running = await start(await buildGate(next, table, directory));
    try {
      return await sellThrough(running, preferred, await signPayments({ count: PAYMENTS, keys: newKeys(PAYERS) }));
    } finally {
      await running.runtime.stop();
    }
  } finally {
    await Promise.all([preferred.stop(), next.stop()]);
  }
}

async function sellThrough(running: Running, preferred: Backends, payments: readonly Signed[]): Promise<Run> {
  const till = await openTill(running, payments);
  const selling = Array.from({ length: LANES }, () => till.sell());
  await sleep(HALF_MS);
  await preferred.stop();
  const killedMs = performance.now();
  await sleep(HALF_MS);
  till.close();
  const calls = (await Promise.all(selling)).flat();
  const sold = calls.filter(({ status }) => status === 200);
  const unknown = calls.filter(({ reason }) => reason === "settlement_unknown");
  const begun = (of: readonly Call[], isAfter: boolean) => of.filter(({ sentMs }) => sentMs >= killedMs === isAfter);
  return {
    sold: sold.length,
    unknown: unknown.length,
    // What came after the kill had begun nowhere.
    lost: [...calls.filter((call) => !sold.includes(call) && !unknown.includes(call)), ...begun(unknown, true)],
    beforeMs: medianOf(begun(sold, false)),
    afterMs: medianOf(begun(sold, true)),
  };
}

const medianOf = (calls: readonly Call[]): number => {
  const sorted = calls.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : percentile(sorted, 0.5);
};

function conclude(runs: readonly Run[]): number {
  console.log(`the median after the kill by that before it: ${spreadText(ratioOf(runs))}, over ${runs.length} runs`);
  const flaws = flawsOf(runs);
  for (const flaw of flaws) console.log(flaw);
  return flaws.length > 0 ? 1 : 0;
}

const spreadText = ({ median, min, max }: Spread): string =>
  `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;

const textOf = ({ sold, unknown, lost, beforeMs, afterMs }: Run): string =>
  `${sold} sold, ${unknown} unknown, ${lost.length} lost; median ${beforeMs.toFixed(1)} ms before, ${afterMs.toFixed(1)} ms after`;

await runCommand(usage, main);
