// The facilitator, and the network between it and the gate. Calls are forwarded as they are; what the network does to
// them is chosen from outside.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { atExit } from "../../tools/stack/at-exit.ts";
import { readText, startServer } from "../support/server.ts";
import type { Random } from "./random.ts";

export interface Network {
  /** Before a call is forwarded. */
  delayMs: number;
  /** How many of its calls never arrive, and how many of its answers never do. */
  requestsLost: number;
  /** The same of settlements alone. */
  settlesLost: number;
  answersLost: number;
}

export const CALM: Network = { delayMs: 0, requestsLost: 0, settlesLost: 0, answersLost: 0 };

export interface MortalFacilitator {
  /** Of the network in front of it: it stays the same. */
  readonly url: string;
  readonly network: Network;
  readonly kill: () => void;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startMortalFacilitator(rpc: string, random: Random): Promise<MortalFacilitator> {
  const network = { ...CALM };
  let running: Running | null = await startProcess(rpc);
  const front = await startServer(async (request, response) => {
    const body = await readText(request);
    const { delayMs, requestsLost, settlesLost, answersLost } = network;
    const lost = request.url === "/settle" ? Math.max(requestsLost, settlesLost) : requestsLost;
    const [losesRequest, losesAnswer] = [random.chance(lost), random.chance(answersLost)];
    await sleep(delayMs);
    if (running === null || losesRequest) return request.socket.destroy();
    const method = request.method ?? "GET";
    const init = { method, headers: { "content-type": "application/json" }, ...(method === "GET" ? {} : { body }) };
    const answer = await fetch(running.url + request.url, init).catch(() => null);
    const text = await answer?.text().catch(() => null);
    if (!answer || text === null || text === undefined || losesAnswer) return request.socket.destroy();
    return response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
  });
  const kill = (): void => {
    running?.child.kill("SIGKILL");
    running?.forget();
    running = null;
  };
  return {
    url: front.url,
    network,
    kill,
    async start() {
      running ??= await startProcess(rpc);
    },
    async stop() {
      kill();
      await front.stop();
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly forget: () => void;
}

async function startProcess(rpc: string): Promise<Running> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/facilitator-process.ts`, rpc], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const forget = atExit(() => child.kill("SIGKILL"));
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("ready ")) return { child, url: line.slice("ready ".length), forget };
  }
  throw new Error("the facilitator did not start");
}
