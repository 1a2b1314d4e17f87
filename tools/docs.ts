// `npm run docs`: writes what is generated from the schema of the pricing table. A test tells when it has to run again.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { generatedFiles } from "./docs/generated.ts";

for (const [name, text] of Object.entries(generatedFiles())) {
  const file = resolve(import.meta.dirname, "..", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
