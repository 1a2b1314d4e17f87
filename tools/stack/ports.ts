// Which port a part of the local stack listens on.

import { createServer } from "node:net";

/**
 * Starts a part on its preferred port or, where that does not go, on one that the system chooses. It tries instead of
 * asking first whether the port is free: two stacks that start together would get the same answer.
 */
export async function preferPort<Part>(preferred: number, start: (port: number) => Promise<Part>): Promise<Part> {
  try {
    return await start(preferred);
  } catch {
    return start(0);
  }
}

/** A port that was asked for is that port or an error. */
export async function requirePort(port: number): Promise<void> {
  if (port === 0 || (await isFree(port))) return;
  throw new Error(`Port ${port} is taken. Stop what listens there, or leave --port out and any free port is used.`);
}

/** One that is free now, for what has to know its port before it listens; 0 asks for any. */
export async function choosePort(preferred: number): Promise<number> {
  return (await probe(preferred)) ?? (await probe(0)) ?? 0;
}

const isFree = async (port: number): Promise<boolean> => (await probe(port)) !== null;

/** The port that was listened on for a moment; null where that does not go. */
function probe(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? null) : null));
    });
  });
}
