// `npm run doctor`: whether the APIs behind the gate hand out what is sold to whoever asks them directly, and whether the
// facilitators answer, and the accounts that settle have their gas. It exits with 1 where an API does or a facilitator does not, with 2 where an API could not be asked,
// and else with 0. No API is sent a secret; a facilitator is sent its own, as far as the environment or .dev.vars has it.

import { join, relative } from "node:path";
import { parseOptions, parsePath, runCommand, UsageError } from "./command-line.ts";
import { askDirectly, formatFinding } from "./direct-requests.ts";
import { askFacilitators } from "./facilitator-answers.ts";
import { secretsAtHand } from "./local-secrets.ts";
import { compileFile, formatMistakes, pricingFile } from "./pricing-file.ts";

const usage = "npm run doctor -- [--pricing FILE]";
const root = join(import.meta.dirname, "..");
const optionTypes = { pricing: { type: "string" } } as const;

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions({ options: optionTypes }, process.argv.slice(2));
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not an option.`);
  const file = parsePath(values.pricing) ?? pricingFile;
  const config = compileFile(file);
  if (!config.ok) throw new Error(formatMistakes(relative(process.cwd(), file), config.error));
  const [findings, words] = await Promise.all([
    askDirectly(config.value),
    askFacilitators(config.value, secretsAtHand(root, process.env)),
  ]);
  for (const line of [...findings.map(formatFinding), ...words.map(({ line }) => line)]) console.log(line);
  if (findings.some(({ kind }) => kind === "open") || words.some(({ isGood }) => !isGood)) return 1;
  return findings.some(({ kind }) => kind === "unknown") ? 2 : 0;
});
