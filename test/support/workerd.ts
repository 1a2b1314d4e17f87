// The runtime's processes that this one has started, and how much memory they took. The figures are Linux's own.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

export function workerdChildren(): readonly number[] {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,comm="], { encoding: "utf8" });
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, command]) => Number(parent) === process.pid && command?.endsWith("workerd"))
    .map(([pid]) => Number(pid));
}

/** The most that was resident since the process began, or since it was forgotten (proc_pid_status(5), VmHWM). */
export function peakBytes(pid: number): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kibibytes === undefined) throw new Error(`process ${pid} has no peak of memory`);
  return Number(kibibytes) * 1024;
}

/** The peak is what is resident now (proc_pid_clear_refs(5)). */
export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, "5");
