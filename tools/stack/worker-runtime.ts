// Runs a built Worker in workerd, through Miniflare, with the bindings that wrangler.toml names.

import { join, resolve } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { atExit } from "./at-exit.ts";
import type { BundleModule } from "./bundle.ts";

export interface WorkerOptions {
  port?: number | undefined;
  /** Keeps KV, Durable Objects and D1 across runs; without it they end with the Worker. */
  stateDir?: string | undefined;
  /** Variables and secrets, over those of wrangler.toml and .dev.vars. */
  vars?: Record<string, string> | undefined;
  /** Gets what the Worker writes to its console, and its uncaught errors. */
  onLog?: ((text: string, level: string) => void) | undefined;
}

export interface RunningWorker {
  url: string;
  /** Names of its variables and secrets, whatever they come from. */
  vars: ReadonlySet<string>;
  kv(binding: string): Promise<KVNamespace>;
  stop(): Promise<void>;
}

/** Serves these modules on the loopback interface; the first one is the main module. */
export async function serveWorker(
  configFile: string,
  modules: BundleModule[],
  options: WorkerOptions,
): Promise<RunningWorker> {
  const { urls, ...worker } = await serveWorkers(configFile, [modules], options);
  return { ...worker, url: urls[0] ?? "" };
}

/** Several Workers in one process, each on a port of its own; they share nothing but the process. */
export async function serveWorkers(
  configFile: string,
  bundles: readonly BundleModule[][],
  options: WorkerOptions,
): Promise<{ urls: readonly string[] } & Omit<RunningWorker, "url">> {
  const { workerOptions, externalWorkers } = readConfig(configFile);
  const workers = bundles.map((modules, i) => ({
    ...workerOptions,
    // The first one keeps its name, which its stored state goes by.
    name: [workerOptions.name ?? "gate", ...(i > 0 ? [i] : [])].join("-"),
    modules,
    bindings: Object.assign({}, workerOptions.bindings, options.vars),
    // Miniflare's own entry hands over a resolved URL, in which `/x/%2e%2e/paid` has become `/paid`. This socket hands
    // over what the client sent, as the platform does.
    unsafeDirectSockets: [{ host: "127.0.0.1", port: options.port ?? 0 }],
  }));
  const shared = { host: "127.0.0.1", cf: false, telemetry: { enabled: false }, ...sharedOptions(options) };
  const miniflare = construct(convertV4MiniflareOptions({ ...shared, workers: [...workers, ...externalWorkers] }));
  // Miniflare ends workerd when the process exits; this makes a signal end in such an exit.
  const forget = atExit(() => {});
  const stop = (): Promise<void> => miniflare.dispose().finally(forget);
  try {
    const urls = await Promise.all(workers.map(({ name }) => miniflare.unsafeGetDirectURL(name)));
    return {
      urls: urls.map(({ origin }) => origin),
      vars: new Set(Object.keys(workers[0]?.bindings ?? {}).filter((name) => workers[0]?.bindings[name] !== "")),
      kv: async (binding) => (await miniflare.getKVNamespace(binding)) as unknown as KVNamespace,
      stop,
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** Reads bindings and .dev.vars as wrangler does, without what it prints about them. */
function readConfig(configFile: string): ReturnType<typeof unstable_getMiniflareWorkerOptions> {
  const level = process.env.WRANGLER_LOG;
  process.env.WRANGLER_LOG = "none";
  try {
    return unstable_getMiniflareWorkerOptions(configFile, "");
  } finally {
    if (level === undefined) delete process.env.WRANGLER_LOG;
    else process.env.WRANGLER_LOG = level;
  }
}

function sharedOptions({ stateDir, onLog }: WorkerOptions) {
  return {
    handleStructuredLogs: (log: { level: string; message: string }) => onLog?.(log.message, log.level),
    ...(stateDir === undefined ? {} : { resourcePersistencePath: join(resolve(stateDir), "worker") }),
  };
}

/** Takes Miniflare's signal handlers away: they exit at once, and what a signal means is the launcher's to say. */
function construct(options: ConstructorParameters<typeof Miniflare>[0]): Miniflare {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const before = signals.map((signal) => process.listeners(signal));
  const miniflare = new Miniflare(options);
  signals.forEach((signal, index) => {
    const added = process.listeners(signal).filter((listener) => !before[index]?.includes(listener));
    for (const listener of added) process.off(signal, listener);
  });
  return miniflare;
}
