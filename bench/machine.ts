// Where and with what it was measured: figures without this mean nothing.

import { availableParallelism, cpus, loadavg } from "node:os";
import { onCore, workerdVersion } from "./runtime.ts";

export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
  readonly workerd: string;
  /** Whether the runtime has a core of its own among ours. */
  readonly isPinned: boolean;
  /** Of the minute before: what others did on the machine. */
  readonly loadBefore: number;
}

export const readMachine = (): Machine => ({
  date: new Date().toISOString().slice(0, 10),
  processor: cpus()[0]?.model.trim() ?? "an unknown processor",
  cores: availableParallelism(),
  node: process.versions.node,
  workerd: workerdVersion,
  isPinned: onCore(1).length > 0,
  loadBefore: loadavg()[0] ?? Number.NaN,
});

export function machineText({ date, processor, cores, node, workerd, isPinned, loadBefore }: Machine): string {
  const place = isPinned ? "runtime on core 0, all else on core 1" : "not bound to cores";
  const load = `${loadBefore.toFixed(1)} processes were running before`;
  return `${date}, ${processor}, ${cores} cores (${place}), workerd ${workerd}, Node ${node}; ${load}`;
}
