// One Worker in one `workerd serve` process of its own, with nothing of Miniflare's or wrangler's between it and its
// clients. The process is kept on the machine's first core where it can be, and its CPU time is the kernel's own count.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { atExit } from "../tools/stack/at-exit.ts";
import { type WorkerSettings, workerdConfig } from "./workerd-config.ts";

export interface Runtime {
  readonly port: number;
  /** From the start of the process to the moment where it listens. */
  readonly listeningMs: number;
  /** User and system time of all its threads. */
  readonly cpuMs: () => number;
  readonly memoryMb: () => number;
  /** The most that it ever had. */
  readonly peakMemoryMb: () => number;
  readonly stop: () => Promise<void>;
}

/** workerd comes with Miniflare, and is its dependency. */
const require = createRequire(createRequire(import.meta.url).resolve("miniflare"));
const { default: workerd, version } = require("workerd") as { default: string; version: string };
export const workerdVersion = version;

/** Linux's file system in memory: the Durable Objects' files are kept there, so that no disk is measured. */
const MEMORY = "/dev/shm";

/** The words to start a process on this core with, or none where that cannot be asked for. */
export function onCore(core: number): readonly string[] {
  if (availableParallelism() <= core) return [];
  try {
    execFileSync("taskset", ["-c", String(core), "true"], { stdio: "ignore" });
    return ["taskset", "-c", String(core)];
  } catch {
    return [];
  }
}

export async function startRuntime(worker: WorkerSettings): Promise<Runtime> {
  const directory = mkdtempSync(join(tmpdir(), "faregate-bench-"));
  const configFile = join(directory, "config.capnp");
  const stateDir = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : directory, "faregate-bench-"));
  writeFileSync(configFile, workerdConfig(worker, directory, stateDir));
  const [command = workerd, ...args] = [...onCore(0), workerd, "serve", configFile, "--control-fd=3"];
  const startMs = performance.now();
  // The gate's request lines go where nobody reads them, but they are written.
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  const remove = (): void => {
    for (const path of [directory, stateDir]) rmSync(path, { recursive: true, force: true });
  };
  const forget = atExit(() => {
    child.kill("SIGKILL");
    remove();
  });
  const stop = async (): Promise<void> => {
    await ended(child);
    remove();
    forget();
  };
  try {
    const port = await listeningPort(child);
    const { pid = 0 } = child;
    const listeningMs = performance.now() - startMs;
    return { port, listeningMs, cpuMs: () => readCpuMs(pid), ...memory(pid), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

async function listeningPort(child: ChildProcess): Promise<number> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const { event, port } = JSON.parse(line);
    if (event === "listen") return port;
  }
  throw new Error(`workerd does not serve this Worker:\n${said}`);
}

const TICKS_A_SECOND = 100;

/** proc(5): fields 14 and 15, counted from the name in parentheses, which may hold spaces. */
function readCpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND;
}

function memory(pid: number): Pick<Runtime, "memoryMb" | "peakMemoryMb"> {
  const read = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  return { memoryMb: () => read("VmRSS"), peakMemoryMb: () => read("VmHWM") };
}
