// A built Worker as workerd reads it: modules, bindings and where it listens, in Cap'n Proto's text form.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BundleModule, ModuleType } from "../tools/stack/bundle.ts";

export interface WorkerSettings {
  /** The main one first. */
  readonly modules: readonly BundleModule[];
  readonly texts?: { readonly [binding: string]: string };
  /** Classes of Durable Objects with SQLite, by the name of their binding. */
  readonly objects?: { readonly [binding: string]: string };
  /** Namespaces of KV, each with the port where it is answered. */
  readonly kv?: { readonly [binding: string]: number };
}

/** The gate's, from wrangler.toml; it brings Node's modules with it, which the peers need. */
export const COMPATIBILITY_DATE = "2026-10-01";

const KINDS: { readonly [type in ModuleType]: string } = {
  ESModule: "esModule",
  CompiledWasm: "wasm",
  Text: "text",
  Data: "data",
};

/** Writes the modules into the directory, where the configuration embeds them from. Objects are kept in `stateDir`. */
export function workerdConfig(worker: WorkerSettings, directory: string, stateDir: string): string {
  const { modules, texts = {}, objects = {}, kv = {} } = worker;
  for (const { path, contents } of modules) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), contents);
  }
  const bindings = [
    ...Object.entries(texts).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...Object.entries(objects).map(([name, of]) => `(name = ${text(name)}, durableObjectNamespace = ${text(of)})`),
    ...Object.keys(kv).map((name) => `(name = ${text(name)}, kvNamespace = ${text(name)})`),
  ];
  const classes = Object.values(objects);
  const namespaces = classes.map((of) => `(className = ${text(of)}, uniqueKey = ${text(of)}, enableSql = true)`);
  const storage = classes.length > 0 ? 'durableObjectStorage = (localDisk = "state"),' : "";
  const stores = Object.entries(kv).map(([name, port]) => {
    return `(name = ${text(name)}, external = (address = "127.0.0.1:${port}", http = ()))`;
  });
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = ${list([
    '(name = "main", worker = .worker)',
    // The upstream and the facilitator are on this machine, which a Worker may not reach unless it is told so.
    '(name = "internet", network = (allow = ["private", "public"]))',
    `(name = "state", disk = (path = ${text(stateDir)}, writable = true))`,
    ...stores,
  ])},
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = ${list(modules.map(({ path, type }) => `(name = ${text(path)}, ${KINDS[type]} = embed ${text(path)})`))},
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  bindings = ${list(bindings)},
  durableObjectNamespaces = ${list(namespaces)},
  ${storage}
);
`;
}

const text = (value: string): string => JSON.stringify(value);
const list = (entries: readonly string[]): string => `[${entries.join(", ")}]`;
