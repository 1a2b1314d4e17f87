// `npm run check`: whether the pricing table and the bindings of `wrangler.toml` can be built, and what the table means.
// Wrangler runs it before every build with --quiet, where only mistakes are told: what is wrong is neither deployed nor
// started. What the table of the build needs of the optional parts is written for the bundler.

import { relative } from "node:path";
import { bindingMistakes, bindingWarnings } from "./bindings.ts";
import { parseOptions, parsePath, runCommand, UsageError } from "./command-line.ts";
import { formatTable } from "./compiled-table.ts";
import { featuresFile, writeFeatures } from "./features.ts";
import { builtFile, compileFile, formatMistakes, pricingFile, readText } from "./pricing-file.ts";
import { idleUpstreams, unchosenLimits } from "./table-warnings.ts";

const usage = "npm run check -- [--pricing FILE] [--quiet]";
const optionTypes = { pricing: { type: "string" }, quiet: { type: "boolean" } } as const;

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions({ options: optionTypes }, process.argv.slice(2));
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not an option.`);
  const file = parsePath(values.pricing) ?? pricingFile;
  const config = compileFile(file);
  const mistakes = config.ok ? bindingMistakes(config.value) : config.error;
  if (mistakes.length > 0) throw new Error(formatMistakes(relative(process.cwd(), file), mistakes));
  // No build names its table on the command line.
  const built = values.pricing === undefined ? compileFile(builtFile) : null;
  if (built?.ok === false) throw new Error(formatMistakes(relative(process.cwd(), builtFile), built.error));
  if (built?.ok) writeFeatures(built.value, featuresFile);
  if (config.ok && !values.quiet) {
    const written = JSON.parse(readText(file));
    const others = [...unchosenLimits(config.value, written), ...idleUpstreams(written), ...bindingWarnings()];
    console.log(formatTable(config.value, others));
  }
  return 0;
});
