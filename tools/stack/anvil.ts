// The anvil program as a child process: where it is found, how it starts, how it stops. It knows nothing of tokens.

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { atExit } from "./at-exit.ts";

const npmPackage = "@foundry-rs/anvil-linux-amd64";
const startMsMax = 20_000;
const stopMsMax = 10_000;

export interface Anvil {
  port: number;
  stop(): Promise<void>;
}

/** Starts anvil with these arguments on the loopback interface; port 0 lets it choose a free one. */
export async function startAnvil(port: number, args: readonly string[]): Promise<Anvil> {
  // A group of its own: Ctrl-C reaches the whole foreground group, and the chain has to outlive the Worker's last settle.
  const child = spawn(findAnvil(), ["--host", "127.0.0.1", "--port", String(port), "--color", "never", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const forget = atExit(() => child.kill("SIGTERM"));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()));
  void exited.then(forget);
  try {
    return { port: await listeningPort(child), stop: () => end(child, exited) };
  } catch (error) {
    await end(child, exited);
    throw error;
  }
}

/** SIGTERM lets anvil write its state file; the promise is kept when the process is gone. */
async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  const force = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
  child.kill("SIGTERM");
  await exited;
  clearTimeout(force);
}

function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    let port: string | undefined;
    const fail = (how: string): void => reject(new Error(`anvil ${how}\n${output}`.trim()));
    const timer = setTimeout(() => fail(`is not ready after ${startMsMax} ms.`), startMsMax).unref();
    const read = (chunk: Buffer): void => {
      // Read on when it is ready: a full pipe would stop anvil in the middle of its log.
      if (port !== undefined) return;
      output += chunk;
      port = /Listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", ({ message }) => fail(`cannot be started: ${message}`));
    child.once("exit", () => fail("ended at its start."));
  });
}

/** The program named by ANVIL, else the npm package of this platform, else Foundry on the PATH. */
export function findAnvil(): string {
  const found = process.env.ANVIL || fromPackage() || fromPath();
  if (found) return found;
  throw new Error(
    `The local chain needs anvil, and there is none for ${process.platform}-${process.arch}: install Foundry ` +
      "(https://getfoundry.sh) so that `anvil` is on the PATH, or set ANVIL to the program's path.",
  );
}

function fromPackage(): string | undefined {
  try {
    return executable(join(dirname(createRequire(import.meta.url).resolve(`${npmPackage}/package.json`)), "bin/anvil"));
  } catch {
    return undefined;
  }
}

function fromPath(): string | undefined {
  const name = process.platform === "win32" ? "anvil.exe" : "anvil";
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => executable(join(folder, name))).find(Boolean);
}

function executable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}
