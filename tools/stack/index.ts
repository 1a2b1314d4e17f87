// The whole local stack in one process: chain, token, facilitator, an API to protect, and the gate in front of it.
// What was started is stopped in the opposite order, also when a later part fails to start.

import { join, resolve } from "node:path";
import { parseConfig, sentence } from "../../src/config/index.ts";
import { buildFacilitator, readSupported } from "../../src/facilitator/index.ts";
import { buildNotes } from "../../src/ledger/notes.ts";
import { transferChecked } from "../../src/schemes/index.ts";
import { missingSecret } from "../../src/std/index.ts";
import { buyer, network, startChain, usdc } from "./chain.ts";
import { startFacilitator } from "./facilitator.ts";
import { projectRoot, startGate } from "./gate.ts";
import { type PricingSource, readPricing, withTableFile } from "./local-table.ts";
import { choosePort, preferPort, requirePort } from "./ports.ts";
import { startSampleApi } from "./sample-api.ts";
import { chooseUpstream, fitTable, namesHosts, secretsIn } from "./table.ts";
import type { RunningWorker } from "./worker-runtime.ts";

export interface StackOptions {
  /** Where wrangler.toml and pricing.json are; this project unless told otherwise. */
  root?: string | undefined;
  port?: number | undefined;
  /** The table; without it the project's own, in front of the sample API. */
  pricing?: string | undefined;
  upstream?: string | undefined;
  /** One that settles elsewhere; the local chain still runs, for the wallet. */
  facilitator?: string | undefined;
  /** Kept across runs; without it everything ends with the stack. */
  stateDir?: string | undefined;
  /** Gets what the Worker writes to its console. */
  onLog?: ((text: string, level: string) => void) | undefined;
  onWarning?: ((warning: string) => void) | undefined;
}

/** The ready line, in the order in which it is printed. */
export interface Ready {
  ready: true;
  gate: string;
  upstream: string;
  facilitator: string;
  rpc: string;
  network: string;
  asset: string;
  buyer: { address: string; privateKey: string };
}

export interface Stack {
  ready: Ready;
  stop(): Promise<void>;
}

const GATE_PORT = 8787;

type Stop = () => Promise<void>;
type Part = { stop: Stop };

/** Starts everything. An error's message is for the operator as it is. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const stops: Stop[] = [];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (let next = stops.pop(); next; next = stops.pop()) await next().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  const keep = <P extends Part>(part: P): P => {
    stops.push(part.stop);
    return part;
  };
  try {
    return { ready: await startParts(options, keep), stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

async function startParts(options: StackOptions, keep: <P extends Part>(part: P) => P): Promise<Ready> {
  const { stateDir, onWarning } = options;
  if (options.port !== undefined) await requirePort(options.port);
  const source = readPricing(resolve(options.pricing ?? join(options.root ?? projectRoot, "pricing.json")));
  const { rpc } = keep(await preferPort(8545, (port) => startChain({ port, stateDir })));
  const facilitator =
    options.facilitator ?? keep(await preferPort(4022, (port) => startFacilitator({ rpc, port }))).url;
  const choice = chooseUpstream(source.json, { given: options.upstream, ownTable: options.pricing !== undefined });
  const upstream = choice.url ?? keep(await preferPort(9000, (port) => startSampleApi({ port }))).url;
  // A table that names its hosts has to name this one too, before anything listens there.
  const port = namesHosts(source.json) ? await choosePort(options.port ?? GATE_PORT) : options.port;
  const gateHost = port === undefined ? undefined : `127.0.0.1:${port}`;
  const keepsOwn = choice.kind === "own";
  const fitted = fitTable(source.json, { facilitator, rpc, upstream, keepsOwn, gateHost });
  requireFit(source.json, fitted.table);
  const gate = keep(await startFittedGate(source, fitted.table, { ...options, port }));
  await noteAbilities(fitted.table, gate);
  const foreign = options.facilitator === undefined ? [] : await facilitatorWarnings(options.facilitator);
  const missing = secretsIn(fitted.table).filter((name) => !gate.vars.has(name));
  const secrets = missing.map((name) => `every answer is 500: ${missingSecret(name)}`);
  for (const warning of [...choice.warnings, ...fitted.warnings, ...secrets, ...foreign]) onWarning?.(warning);
  const { address, privateKey } = buyer;
  const urls = { gate: gate.url, upstream, facilitator, rpc };
  return { ready: true, ...urls, network, asset: usdc, buyer: { address, privateKey } };
}

/** A correct table may say what the local token cannot express, such as a price with more decimals. */
function requireFit(own: unknown, fitted: unknown): void {
  const config = parseConfig(fitted);
  if (config.ok || !parseConfig(own, [transferChecked]).ok) return;
  const mistakes = config.error.map((mistake) => `  ${sentence(mistake)}`);
  throw new Error(`The table is correct, but does not fit the local chain and its USDC:\n${mistakes.join("\n")}`);
}

/** What the gate would ask behind its first answers is there before them, where each of its isolates looks for it. */
async function noteAbilities(table: unknown, { kv }: RunningWorker): Promise<void> {
  const config = parseConfig(table, [transferChecked]);
  if (!config.ok) return;
  const notes = buildNotes(await kv("SPENT"));
  const parts = { authorize: null, notes, nowMs: Date.now, random: Math.random };
  const https = config.value.facilitators.filter((settings) => settings.kind === "http");
  await Promise.all(https.map((settings) => buildFacilitator(settings, parts).supported.refresh()));
}

/** A facilitator that somebody else runs may not be there, or may not settle on the local network. */
async function facilitatorWarnings(url: string): Promise<string[]> {
  const said = await readSupported(url, 5000);
  if (!said.ok) return [`${url} does not say what it supports (${said.error}); payments may be refused.`];
  const isSupported = said.value.kinds.some(
    (kind) => kind.x402Version === 2 && kind.scheme === "exact" && kind.network === network,
  );
  return isSupported ? [] : [`${url} does not list "exact" on ${network}; payments will be refused.`];
}

function startFittedGate(source: PricingSource, table: unknown, options: StackOptions): ReturnType<typeof startGate> {
  const { root, port, stateDir, onLog } = options;
  const text = source.json === undefined ? source.text : JSON.stringify(table, null, 2);
  const gate = { root, port, preferredPort: GATE_PORT, stateDir, vars: secretsFromEnvironment(source.json), onLog };
  return withTableFile(text, (pricingFile) => startGate({ pricingFile, checkedFile: source.file, ...gate }));
}

/** Secrets that the table asks for, where this process has them; `.dev.vars` is the other place. */
function secretsFromEnvironment(table: unknown): Record<string, string> {
  const found = secretsIn(table).map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
