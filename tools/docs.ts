// `npm run docs`: writes what is generated from the schema of the pricing table. A test tells when it has to run again.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseOptions, runCommand } from "./command-line.ts";
import { generatedFiles } from "./docs/generated.ts";

await runCommand("npm run docs", async () => {
  parseOptions({ options: {} }, process.argv.slice(2));
  for (const [name, text] of Object.entries(generatedFiles())) {
    const file = resolve(import.meta.dirname, "..", name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return 0;
});
