// An HTTP server of the local stack: on the loopback interface only, known by its URL, gone when stop() is kept.

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Listener {
  url: string;
  stop(): Promise<void>;
}

/** Listens on this port, or on any free one for 0. */
export function listen(server: Server, port: number): Promise<Listener> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      resolve({ url, stop: () => close(server) });
    });
  });
}

/** Ends open connections too: a client that keeps one alive must not hold up the stop. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
