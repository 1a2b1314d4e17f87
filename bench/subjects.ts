// The Workers that are measured: the limit, the gate, and what somebody would take in its place. Each is a production
// bundle with the same upstream and a facilitator of its own at the same server.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ASSET, NETWORK, PAY_TO } from "../test/support/payment.ts";
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
  /** What answers a payment that was spent, and one that nobody signed; null where nothing is checked at all. */
  readonly refusals: { readonly replayed: number; readonly forged: number } | null;
  /** Of all modules, in kilobytes of 1000 bytes. */
  readonly gzipKb: number;
}

export const LIMIT = "the limit";
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

/** @param gate whose challenge it answers with */
export async function buildLimit(backends: Backends, gate: Subject, directory: string): Promise<Subject> {
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
  const built = subject(LIMIT, modules, { texts, objects: { BOOK: "Book" } });
  return { ...built, refusals: null };
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

const PEERS = [
  { name: "@x402/hono", file: "x402-hono.js", prefix: "", texts: { NETWORK, PAY_TO } },
  {
    name: "mppx",
    file: "mppx.js",
    prefix: "/api",
    texts: { ASSET, PAY_TO, CHAIN_ID: NETWORK.slice("eip155:".length) },
  },
] as const;

/** Those that can be had; why another cannot is told in a line. */
export async function buildPeers(
  backends: Backends,
  directory: string,
  tell: (line: string) => void,
): Promise<readonly Subject[]> {
  const complaint = installPeers();
  if (complaint !== null)
    tell(`npm ci --prefix bench failed, so what of the peers is missing is left out: ${complaint}`);
  const built: Subject[] = [];
  for (const { name, file, prefix, texts } of PEERS) {
    try {
      const modules = await buildOther(name, join(import.meta.dirname, "peers", file), directory);
      const bound = { UPSTREAM: backends.upstream, FACILITATOR: backends.facilitator(file), ...texts };
      const peer = subject(`${name} ${versionOf(name)}`, modules, { texts: bound });
      // They leave it to the facilitator to know what was spent.
      built.push({ ...peer, prefix, refusals: { replayed: 402, forged: 402 } });
    } catch (error) {
      tell(`${name} cannot be built and is left out: ${firstLine(String(error))}`);
    }
  }
  return built;
}

const modulesFolder = join(import.meta.dirname, "node_modules");

export function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(modulesFolder, name, "package.json"), "utf8")).version;
}

/** Null, or what npm said. */
function installPeers(): string | null {
  const installed = join(modulesFolder, ".package-lock.json");
  const lock = join(import.meta.dirname, "package-lock.json");
  const isInstalled =
    existsSync(installed) && PEERS.every(({ name }) => lockedVersion(installed, name) === lockedVersion(lock, name));
  if (isInstalled) return null;
  const args = ["ci", "--ignore-scripts", "--prefix", import.meta.dirname];
  const { status, stderr } = spawnSync("npm", args, { encoding: "utf8", cwd: projectRoot });
  return status === 0 ? null : firstLine(stderr);
}

const lockedVersion = (file: string, name: string): unknown =>
  JSON.parse(readFileSync(file, "utf8")).packages[`node_modules/${name}`]?.version;

const firstLine = (text: string): string => text.trim().split("\n", 1)[0] ?? "";

/** A package that mppx can do without, and asks for all the same when it is bundled. */
const ABSENT = { "@modelcontextprotocol/sdk/types.js": join(import.meta.dirname, "peers/absent.js") };

async function buildOther(name: string, main: string, directory: string): Promise<readonly BundleModule[]> {
  const folder = join(directory, name.replaceAll(/\W/g, "-"));
  const configFile = `${folder}.json`;
  const worker = { name: "peer", main, compatibility_date: COMPATIBILITY_DATE, alias: ABSENT, minify: true };
  writeFileSync(configFile, JSON.stringify(worker));
  return buildWorker(configFile, folder);
}

function subject(name: string, modules: readonly BundleModule[], worker: Omit<WorkerSettings, "modules">): Subject {
  const bytes = modules.map(({ contents }) => gzipSync(contents, { level: 9 }).byteLength);
  return {
    name,
    worker: { ...worker, modules },
    prefix: "",
    refusals: { replayed: 409, forged: 402 },
    gzipKb: bytes.reduce((sum, length) => sum + length, 0) / 1000,
  };
}
