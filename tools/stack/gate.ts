// The gate itself: the production bundle in workerd, with local storage behind the bindings of wrangler.toml.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { atExit } from "./at-exit.ts";
import { buildBundle } from "./bundle.ts";
import { preferPort } from "./ports.ts";
import type { RunningWorker, WorkerOptions } from "./worker-runtime.ts";

export const projectRoot = resolve(import.meta.dirname, "../..");

export interface GateOptions extends WorkerOptions {
  /** The table that is built in. */
  pricingFile: string;
  /** What the build command checks, where `pricingFile` was made from it: mistakes are told as the operator made them. */
  checkedFile?: string | undefined;
  /** Where wrangler.toml is; this project unless told otherwise. */
  root?: string | undefined;
  /** Used if it is free and no `port` is given. */
  preferredPort?: number | undefined;
}

/** Builds and serves the Worker. An error's message is for the operator as it is. */
export async function startGate(options: GateOptions): Promise<RunningWorker> {
  const root = options.root ?? projectRoot;
  const outDir = mkdtempSync(join(tmpdir(), "faregate-bundle-"));
  const removeOutDir = (): void => rmSync(outDir, { recursive: true, force: true });
  const forget = atExit(removeOutDir);
  try {
    // The runtime's packages take most of a second to load: that passes while the bundle is built.
    const tables = {
      built: resolve(options.pricingFile),
      checked: resolve(options.checkedFile ?? options.pricingFile),
    };
    const bundle = buildBundle(root, tables, outDir);
    const [modules, { serveWorker }] = await Promise.all([bundle, import("./worker-runtime.ts")]);
    const serve = (port: number) => serveWorker(join(root, "wrangler.toml"), modules, { ...options, port });
    return await (options.port === undefined ? preferPort(options.preferredPort ?? 0, serve) : serve(options.port));
  } finally {
    removeOutDir();
    forget();
  }
}
