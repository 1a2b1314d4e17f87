// The API behind the gate: it counts its executions, and fails in every way while it is told to.

import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { startServer, type TestServer } from "../support/server.ts";
import type { Random } from "./random.ts";

export interface FailingUpstream extends TestServer {
  readonly faults: { failing: number };
  /** When each URL was executed. */
  readonly executions: ReadonlyMap<string, readonly number[]>;
}

type Failure = "error" | "drop" | "hang" | "short";

export async function startFailingUpstream(random: Random): Promise<FailingUpstream> {
  const faults = { failing: 0 };
  const executions = new Map<string, number[]>();
  const server = await startServer(async (request, response) => {
    const url = request.url ?? "";
    executions.set(url, [...(executions.get(url) ?? []), Date.now()]);
    const failure = random.chance(faults.failing) ? random.pick<Failure>(["error", "drop", "hang", "short"]) : null;
    if (failure === "error") return response.writeHead(500).end("not now");
    if (failure === "drop") return request.socket.destroy();
    if (failure === "hang") return;
    await sleep(random.between(1, 40));
    return answer(response, url, failure === "short");
  });
  return { ...server, faults, executions };
}

/** A stream has no length, so that nobody can tell at its beginning whether it will be whole. */
async function answer(response: ServerResponse, url: string, isShort: boolean): Promise<void> {
  const goods = `goods of ${url}\n`;
  const isStream = url.includes("/stream");
  response.writeHead(200, isStream ? {} : { "content-length": 2 * goods.length });
  response.write(goods);
  if (isStream) await sleep(30);
  if (isShort) return void response.socket?.destroy();
  response.end(goods);
}
