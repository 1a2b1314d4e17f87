// What stands around the Worker in its tests, started once for all files.

import type { TestProject } from "vitest/node";
import { startFakeFacilitator } from "./fake-facilitator.ts";
import { startFakeUpstream } from "./fake-upstream.ts";

declare module "vitest" {
  interface ProvidedContext {
    upstream: string;
    facilitator: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const [upstream, facilitator] = await Promise.all([startFakeUpstream(), startFakeFacilitator()]);
  provide("upstream", upstream.url);
  provide("facilitator", facilitator.url);
  return async () => {
    await Promise.all([upstream.stop(), facilitator.stop()]);
  };
}
