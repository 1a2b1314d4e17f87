// The Workers that are measured, each a production bundle with the same upstream and a facilitator of its own at the same
// server: here the limit and the gate, in peers.ts what somebody would take in its place.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { PAY_TO } from "../test/support/payment.ts";
import { type BundleModule, buildBundle, buildWorker } from "../tools/stack/bundle.ts";
import { projectRoot } from "../tools/stack/gate.ts";
import { ask } from "./ask.ts";
import type { Backends } from "./backends.ts";
import { startRuntime } from "./runtime.ts";
import { COMPATIBILITY_DATE, type WorkerSettings } from "./workerd-config.ts";

export interface Subject {
  readonly name: string;
  readonly worker: WorkerSettings;
  /** What comes before the upstream's own paths. */
  readonly prefix: string;
  /** Whether it is measured in paid cases alone, because in all others it does as another one does. */
  readonly isPaidOnly: boolean;
  /** What answers a payment that was spent, and one that nobody signed; null where nothing is checked at all. */
  readonly refusals: { readonly replayed: number; readonly forged: number } | null;
  /** Of all modules, in kilobytes of 1000 bytes. */
  readonly gzipKb: number;
}

export const LIMIT = "the limit";
/** What is left of it without the two calls to a Durable Object. */
export const LIMIT_WITHOUT_LEDGER = "the limit, no ledger";
export const GATE = "Faregate";

export const tableOf = (backends: Backends) => ({
  upstream: backends.upstream,
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: [backends.facilitator("gate")],
  // A run on one payer is about the ledger, not about what one payer may have under way.
  maxInFlight: 1000,
  routes: {
    "/free": "free",
    "/priced": "$0.001",
    "GET /stream": { price: "$0.001", mimeType: "text/event-stream" },
  },
});

/** The gate with its ledger and KV; it runs without books in D1, and without the limit on unproven payments. */
export async function buildGate(backends: Backends, table: object, directory: string): Promise<Subject> {
  const file = join(directory, "pricing.json");
  writeFileSync(file, JSON.stringify(table));
  const modules = await buildBundle(projectRoot, { built: file, checked: file }, join(directory, "gate"));
  return subject(GATE, modules, {
    objects: { LEDGER: "Ledger" },
    kv: { SPENT: backends.kvPort },
  });
}

export interface Limits {
  readonly limit: Subject;
  readonly withoutLedger: Subject;
}

/** @param gate whose challenge it answers with */
export async function buildLimits(backends: Backends, gate: Subject, directory: string): Promise<Limits> {
  const modules = await buildOther("limit", join(import.meta.dirname, "bare-worker.ts"), directory);
  const { header, body } = await challengeOf(gate);
  const [requirements] = JSON.parse(atob(header)).accepts;
  const texts = {
    UPSTREAM: backends.upstream,
    FACILITATOR: backends.facilitator("limit"),
    CHALLENGE: header,
    CHALLENGE_BODY: body,
    REQUIREMENTS: JSON.stringify(requirements),
  };
  const booked = subject(LIMIT, modules, { texts, objects: { BOOK: "Book" } });
  const unbooked = subject(LIMIT_WITHOUT_LEDGER, modules, { texts });
  return { limit: { ...booked, refusals: null }, withoutLedger: { ...unbooked, refusals: null, isPaidOnly: true } };
}

async function challengeOf({ worker }: Subject): Promise<{ readonly header: string; readonly body: string }> {
  const runtime = await startRuntime(worker);
  try {
    const { headers, body } = await ask(runtime.port, "/priced");
    return { header: String(headers["payment-required"]), body };
  } finally {
    await runtime.stop();
  }
}

/** A package that mppx can do without, and asks for all the same when it is bundled. */
const ABSENT = { "@modelcontextprotocol/sdk/types.js": join(import.meta.dirname, "peers/absent.js") };

/** Bundles a Worker that is not the gate, as its author would for a deployment. */
export async function buildOther(name: string, main: string, directory: string): Promise<readonly BundleModule[]> {
  const folder = join(directory, name.replaceAll(/\W/g, "-"));
  const configFile = `${folder}.json`;
  const worker = { name: "peer", main, compatibility_date: COMPATIBILITY_DATE, alias: ABSENT, minify: true };
  writeFileSync(configFile, JSON.stringify(worker));
  return buildWorker(configFile, folder);
}

/** One that refuses what the gate refuses, with the gate's statuses. */
export function subject(
  name: string,
  modules: readonly BundleModule[],
  worker: Omit<WorkerSettings, "modules">,
): Subject {
  const bytes = modules.map(({ contents }) => gzipSync(contents, { level: 9 }).byteLength);
  return {
    name,
    worker: { ...worker, modules },
    prefix: "",
    isPaidOnly: false,
    refusals: { replayed: 409, forged: 402 },
    gzipKb: bytes.reduce((sum, length) => sum + length, 0) / 1000,
  };
}
