// The load's own process: see load.ts.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answerParent } from "./child.ts";
import { nowMs } from "./clock.ts";
import type { Answered, Load } from "./load.ts";
import { type ReadResponse, ResponseReader } from "./response-reader.ts";

const PIECE = Buffer.alloc(64 * 1024, "x");

/** A connection that carries one request at a time. */
class Lane {
  readonly #socket: Socket;
  #ended = Promise.withResolvers<ReadResponse | null>();
  /** Between the upstream's first event and its arrival here. */
  eventMs = Number.NaN;

  constructor(port: number, isStream: boolean) {
    const note = (bytes: Buffer): void => {
      this.eventMs = nowMs() - Number(/^data: ([\d.]+)/.exec(bytes.toString("latin1", 0, 64))?.[1]);
    };
    const reader = new ResponseReader(isStream ? note : undefined);
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (bytes: Buffer) => {
      const response = reader.push(bytes);
      if (response) this.#ended.resolve(response);
    });
    this.#socket.on("error", () => this.#ended.resolve(null));
    this.#socket.on("close", () => this.#ended.resolve(null));
  }

  /** Null where the connection broke. */
  async send(request: Buffer, bodyBytes: number): Promise<ReadResponse | null> {
    this.#ended = Promise.withResolvers();
    this.#socket.write(request);
    for (let left = bodyBytes; left > 0; left -= PIECE.length) {
      const hasRoom = this.#socket.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE);
      if (!hasRoom) await Promise.race([once(this.#socket, "drain"), this.#ended.promise]);
      if (this.#socket.destroyed) break;
    }
    return this.#ended.promise;
  }

  close(): void {
    this.#socket.destroy();
  }
}

answerParent<Load, Answered>(async (load) => {
  const { port, connections, durationMs, isOnce, bodyBytes = 0, isStream = false, beginWithinMs = 0 } = load;
  const requests = load.requests.map((request) => Buffer.from(request, "latin1"));
  const latencies: number[] = [];
  const statuses: { [status: number]: number } = {};
  let [next, broken, bytes] = [0, 0, 0];
  const take = (): Buffer | undefined => requests[isOnce ? next++ : next++ % requests.length];
  const cpu = process.cpuUsage();
  const startMs = nowMs();
  const work = async (place: number): Promise<void> => {
    if (beginWithinMs > 0) await sleep((beginWithinMs * place) / connections);
    let lane = new Lane(port, isStream);
    while (nowMs() - startMs < durationMs) {
      const request = take();
      if (!request) break;
      const sentMs = nowMs();
      const response = await lane.send(request, bodyBytes);
      if (response) {
        latencies.push(isStream ? lane.eventMs : nowMs() - sentMs);
        statuses[response.status] = (statuses[response.status] ?? 0) + 1;
        bytes += response.bodyBytes;
      } else broken += 1;
      if (response && !response.isLast) continue;
      lane.close();
      lane = new Lane(port, isStream);
    }
    lane.close();
  };
  await Promise.all(Array.from({ length: connections }, (_, place) => work(place)));
  const { user, system } = process.cpuUsage(cpu);
  return {
    durationMs: nowMs() - startMs,
    latenciesMs: Float64Array.from(latencies),
    statuses,
    bodyBytes: bytes,
    broken,
    clientCpuMs: (user + system) / 1000,
  };
});
