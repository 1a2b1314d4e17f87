// Many gates at once: the production bundle is built once, around a placeholder, and served with a table of its own in
// each of many Workers of one workerd.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BundleModule, buildBundle } from "../../tools/stack/bundle.ts";
import { projectRoot } from "../../tools/stack/gate.ts";
import { serveWorkers } from "../../tools/stack/worker-runtime.ts";

const PLACEHOLDER = "the-table-of-this-gate";

export interface Gates {
  /** In the order of the tables. */
  readonly urls: readonly string[];
  readonly stop: () => Promise<void>;
}

export async function startGates(tables: readonly object[]): Promise<Gates> {
  const directory = mkdtempSync(join(tmpdir(), "faregate-gates-"));
  try {
    const built = join(directory, "table.mjs");
    writeFileSync(built, `export default JSON.parse("${PLACEHOLDER}");`);
    const shipped = join(projectRoot, "pricing.json");
    const files = { built, checked: shipped, fitted: shipped };
    const modules = await buildBundle(projectRoot, files, join(directory, "bundle"));
    const bundles = tables.map((table) => modules.map((module) => withTable(module, table)));
    return await serveWorkers(join(projectRoot, "wrangler.toml"), bundles, {});
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function withTable(module: BundleModule, table: object): BundleModule {
  const { contents } = module;
  if (typeof contents !== "string") return module;
  // A replacement is no pattern only where a function gives it: "$1" is a price here.
  const text = JSON.stringify(JSON.stringify(table));
  return { ...module, contents: contents.replace(new RegExp(`["'\`]${PLACEHOLDER}["'\`]`), () => text) };
}
