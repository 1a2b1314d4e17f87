// The secrets that a table names, as far as this machine has them: in the environment, or in the local stack's `.dev.vars`.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Secrets } from "../src/std/index.ts";

/** @param directory of wrangler.toml; what the environment has goes first */
export function secretsAtHand(directory: string, environment: NodeJS.ProcessEnv): Secrets {
  const file = join(directory, ".dev.vars");
  const vars = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  return { ...vars, ...environment };
}
