// The production bundle in workerd, over state on disk, to be killed with SIGKILL and started again on the same state and
// port. Only workerd is killed: the process that serves it goes on, and starts another one when it is told to.

import { join } from "node:path";
import { buildBundle } from "../../tools/stack/bundle.ts";
import { projectRoot } from "../../tools/stack/gate.ts";
import { choosePort } from "../../tools/stack/ports.ts";
import { type RunningWorker, serveWorker } from "../../tools/stack/worker-runtime.ts";
import { workerdChildren } from "../support/workerd.ts";

export interface MortalGate {
  readonly url: string;
  /** Leaves its clients and its state as they are at that moment. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** @param onError gets what the Worker says beside its request lines */
export async function startMortalGate(
  pricingFile: string,
  directory: string,
  onError: (text: string) => void,
): Promise<MortalGate> {
  const files = { built: pricingFile, checked: pricingFile };
  const modules = await buildBundle(projectRoot, files, join(directory, "bundle"));
  const port = await choosePort(0);
  const onLog = (text: string): void => {
    if (!text.startsWith('{"event":"request"')) onError(text);
  };
  const serve = () =>
    serveWorker(join(projectRoot, "wrangler.toml"), modules, { port, stateDir: join(directory, "state"), onLog });
  let running: RunningWorker | null = await serve();
  return {
    url: `http://127.0.0.1:${port}`,
    async kill() {
      const worker = running;
      running = null;
      for (const pid of workerdChildren()) process.kill(pid, "SIGKILL");
      // In the same turn, or it would be started again at once by who serves it.
      await worker?.stop();
    },
    async start() {
      running ??= await serve();
    },
    async stop() {
      await running?.stop();
    },
  };
}
