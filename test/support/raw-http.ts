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

/** An answer taken apart: what HTTP gives no meaning to (case of names, lines of one list, framing) is made one. */
export interface ReadAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  /** Latin-1. */
  readonly body: string;
}

const FRAMING = new Set(["transfer-encoding", "connection"]);

/** The last answer of a connection; interim ones before it are left out. */
export function readAnswer(text: string): ReadAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const rest = text.slice(end + 4);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
  if (status > 101 && status < 200) return readAnswer(rest);
  const headers = Map.groupBy(lines.map(splitLine), ([name]) => name);
  const coded = headers.has("transfer-encoding");
  return {
    status,
    headers: Object.fromEntries(
      [...headers]
        .filter(([name]) => !FRAMING.has(name))
        .map(([name, same]) => [name, same.map(([, value]) => value).join(name === "set-cookie" ? "\n" : ", ")]),
    ),
    body: coded ? dechunk(rest) : rest,
  };
}

function splitLine(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function dechunk(coded: string): string {
  let body = "";
  for (let at = 0; ; ) {
    const lineEnd = coded.indexOf("\r\n", at);
    const size = Number.parseInt(coded.slice(at, lineEnd), 16);
    if (!(size > 0)) return body;
    body += coded.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}
