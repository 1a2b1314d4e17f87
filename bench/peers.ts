// What somebody would take in the gate's place, from npm, with a lock of its own: as an installation of the project it
// would be larger than the project. What cannot be had on this machine is told in a line and left out.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ASSET, NETWORK, PAY_TO } from "../test/support/payment.ts";
import { projectRoot } from "../tools/stack/gate.ts";
import type { Backends } from "./backends.ts";
import { buildOther, type Subject, subject } from "./subjects.ts";

const CHAIN_ID = NETWORK.slice("eip155:".length);

interface Peer {
  /** Of its package. */
  readonly name: string;
  /** Its Worker in peers/. */
  readonly file: string;
  /** Where it puts the upstream's paths. */
  readonly prefix: string;
  readonly texts: { readonly [binding: string]: string };
}

const PEERS: readonly Peer[] = [
  { name: "@x402/hono", file: "x402-hono.js", prefix: "", texts: { NETWORK, PAY_TO } },
  { name: "mppx", file: "mppx.js", prefix: "/api", texts: { ASSET, PAY_TO, CHAIN_ID } },
];

export async function buildPeers(
  backends: Backends,
  directory: string,
  tell: (line: string) => void,
): Promise<readonly Subject[]> {
  const complaint = install();
  if (complaint !== null) tell(`npm ci --prefix bench: ${complaint}`);
  const built: Subject[] = [];
  for (const peer of PEERS) {
    try {
      built.push(await buildPeer(peer, backends, directory));
    } catch (error) {
      tell(`${peer.name} is left out: ${reason((error as Error).message)}`);
    }
  }
  return built;
}

async function buildPeer({ name, file, prefix, texts }: Peer, backends: Backends, directory: string): Promise<Subject> {
  const version = installedVersion(name);
  if (version === null) throw new Error("it is not installed");
  const modules = await buildOther(name, join(import.meta.dirname, "peers", file), directory);
  const bound = { UPSTREAM: backends.upstream, FACILITATOR: backends.facilitator(file), ...texts };
  // They leave it to the facilitator to know what was spent.
  const refusals = { replayed: 402, forged: 402 };
  return { ...subject(`${name} ${version}`, modules, { texts: bound }), prefix, refusals };
}

/** Null, or what npm said. */
function install(): string | null {
  const locked = readJson(join(import.meta.dirname, "package-lock.json"));
  const isInstalled = PEERS.every(
    ({ name }) => installedVersion(name) === locked.packages[`node_modules/${name}`].version,
  );
  if (isInstalled) return null;
  const args = ["ci", "--ignore-scripts", "--prefix", import.meta.dirname];
  const { status, stderr } = spawnSync("npm", args, { encoding: "utf8", cwd: projectRoot });
  return status === 0 ? null : reason(stderr);
}

function installedVersion(name: string): string | null {
  const file = join(import.meta.dirname, "node_modules", name, "package.json");
  return existsSync(file) ? readJson(file).version : null;
}

const readJson = (file: string) => JSON.parse(readFileSync(file, "utf8"));

/** The one line of many that says it. */
function reason(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return (
    lines.find((line) => /could not resolve|npm error [a-z]+ [^/]/i.test(line)) ??
    lines.find(Boolean) ??
    "no reason given"
  );
}
