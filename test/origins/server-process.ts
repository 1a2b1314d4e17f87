// A server of the system's as a child: in a group of its own, so that what it started ends with it and nothing else does.

import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { atExit } from "../../tools/stack/at-exit.ts";

export interface ServerProcess {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const START_MS_MAX = 60_000;

/** Resolves when the port is listened on. */
export async function startProcess(
  [command = "", ...args]: readonly string[],
  port: number,
  env: NodeJS.ProcessEnv,
): Promise<ServerProcess> {
  const child = spawn(command, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  const read = (chunk: Buffer): void => void (output = (output + chunk).slice(-4000));
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${command} ended with ${code} instead of listening:\n${output}`)));
  });
  failed.catch(() => undefined);
  const forget = atExit(() => signal(child, "SIGKILL"));
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once("close", resolve));
    if (child.exitCode !== null || child.signalCode !== null) return forget();
    signal(child, "SIGTERM");
    const impatience = setTimeout(() => signal(child, "SIGKILL"), 3000);
    await ended;
    clearTimeout(impatience);
    forget();
  };
  try {
    await Promise.race([listening(port, command), failed]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** To the whole group; one that is gone needs none. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    return;
  }
}

async function listening(port: number, command: string): Promise<void> {
  const untilMs = Date.now() + START_MS_MAX;
  while (Date.now() < untilMs) {
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${command} does not listen on ${port} after ${START_MS_MAX / 1000} s`);
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
