// The platform's globals, as the simulated world has them: timers on its clock, `fetch` into its network, digests that
// are ready at once. They stand only while a world runs, which it does without a pause.

import { createHash } from "node:crypto";
import { actor } from "./process.ts";
import type { World } from "./world.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

type Off = () => void;

/** Puts the world's globals in place. @returns how to have the old ones back */
export function enter(world: World, fetcher: Fetch): () => void {
  const restores = [
    replace(globalThis, "setTimeout", (run: () => void, ms = 0): Off => world.after(ms, actor(), "goes on", run)),
    replace(globalThis, "clearTimeout", (off?: Off) => off?.()),
    replace(globalThis, "fetch", fetcher),
    replace(globalThis, "IdentityTransformStream", TransformStream),
    replace(globalThis, "FixedLengthStream", FixedLength),
    replace(AbortSignal, "timeout", (ms: number) => timeoutOf(world, ms)),
    replace(console, "error", (line: string) => world.say("log", line)),
    replace(Math, "random", () => world.random.next()),
    replace(crypto.subtle, "digest", async (_: string, bytes: Uint8Array) => {
      const digest = createHash("sha256").update(bytes).digest();
      return digest.buffer.slice(digest.byteOffset, digest.byteOffset + digest.byteLength);
    }),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}

function replace(target: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => {
    if (before) Object.defineProperty(target, name, before);
    else Reflect.deleteProperty(target, name);
  };
}

const TOO_LATE = new DOMException("The operation timed out", "TimeoutError");

function timeoutOf(world: World, ms: number): AbortSignal {
  const controller = new AbortController();
  world.after(ms, actor(), "has waited long enough", () => controller.abort(TOO_LATE));
  return controller.signal;
}

/** Breaks where the body is not as long as it was said to be. */
class FixedLength extends TransformStream<Uint8Array, Uint8Array> {
  constructor(length: number) {
    let left = length;
    super({
      transform(chunk, controller) {
        left -= chunk.byteLength;
        if (left < 0) throw new TypeError("the body is longer than it was said to be");
        controller.enqueue(chunk);
      },
      flush() {
        if (left > 0) throw new TypeError("the body is shorter than it was said to be");
      },
    });
  }
}
