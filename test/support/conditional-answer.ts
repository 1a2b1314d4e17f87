// A resource of 26 letters that knows ranges and conditions, as servers of files do (RFC 9110 sections 13 and 14).

import type { IncomingMessage, ServerResponse } from "node:http";

export const LETTERS = "abcdefghijklmnopqrstuvwxyz";
export const ETAG = '"letters"';
export const LAST_MODIFIED = "Wed, 25 Nov 2026 00:00:00 GMT";

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export function answerConditionally(request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = answerOf(request);
  response.writeHead(status, { ...headers, ...(status !== 304 && { "content-length": body.length }) }).end(body);
}

function answerOf({ headers, method }: IncomingMessage): Answer {
  const { range, "if-range": ifRange = ETAG } = headers;
  const status = precondition(headers);
  const known = { etag: ETAG, "last-modified": LAST_MODIFIED, "accept-ranges": "bytes" };
  if (status !== null) return { status, headers: known, body: "" };
  if (range === undefined || ifRange !== ETAG || method !== "GET")
    return { status: 200, headers: known, body: LETTERS };
  const [first, ...others] = partsOf(range);
  if (first === undefined) return { status: 416, headers: { "content-range": `bytes */${LETTERS.length}` }, body: "" };
  if (others.length === 0) {
    return { status: 206, headers: { ...known, "content-range": rangeText(first) }, body: lettersOf(first) };
  }
  const parts = [first, ...others].map(
    (part) => `--part\r\nContent-Range: ${rangeText(part)}\r\n\r\n${lettersOf(part)}\r\n`,
  );
  const multipart = { ...known, "content-type": "multipart/byteranges; boundary=part" };
  return { status: 206, headers: multipart, body: `${parts.join("")}--part--\r\n` };
}

type Part = readonly [first: number, last: number];

/** Null where they hold. */
function precondition(headers: IncomingMessage["headers"]): number | null {
  const isOther = (tag: string | undefined): boolean => tag !== undefined && tag !== ETAG && tag !== "*";
  if (isOther(headers["if-match"])) return 412;
  if (headers["if-unmodified-since"] !== undefined && headers["if-unmodified-since"] !== LAST_MODIFIED) return 412;
  const { "if-none-match": noneMatch, "if-modified-since": modifiedSince } = headers;
  if (noneMatch !== undefined) return isOther(noneMatch) ? null : 304;
  return modifiedSince === LAST_MODIFIED ? 304 : null;
}

/** Those that can be had. */
const partsOf = (range: string): readonly Part[] =>
  [...range.matchAll(/(\d+)-(\d+)/g)]
    .map(([, first, last]): Part => [Number(first), Math.min(Number(last), LETTERS.length - 1)])
    .filter(([first, last]) => first <= last);

const lettersOf = ([first, last]: Part): string => LETTERS.slice(first, last + 1);

const rangeText = ([first, last]: Part): string => `bytes ${first}-${last}/${LETTERS.length}`;
