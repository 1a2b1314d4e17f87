// A real chain for tests in workerd, started once for all files.

import type { TestProject } from "vitest/node";
import { startChain } from "../../tools/stack/chain.ts";

declare module "vitest" {
  interface ProvidedContext {
    chain: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const chain = await startChain();
  provide("chain", chain.rpc);
  return chain.stop;
}
