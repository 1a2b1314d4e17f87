// What the Worker logs of its requests, kept for the tests of its isolate instead of printed. No line of any of them
// may hold what is nobody's to read.

import { afterAll, expect } from "vitest";

interface RequestLine {
  readonly [key: string]: unknown;
  readonly event: "request";
  readonly requestId: string;
}

/** As they were written, one for each request. */
export const lines: string[] = [];

const print = console.log;
console.log = (...args: unknown[]): void => {
  const [line] = args;
  if (typeof line === "string" && line.startsWith('{"event":"request"')) lines.push(line);
  else print(...args);
};

export const parsedLines = (): readonly RequestLine[] => lines.map((line) => JSON.parse(line));

/** The one line about a request that was refused, by what its client was told. */
export async function lineOf(response: Response): Promise<RequestLine> {
  const { requestId } = (await response.clone().json()) as { readonly requestId: string };
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  return only(parsedLines().filter((line) => line.requestId === requestId));
}

/** The one line about a path, of a test that has it for itself. */
export const lineOfPath = (path: string): RequestLine => only(parsedLines().filter((line) => line["path"] === path));

function only(found: readonly RequestLine[]): RequestLine {
  expect(found).toHaveLength(1);
  return found[0] as RequestLine;
}

/** Signatures, the secrets of `vitest.config.ts`, queries and the words of bodies that tests send and get. */
const SECRETS = [/[0-9a-f]{128}/i, /secret/i, /[?&]/, /goods/, /"authorization"|"signature"/i];

afterAll(() => {
  for (const secret of SECRETS) expect(lines.filter((line) => secret.test(line))).toEqual([]);
});
