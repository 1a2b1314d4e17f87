// HTTP by hand over a socket: what `fetch` would tidy up goes out as it is written.

import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** Sends the bytes and reads until the server closes. */
export function sendRaw(url: string, bytes: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes, "latin1"));
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text }));
  });
}

/** A request without a body for a target that is sent as it is. */
export const getRaw = (url: string, target: string, host = "api.example.com"): Promise<RawAnswer> =>
  sendRaw(url, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
