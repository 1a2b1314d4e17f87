// What stands around the Worker in its tests, started once for all files.

import type { TestProject } from "vitest/node";
import { startFakeFacilitator } from "./fake-facilitator.ts";
import { startFakeUpstream } from "./fake-upstream.ts";
import { startLiveRpc } from "./live-rpc.ts";

declare module "vitest" {
  interface ProvidedContext {
    upstream: string;
    otherUpstream: string;
    facilitator: string;
    otherFacilitator: string;
    rpc: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const servers = {
    upstream: await startFakeUpstream(),
    otherUpstream: await startFakeUpstream(),
    facilitator: await startFakeFacilitator(),
    otherFacilitator: await startFakeFacilitator(),
    rpc: await startLiveRpc(),
  };
  for (const [name, { url }] of Object.entries(servers)) provide(name as keyof typeof servers, url);
  return async () => {
    await Promise.all(Object.values(servers).map(({ stop }) => stop()));
  };
}
