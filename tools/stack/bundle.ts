// Builds the production bundle, exactly as a deployment does, around one pricing table. The project's build command runs
// on the way and may refuse the table: its words are then the error, whole and alone.

import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, extname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { atExit } from "./at-exit.ts";

export type ModuleType = "ESModule" | "CompiledWasm" | "Text" | "Data";

export interface BundleModule {
  type: ModuleType;
  path: string;
  contents: string | Uint8Array<ArrayBuffer>;
}

/** How wrangler uploads a file of the bundle; source maps and its README are not part of it. */
const moduleTypes: Record<string, ModuleType> = {
  ".js": "ESModule",
  ".mjs": "ESModule",
  ".wasm": "CompiledWasm",
  ".txt": "Text",
  ".html": "Text",
  ".sql": "Text",
  ".bin": "Data",
};

const stdio = ["ignore", "pipe", "pipe"] satisfies StdioOptions;

/** Absolute paths. */
export interface TableFiles {
  built: string;
  /** The one that the build command judges: whose words its mistakes are in. */
  checked: string;
  /** The one that the parts are chosen for, where that is not what is built in. */
  fitted?: string;
}

/** Bundles the Worker of `root` into `outDir`; the main module comes first. */
export async function buildBundle(root: string, tables: TableFiles, outDir: string): Promise<BundleModule[]> {
  // A file of its own: in one checkout other tables may be built at the same time.
  const features = join(outDir, "features.ts");
  const { built, checked, fitted = built } = tables;
  const named = { FAREGATE_PRICING: checked, FAREGATE_BUILT: fitted, FAREGATE_FEATURES: features };
  const environment = { cwd: root, env: { ...buildEnvironment(), ...named } };
  const aliases = ["--alias", `pricing:${built}`, "--alias", `features:${features}`];
  const flags = ["--env", "", "--outdir", outDir, ...aliases];
  const { code, output } = await runWrangler(flags, environment);
  if (code !== 0) throw new Error(await buildError(output, environment));
  return readModules(outDir);
}

/** Bundles any other Worker in the same way; `configFile` is its own wrangler.toml or wrangler.json. */
export async function buildWorker(configFile: string, outDir: string): Promise<BundleModule[]> {
  const environment = { cwd: dirname(configFile), env: buildEnvironment() };
  const { code, output } = await runWrangler(["--config", configFile, "--outdir", outDir], environment);
  if (code !== 0) throw new Error(await buildError(output, environment));
  return readModules(outDir);
}

function runWrangler(flags: readonly string[], environment: { cwd: string; env: NodeJS.ProcessEnv }) {
  const wrangler = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js");
  return run(spawn(process.execPath, [wrangler, "deploy", "--dry-run", ...flags], { ...environment, stdio }));
}

function buildEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    // Without these wrangler looks for its servers first, which takes long on a machine without a network.
    WRANGLER_SEND_METRICS: "false",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_WRITE_LOGS: "false",
    NO_COLOR: "1",
    // npm, as a build command, would leave its cache in the temporary directory.
    NODE_DISABLE_COMPILE_CACHE: "1",
    // The build command says `node`, and means the one that runs this file.
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}`,
  };
}

function run(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  const forget = atExit(() => child.kill());
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk: string): void => void (output += chunk);
    child.stdout?.setEncoding("utf8").on("data", read);
    child.stderr?.setEncoding("utf8").on("data", read);
    child.once("error", reject).once("close", (code) => {
      forget();
      resolve({ code, output: stripVTControlCharacters(output).trim() });
    });
  });
}

/** What the build command says, if it was that which failed; else all that wrangler said. */
async function buildError(output: string, environment: { cwd: string; env: NodeJS.ProcessEnv }): Promise<string> {
  const command = /Running custom build `(.+)` failed/.exec(output)?.[1];
  if (command === undefined) return `The Worker cannot be built.\n${output}`;
  // Wrangler cuts the command's words to pieces and wraps them in its own; asked again, the command says them whole.
  const said = await run(spawn(command, { ...environment, stdio, shell: true }));
  return said.output || `The build command of wrangler.toml failed and did not say why: ${command}`;
}

function readModules(outDir: string): BundleModule[] {
  const names = readdirSync(outDir, { recursive: true, encoding: "utf8" });
  const modules = names.flatMap((path): BundleModule[] => {
    const type = moduleTypes[extname(path)];
    if (type === undefined) return [];
    const bytes = new Uint8Array(readFileSync(join(outDir, path)));
    return [{ type, path, contents: type === "ESModule" || type === "Text" ? new TextDecoder().decode(bytes) : bytes }];
  });
  return modules.sort((a, b) => Number(b.path === "index.js") - Number(a.path === "index.js"));
}
