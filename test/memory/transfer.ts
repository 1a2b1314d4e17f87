// One body on its way, seen from both of its ends: they run in this process, so each knows how far the other is. The
// last chunk waits until the first one has arrived, so that nothing between them can ask for the whole.

import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

export interface Transfer {
  readonly bytes: number;
  /** The reader takes the first chunk and then nothing, until the writer cannot go on. */
  readonly stops: boolean;
  readonly firstArrived: PromiseWithResolvers<boolean>;
  sentBytes: number;
  receivedBytes: number;
  /** How much was written when the writer stood still; null where the reader did not stop. */
  heldBytes: number | null;
}

const chunk = Buffer.alloc(65_536, "x");
const FIRST_BYTE_MS_MAX = 20_000;
const STANDSTILL_MS = 700;

export const newTransfer = (bytes: number, stops: boolean): Transfer => ({
  ...{ bytes, stops, sentBytes: 0, receivedBytes: 0, heldBytes: null },
  firstArrived: Promise.withResolvers(),
});

/** Ends what it writes to. */
export const send = (transfer: Transfer, to: Writable): Promise<void> =>
  pipeline(Readable.from(chunksOf(transfer), { highWaterMark: 1 }), to);

async function* chunksOf(transfer: Transfer): AsyncGenerator<Buffer> {
  for (let left = transfer.bytes; left > 0; left -= chunk.byteLength) {
    if (left <= chunk.byteLength) await firstByte(transfer);
    const bytes = chunk.subarray(0, left);
    transfer.sentBytes += bytes.byteLength;
    yield bytes;
  }
}

async function firstByte({ firstArrived }: Transfer): Promise<void> {
  const isHere = await Promise.race([firstArrived.promise, sleep(FIRST_BYTE_MS_MAX, false, { ref: false })]);
  if (!isHere) throw new Error("the first byte did not arrive before the last was written");
}

export async function receive(transfer: Transfer, from: Readable): Promise<void> {
  for await (const bytes of from) {
    const isFirst = transfer.receivedBytes === 0;
    transfer.receivedBytes += (bytes as Buffer).byteLength;
    transfer.firstArrived.resolve(true);
    if (isFirst && transfer.stops) transfer.heldBytes = await standstill(transfer);
  }
}

/** How much was written when nothing more was for a while. */
async function standstill(transfer: Transfer): Promise<number> {
  for (let before = -1; before !== transfer.sentBytes; ) {
    before = transfer.sentBytes;
    await sleep(STANDSTILL_MS);
  }
  return transfer.sentBytes;
}
