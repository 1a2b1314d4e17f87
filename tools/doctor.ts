// `npm run doctor`: whether the APIs behind the gate hand out what is sold to whoever asks them directly. It exits with 1
// where one does, and with 0 where they refuse or cannot be reached from here. It knows no secret and sends none.

import { relative } from "node:path";
import { parseOptions, parsePath, runCommand, UsageError } from "./command-line.ts";
import { askDirectly, formatFinding } from "./direct-requests.ts";
import { compileFile, formatMistakes, pricingFile } from "./pricing-file.ts";

const usage = "npm run doctor -- [--pricing FILE]";
const optionTypes = { pricing: { type: "string" } } as const;

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions({ options: optionTypes }, process.argv.slice(2));
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not an option.`);
  const file = parsePath(values.pricing) ?? pricingFile;
  const config = compileFile(file);
  if (!config.ok) throw new Error(formatMistakes(relative(process.cwd(), file), config.error));
  const findings = await askDirectly(config.value);
  for (const finding of findings) console.log(formatFinding(finding));
  return findings.some(({ kind }) => kind === "open") ? 1 : 0;
});
