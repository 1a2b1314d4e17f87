// `npm run check`: whether the pricing table and the bindings of `wrangler.toml` can be built, and what the table means.
// Wrangler runs it before every build with --quiet, where only mistakes are told: what is wrong is neither deployed nor
// started. What the table of the build needs of the optional parts is written for the bundler.

import { join, relative, resolve } from "node:path";
import { unstable_readConfig } from "wrangler";
import type { Config } from "../src/config/index.ts";
import { parseOptions, parsePath, runCommand, UsageError } from "./command-line.ts";
import { formatTable } from "./compiled-table.ts";
import { featuresFile, writeFeatures } from "./features.ts";
import { compileFile, formatMistakes, pricingFile } from "./pricing-file.ts";

const usage = "npm run check -- [--pricing FILE] [--quiet]";
const optionTypes = { pricing: { type: "string" }, quiet: { type: "boolean" } } as const;

/** Every environment that wrangler.toml has; the unnamed one is the local one. */
const ENVIRONMENTS = [undefined, "testnet", "production"];

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions({ options: optionTypes }, process.argv.slice(2));
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not an option.`);
  const file = parsePath(values.pricing) ?? pricingFile;
  const config = compileFile(file);
  const mistakes = config.ok ? bindingMistakes(config.value) : config.error;
  if (mistakes.length > 0) throw new Error(formatMistakes(relative(process.cwd(), file), mistakes));
  // No build names its table on the command line.
  if (config.ok && values.pricing === undefined) writeFeatures(config.value, featuresFile);
  if (config.ok && !values.quiet) console.log(formatTable(config.value));
  return 0;
});

function bindingMistakes({ upstreams }: Config): readonly string[] {
  const services = upstreams.flatMap(({ service }) => service ?? []);
  return ENVIRONMENTS.flatMap((env) => {
    const bound = boundNames(env);
    return ["SPENT", "LEDGER", "UNPROVEN", ...new Set(services)]
      .filter((name) => !bound.has(name))
      .map((name) => `wrangler.toml${env === undefined ? "" : `, env ${env}`}: the binding ${name} is missing`);
  });
}

function boundNames(env: string | undefined): ReadonlySet<string> {
  const { kv_namespaces, durable_objects, services, ratelimits } = unstable_readConfig({
    config: join(resolve(import.meta.dirname, ".."), "wrangler.toml"),
    ...(env !== undefined && { env }),
  });
  const bindings = [...kv_namespaces, ...(services ?? [])].map(({ binding }) => binding);
  return new Set([...bindings, ...[...durable_objects.bindings, ...(ratelimits ?? [])].map(({ name }) => name)]);
}
