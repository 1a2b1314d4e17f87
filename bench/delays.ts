// What a paid call takes when everything that it asks is far away, as it is where it runs for money. The facilitator and
// KV wait before they answer, and the Durable Object is reached over a slow binding.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NO_DELAYS } from "./backends.ts";
import { free, paid, paymentsFor, type Wallet } from "./cases.ts";
import { PAYERS } from "./compare.ts";
import type { Measurement, Stage } from "./measure.ts";
import { newKeys, signPayments } from "./payments.ts";
import { start } from "./running.ts";
import { buildGate, buildLimits, type Subject, tableOf } from "./subjects.ts";

const FAR_MS = { object: 30, verify: 50, settle: 300, kv: 10 };
const CONNECTIONS = [1, 50];
const DURATION_MS = 12_000;
/** More than go through in that time. */
const PAYMENTS = 2500;
const WARM = { connections: 50, durationMs: 2000 };

export interface Delayed {
  readonly subject: string;
  readonly connections: number;
  readonly measurement: Measurement;
  /** Beyond verify and settle as long as they took, which nothing can be faster than that verifies first and is paid last. */
  readonly p50AddedMs: number;
  readonly p99AddedMs: number;
}

export interface Delays {
  readonly farMs: typeof FAR_MS;
  readonly rows: readonly Delayed[];
}

export async function delays(stage: Stage, directory: string): Promise<Delays> {
  const { backends } = stage;
  const gate = await buildGate(backends, tableOf(backends), directory);
  const { limit } = await buildLimits(backends, gate, directory);
  const keys = newKeys(PAYERS);
  const fresh = await signPayments({ count: paymentsFor(WARM) + PAYMENTS, keys });
  const rows: Delayed[] = [];
  for (const subject of [limit, gate]) rows.push(...(await delayed(stage, farFrom(subject), { fresh, spent: [] })));
  return { farMs: FAR_MS, rows };
}

function farFrom({ worker, ...subject }: Subject): Subject {
  const own = JSON.stringify(`./${worker.modules[0]?.path}`);
  const main = `import "./far-object.js"; export * from ${own}; export { default } from ${own};`;
  const object = readFileSync(join(import.meta.dirname, "far-object.js"), "utf8");
  const modules = [
    { type: "ESModule" as const, path: "far-main.js", contents: main },
    { type: "ESModule" as const, path: "far-object.js", contents: object },
    ...worker.modules,
  ];
  return { ...subject, worker: { ...worker, modules, texts: { ...worker.texts, FAR_MS: String(FAR_MS.object) } } };
}

async function delayed(stage: Stage, subject: Subject, wallet: Wallet): Promise<readonly Delayed[]> {
  const running = await start(subject);
  const rows: Delayed[] = [];
  try {
    for (const { run } of [free, paid]) await run(stage, running, WARM, wallet);
    await stage.backends.delay(FAR_MS);
    for (const connections of CONNECTIONS) {
      const order = { connections, durationMs: DURATION_MS, beginWithinMs: FAR_MS.verify + FAR_MS.settle };
      const measurement = await paid.run(stage, running, order, wallet);
      if (!measurement) continue;
      const { p50Ms, p99Ms, facilitatorMsPerCall: leastMs } = measurement;
      const added = { p50AddedMs: p50Ms - leastMs, p99AddedMs: p99Ms - leastMs };
      rows.push({ subject: subject.name, connections, measurement, ...added });
    }
  } finally {
    await stage.backends.delay(NO_DELAYS);
    await running.runtime.stop();
  }
  return rows;
}
