// .faregate/local.json: the ready line of the stack that was started last, where `npm run pay` finds its wallet.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "./stack/gate.ts";
import type { Ready } from "./stack/index.ts";

/** FAREGATE_LOCAL names another file, for stacks that should not know of each other. */
const file = process.env.FAREGATE_LOCAL ?? join(projectRoot, ".faregate/local.json");

export function writeReady(ready: Ready): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(ready)}\n`);
}

/** Undefined where no stack has ever been started, and where the file is not one of ours. */
export function readReady(): Ready | undefined {
  try {
    const ready: Partial<Ready> = JSON.parse(readFileSync(file, "utf8"));
    return ready.buyer?.privateKey && ready.network ? (ready as Ready) : undefined;
  } catch {
    return undefined;
  }
}
