// How the gate grows: with the routes of its table, with payers, with the payments that a ledger keeps, with the length of
// bodies and of headers. Each section says what should stay as it is.

import { free, paid, unpaid, type Wallet } from "./cases.ts";
import { spreadOf } from "./figures.ts";
import { requestText } from "./load.ts";
import { type Expected, type Measurement, measure, PASSED, refusedWith, SOLD, type Stage } from "./measure.ts";
import { forge, newKeys, type Signed, signPayments } from "./payments.ts";
import { paying, plain, type Running, start } from "./running.ts";
import { buildGate, type Subject, tableOf } from "./subjects.ts";

export interface Section {
  readonly title: string;
  /** By the heads of their columns. */
  readonly rows: readonly { readonly [head: string]: number | string }[];
}

const CONNECTIONS = 50;
const KEYS_WARM = 100;
const WARM = { connections: CONNECTIONS, durationMs: 500 };
const WARM_PAYMENTS = 500;

/** @param payments how many a ledger keeps in the end */
export async function scale(
  stage: Stage,
  directory: string,
  payments: number,
  tell: (line: string) => void,
): Promise<readonly Section[]> {
  const gate = await buildGate(stage.backends, tableOf(stage.backends), directory);
  const warm = await signed(WARM_PAYMENTS, KEYS_WARM);
  const parts: readonly (readonly [string, () => Promise<Section>])[] = [
    ["routes", () => growRoutes(stage, directory)],
    ["payers", () => growPayers(stage, gate, warm)],
    ["kept payments", () => growLedger(stage, gate, warm, payments)],
    ["bodies", () => growBodies(stage, gate, warm)],
    ["headers", () => growHeaders(stage, gate, warm)],
  ];
  const sections: Section[] = [];
  for (const [name, grow] of parts) {
    tell(name);
    sections.push(await grow());
  }
  return sections;
}

const signed = (count: number, payers: number): Promise<readonly Signed[]> =>
  signPayments({ count, keys: newKeys(payers) });

/** Runs with a Worker that has sold some calls already, and ends it. */
async function withWarm<T>(
  stage: Stage,
  subject: Subject,
  warm: readonly Signed[],
  use: (running: Running) => Promise<T>,
): Promise<T> {
  const running = await start(subject);
  try {
    const wallet: Wallet = { fresh: warm, spent: [] };
    for (const { run } of [free, unpaid, paid]) await run(stage, running, WARM, wallet);
    return await use(running);
  } finally {
    await running.runtime.stop();
  }
}

/** A figure, or what was wrong in its place. */
const told = (measurement: Measurement, figure: (right: Measurement) => number): number | string =>
  measurement.wrong === null ? figure(measurement) : `wrong: ${measurement.wrong}`;

const rate = ({ ratePerSecond }: Measurement): number => ratePerSecond;

const ROUTES = [10, 1000, 10_000, 100_000];
const ROUTE_ROUNDS = 3;
const ROUTE_MS = 1000;

const routePath = (i: number): string => `/v1/group${i % 100}/item${i}`;

async function growRoutes(stage: Stage, directory: string): Promise<Section> {
  const visits: {
    readonly count: number;
    readonly running: Running;
    readonly rates: Map<string, number | string>[];
  }[] = [];
  try {
    for (const count of ROUTES) {
      const table = tableOf(stage.backends);
      const routes = Array.from({ length: count }, (_, i) => [`GET ${routePath(i)}/:id`, "$0.001"]);
      const priced = { ...table, routes: { ...table.routes, ...Object.fromEntries(routes) } };
      const subject = await buildGate(stage.backends, priced, `${directory}`);
      visits.push({ count, running: await start(subject, `${routePath(count - 1)}/7`), rates: [] });
    }
    for (let round = 0; round <= ROUTE_ROUNDS; round += 1) {
      for (const { count, running, rates } of visits) {
        const rated = new Map<string, number | string>();
        for (const [name, path, expected] of routeRequests(count)) {
          const load = {
            connections: CONNECTIONS,
            durationMs: ROUTE_MS,
            requests: plain(running, path),
            isOnce: false,
          };
          rated.set(name, told(await measure(stage, running.runtime, load, expected), rate));
        }
        // The first round warms.
        if (round > 0) rates.push(rated);
      }
    }
    return {
      title:
        "priced routes: the rates stay as they are, and so does the first answer as far as the table can be read at once",
      rows: visits.map(({ count, running, rates }) => ({
        routes: count,
        "gzip KB": running.subject.gzipKb,
        "start to first answer, ms": running.startMs,
        ...Object.fromEntries(
          routeRequests(count).map(([name]) => [name, medianOf(rates.map((of) => of.get(name) ?? ""))]),
        ),
        "memory, MB": running.runtime.memoryMb(),
      })),
    };
  } finally {
    for (const { running } of visits) await running.runtime.stop();
  }
}

const routeRequests = (count: number): readonly (readonly [string, string, Expected])[] => [
  ["unpaid/s, last route", `${routePath(count - 1)}/7`, refusedWith(402)],
  ["404/s, shared prefix", `${routePath(count - 1)}x/7`, refusedWith(404)],
  ["free/s", "/free", PASSED],
];

function medianOf(rates: readonly (number | string)[]): number | string {
  const numbers = rates.filter((one) => typeof one === "number");
  return numbers.length === rates.length
    ? spreadOf(numbers).median
    : (rates.find((one) => typeof one === "string") ?? "");
}

