import { describe, expect, test } from "vitest";
import { ResponseReader } from "../../../bench/response-reader.ts";

const whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello";
const chunked =
  "HTTP/1.1 402 Payment Required\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n";
const empty = "HTTP/1.1 204 No Content\r\n\r\n";
const last = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

const answers = [
  ["a body of a declared length", whole, { status: 200, bodyBytes: 5, isLast: false }],
  ["a body in chunks", chunked, { status: 402, bodyBytes: 15, isLast: false }],
  ["no body", empty, { status: 204, bodyBytes: 0, isLast: false }],
  ["the last of its connection", last, { status: 500, bodyBytes: 0, isLast: true }],
] as const;

/** Cuts a text into pieces of this length. */
const cut = (text: string, length: number): readonly Buffer[] =>
  Array.from({ length: Math.ceil(text.length / length) }, (_, i) =>
    Buffer.from(text.slice(i * length, (i + 1) * length), "latin1"),
  );

describe.each(answers)("an answer with %s", (_, text, expected) => {
  test.each([1, 2, 3, 7, 1000])("is read from pieces of %i bytes, twice on one connection", (length) => {
    const reader = new ResponseReader();
    for (let time = 0; time < 2; time += 1) {
      const read = cut(text, length).map((piece) => reader.push(piece));
      expect(read.pop()).toEqual(expected);
      expect(read.every((one) => one === null)).toBe(true);
    }
  });
});

test.each([
  ["of a declared length", whole],
  ["in chunks", chunked],
])("the first bytes of a body %s are handed over once", (_, text) => {
  const bodies: string[] = [];
  const reader = new ResponseReader((bytes) => bodies.push(bytes.toString()));
  for (const piece of cut(text, 1000)) reader.push(piece);
  expect(bodies).toEqual(["hello"]);
});

test("a body that only its connection ends is never whole", () => {
  expect(new ResponseReader().push(Buffer.from("HTTP/1.1 200 OK\r\n\r\nhello"))).toBeNull();
});
