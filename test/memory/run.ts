// `npm run test:memory -- [--quick]`: bodies of two sizes stream through the production bundle, in every direction that
// is code of its own, and the gate's peak of memory must not grow with them. A fresh workerd for each.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseOptions, runCommand } from "../../tools/command-line.ts";
import { atExit } from "../../tools/stack/at-exit.ts";
import { type BundleModule, buildBundle } from "../../tools/stack/bundle.ts";
import { projectRoot } from "../../tools/stack/gate.ts";
import { serveWorker } from "../../tools/stack/worker-runtime.ts";
import { startFakeFacilitator } from "../support/fake-facilitator.ts";
import { PAY_TO } from "../support/payment.ts";
import { forgetPeak, peakBytes, workerdChildren } from "../support/workerd.ts";
import { COUNTED_BYTES_MAX, type Direction, directions, isCounted, ROUTES, UPSTREAM_SECONDS } from "./directions.ts";
import { exchange, startUpstream, type Upstream } from "./exchange.ts";
import { type Figures, flawOf, line, MEBIBYTE, type Run, TITLE } from "./figures.ts";

const usage = "npm run test:memory -- [--quick]";

const PASSED = "memory: passed; each first byte arrived before the last was written";

const table = (upstream: string, facilitator: string) => ({
  ...{ upstream: { url: upstream, timeoutSeconds: UPSTREAM_SECONDS }, payTo: PAY_TO, accepts: ["base-sepolia"] },
  ...{ facilitators: [facilitator], routes: ROUTES },
});

interface Stage {
  readonly upstream: Upstream;
  readonly modules: BundleModule[];
}

async function main(): Promise<number> {
  const { values } = parseOptions({ options: { quick: { type: "boolean" } } }, process.argv.slice(2));
  if (process.platform !== "linux") {
    console.log("memory: not measured, because the figures are Linux's own");
    return 0;
  }
  const [small, large] = values.quick ? [64, 192] : [64, 1024];
  const directory = mkdtempSync(join(tmpdir(), "faregate-memory-"));
  const forget = atExit(() => rmSync(directory, { recursive: true, force: true }));
  const [upstream, facilitator] = [await startUpstream(), await startFakeFacilitator()];
  try {
    const pricingFile = join(directory, "pricing.json");
    writeFileSync(pricingFile, JSON.stringify(table(upstream.url, facilitator.url)));
    const files = { built: pricingFile, checked: pricingFile };
    const modules = await buildBundle(projectRoot, files, join(directory, "bundle"));
    return await measureAll({ upstream, modules }, small * MEBIBYTE, large * MEBIBYTE);
  } finally {
    for (const part of [upstream, facilitator]) await part.stop();
    rmSync(directory, { recursive: true, force: true });
    forget();
  }
}

async function measureAll(stage: Stage, small: number, large: number): Promise<number> {
  console.log(TITLE);
  const flaws: string[] = [];
  for (const direction of directions) {
    const most = isCounted(direction) ? Math.min(large, COUNTED_BYTES_MAX) : large;
    const figures: Figures = {
      name: direction.name,
      small: await measure(stage, direction, small),
      large: await measure(stage, direction, most),
    };
    console.log(line(figures));
    const flaw = flawOf(figures);
    if (flaw !== null) flaws.push(flaw);
  }
  for (const flaw of flaws) console.log(`WRONG: ${flaw}`);
  console.log(flaws.length === 0 ? PASSED : `memory: FAILED, ${flaws.length} wrong`);
  return flaws.length === 0 ? 0 : 1;
}

/** What only the first request takes is taken before anything counts. */
async function measure({ upstream, modules }: Stage, direction: Direction, bytes: number): Promise<Run> {
  const { url, stop } = await serveWorker(join(projectRoot, "wrangler.toml"), modules, {});
  try {
    await exchange(url, upstream, { ...direction, stops: false }, MEBIBYTE);
    const [pid = 0] = workerdChildren();
    forgetPeak(pid);
    const startMs = performance.now();
    const { heldBytes } = await exchange(url, upstream, direction, bytes);
    return { bytes, peakBytes: peakBytes(pid), heldBytes, ms: performance.now() - startMs, flaw: null };
  } catch (error) {
    return { bytes, peakBytes: 0, heldBytes: null, ms: 0, flaw: (error as Error).message };
  } finally {
    await stop();
  }
}

await runCommand(usage, main);