const PAYERS = [1, 10, 100, 1000, 10_000];
const PAYER_CALLS = 4000;
/** What takes longer is measured for so long. */
const CALLS_MS_MAX = 60_000;

async function growPayers(stage: Stage, gate: Subject, warm: readonly Signed[]): Promise<Section> {
  const rows: Section["rows"][number][] = [];
  for (const payers of PAYERS) {
    const payments = await signed(Math.max(PAYER_CALLS, payers), payers);
    const row = await withWarm(stage, gate, warm, async (running) => ({
      payers,
      ...callFigures(await pay(stage, running, payments)),
      "memory, MB": running.runtime.memoryMb(),
    }));
    rows.push(row);
  }
  return { title: "payers, each with a Durable Object of its own: the first call of each creates it", rows };
}

async function pay(stage: Stage, running: Running, payments: readonly Signed[]): Promise<Measurement> {
  const requests = await paying(running, payments);
  const load = { connections: CONNECTIONS, durationMs: CALLS_MS_MAX, requests, isOnce: true };
  return measure(stage, running.runtime, load, SOLD);
}

const callFigures = (measurement: Measurement) => ({
  "paid calls/s": told(measurement, rate),
  "p50 ms": measurement.p50Ms,
  "p99 ms": measurement.p99Ms,
  "CPU ms/call": measurement.cpuMsPerCall,
});

const KEPT = [100_000, 1_000_000];
const FILL = 10_000;

async function growLedger(stage: Stage, gate: Subject, warm: readonly Signed[], payments: number): Promise<Section> {
  const steps = [0, ...KEPT.filter((step) => step < payments), payments];
  const keys = newKeys(1);
  return withWarm(stage, gate, warm, async (running) => {
    const rows: Section["rows"][number][] = [];
    let kept = 0;
    for (const step of steps) {
      while (kept < step) {
        const filling = await pay(stage, running, await signPayments({ count: Math.min(FILL, step - kept), keys }));
        if (filling.wrong !== null) throw new Error(`the ledger cannot be filled: ${filling.wrong}`);
        kept += filling.count;
      }
      const measurement = await pay(stage, running, await signPayments({ count: PAYER_CALLS, keys }));
      rows.push({ kept, ...callFigures(measurement), "memory, MB": running.runtime.memoryMb() });
      kept += measurement.count;
    }
    return { title: "payments that one payer's ledger keeps: the rates stay as they are", rows };
  });
}

const MIB = 1024 * 1024;
const BODIES: readonly (readonly [string, number])[] = [
  ["1 KiB", 1024],
  ["64 KiB", 65_536],
  ["1 MiB", MIB],
  ["16 MiB", 16 * MIB],
  ["64 MiB", 64 * MIB],
];
const BODY_MS = 1500;

async function growBodies(stage: Stage, gate: Subject, warm: readonly Signed[]): Promise<Section> {
  const payments = await signed(BODIES.length * PAID_BODIES, 1);
  return withWarm(stage, gate, warm, async (running) => {
    const rows: Section["rows"][number][] = [];
    for (const [i, [size, bytes]] of BODIES.entries()) {
      const one = { connections: 1, durationMs: BODY_MS };
      const megabytes = ({ ratePerSecond }: Measurement): number => (ratePerSecond * bytes) / MIB;
      const run = async (load: object, requests: readonly string[], expected: Expected): Promise<number | string> =>
        told(await measure(stage, running.runtime, { ...one, isOnce: false, requests, ...load }, expected), megabytes);
      const share = payments.slice(i * PAID_BODIES, (i + 1) * PAID_BODIES);
      rows.push({
        body: size,
        "free answer, MiB/s": await run({}, plain(running, `/free?of=${bytes}`), { ...PASSED, bodyBytes: bytes }),
        "request, MiB/s": await run(
          { bodyBytes: bytes },
          [requestText("/free", { "content-length": `${bytes}` }, "POST")],
          PASSED,
        ),
        "paid answer, MiB/s": await run(
          { isOnce: true },
          await paying(running, share, { path: `/priced?of=${bytes}` }),
          {
            ...SOLD,
            bodyBytes: bytes,
          },
        ),
        "most memory so far, MB": running.runtime.peakMemoryMb(),
      });
    }
    return { title: "bodies, one after the other: memory stays as it is", rows };
  });
}

const PAID_BODIES = 200;

/** Payments may have 16 KiB; what headers may have together is the runtime's to say. */
const HEADER_KIB = [1, 4, 8, 12, 16, 24, 32];
const PAYMENT_KIB_MAX = 16;

async function growHeaders(stage: Stage, gate: Subject, warm: readonly Signed[]): Promise<Section> {
  return withWarm(stage, gate, warm, async (running) => {
    const rows: Section["rows"][number][] = [];
    for (const kib of HEADER_KIB) {
      const load = { connections: CONNECTIONS, durationMs: BODY_MS, isOnce: false };
      const plainly = [requestText("/free", { "x-note": "x".repeat(kib * 1024) })];
      const forgeries = await paying(running, warm.map(forge), { lengthMin: kib * 1024 });
      const refusal = refusedWith(kib > PAYMENT_KIB_MAX ? 431 : 402);
      rows.push({
        "header, KiB": kib,
        "free/s": told(await measure(stage, running.runtime, { ...load, requests: plainly }, PASSED), rate),
        "forged payment/s": told(
          await measure(stage, running.runtime, { ...load, requests: forgeries }, refusal),
          rate,
        ),
      });
    }
    return {
      title: "one header of this length: beside a free call, and as a payment that is checked and refused",
      rows,
    };
  });
}
