// KV as one isolate sees it: what is written shows late, what was missed is missed for a while, and any call may fail.

import type { World } from "./world.ts";

interface Written {
  readonly value: string;
  readonly atMs: number;
}

const MISS_MS = 60_000;

export class Kv {
  readonly #written = new Map<string, Written>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Of one isolate. */
  view(): KVNamespace {
    const missedUntilMs = new Map<string, number>();
    const { faults, random } = this.#world;
    const get = async (key: string): Promise<string | null> => {
      const isSlow = faults.strikes("kv read slow");
      await this.#world.pause(random.delayMs(isSlow ? 900 : 15, 5_000), "is told by KV");
      if (faults.strikes("kv read fails")) throw new Error("KV is not well");
      const written = this.#written.get(key);
      const isHidden = this.#world.nowMs < (missedUntilMs.get(key) ?? 0) || faults.strikes("kv stale");
      if (written && !isHidden && written.atMs <= this.#world.nowMs) return written.value;
      missedUntilMs.set(key, this.#world.nowMs + MISS_MS);
      return null;
    };
    const put = async (key: string, value: string): Promise<void> => {
      await this.#world.pause(random.delayMs(40, 2_000), "has written to KV");
      if (faults.strikes("kv write fails")) throw new Error("KV is not well");
      this.#written.set(key, { value, atMs: this.#world.nowMs + random.delayMs(500, 60_000) });
    };
    return { get, put } as unknown as KVNamespace;
  }
}
