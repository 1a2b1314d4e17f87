// One request over a socket of its own, and what became of it as far as the sender can see.

import { connect } from "node:net";

/** `refused` is also what gets no answer. */
export type Verdict = "refused" | "priced" | "passed";

export interface Exchanged {
  readonly verdict: Verdict;
  /** The head of the answer. */
  readonly head: string;
}

/** A server that waits for more of a body than there is would wait for ever. */
const QUIET_MS_MAX = 400;
const HEAD_BYTES_MAX = 16_384;

/** @param raw Latin-1 */
export function exchange(url: string, raw: string): Promise<Exchanged> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(raw, "latin1"));
    let text = "";
    socket.setEncoding("latin1");
    socket.setTimeout(QUIET_MS_MAX * (raw.includes("\r\n\r\n") ? 1 : 2), () => socket.destroy());
    socket.on("data", (chunk) => {
      if (text.length < HEAD_BYTES_MAX) text += chunk;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve({ verdict: verdictOf(text), head: text.split("\r\n\r\n")[0] ?? "" }));
  });
}

/** What the gate says itself is JSON that nobody may keep; what its runtime says begins with a word of its own. */
function verdictOf(text: string): Verdict {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
  if (status === 402) return "priced";
  const isOfGate = /^content-type: application\/json$/im.test(head) && /^cache-control: no-store$/im.test(head);
  const isOfRuntime = body.startsWith("ERROR: ");
  return status === 0 || isOfGate || isOfRuntime ? "refused" : "passed";
}

/** At most so many at a time. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T, i: number) => Promise<void>,
): Promise<void> {
  const left = items.entries();
  const next = async (): Promise<void> => {
    for (const [i, item] of left) await work(item, i);
  };
  await Promise.all(Array.from({ length: lanes }, next));
}
