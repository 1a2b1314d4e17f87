// The project's npm scripts as a user runs them.

import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  /** To the whole group of processes, as a terminal sends it. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves with the first line of standard output that the pattern fits. */
  readonly line: (pattern: RegExp) => Promise<string>;
  readonly ended: Promise<Ended>;
}

/** `npm run --silent SCRIPT -- ARGS`; nothing of this process's own npm is inherited. */
export function npmRun(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn("npm", ["run", "--silent", script, "--", ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    detached: true,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  const line = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = stdout.split("\n").find((text) => pattern.test(text));
      if (found !== undefined) return found;
      const isOver = await Promise.race([ended.then(() => true), new Promise((resolve) => setTimeout(resolve, 50))]);
      if (isOver === true) throw new Error(`npm run ${script} ended without such a line:\n${stdout}\n${stderr}`);
    }
  };
  const pid = child.pid ?? 0;
  const signal = (name: NodeJS.Signals): void => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, name);
  };
  return { pid, signal, line, ended };
}
