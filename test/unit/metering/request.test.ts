// A request for a stream that is made to ask for its use.

import { describe, expect, test } from "vitest";
import { askForUsage } from "../../../src/metering/request.ts";

const JSON_TYPE = { "content-type": "application/json" };
const ask = (body: Uint8Array, headers: Record<string, string> = JSON_TYPE) => askForUsage(body, new Headers(headers));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const asked = (text: string): string => new TextDecoder().decode(ask(bytes(text)) ?? expect.fail(text));

describe("a request for a stream", () => {
  test.each([
    ['{"stream":true}', '{"stream_options":{"include_usage":true},"stream":true}'],
    [
      '{ "stream": true, "seed": 12345678901234567890, "x": "}" }\n',
      '{"stream_options":{"include_usage":true}, "stream": true, "seed": 12345678901234567890, "x": "}" }\n',
    ],
    ['{"stream":true,"stream_options":null}', '{"stream":true,"stream_options":{"include_usage":true}}'],
    ['{"stream":true,"stream_options":[1, 2] }', '{"stream":true,"stream_options":{"include_usage":true} }'],
    ['{"stream":true,"stream_options": { }}', '{"stream":true,"stream_options": {"include_usage":true }}'],
    [
      '{"stream":true,"stream_options":{"a":9007199254740993},"seed":9007199254740993}',
      '{"stream":true,"stream_options":{"include_usage":true,"a":9007199254740993},"seed":9007199254740993}',
    ],
    [
      ' {"stream":true,"stream_options": {"include_usage" : false , "a":1e400}, "seed":9007199254740993}\n',
      ' {"stream":true,"stream_options": {"include_usage" : true , "a":1e400}, "seed":9007199254740993}\n',
    ],
    [
      '{"stream":true,"\\u0073tream_options":{"include_usage":"no"},"x":1.10}',
      '{"stream":true,"\\u0073tream_options":{"include_usage":true},"x":1.10}',
    ],
  ])("%s asks for its use", (text, expected) => {
    expect(asked(text)).toBe(expected);
    expect(JSON.parse(asked(text))).toMatchObject({ stream_options: { include_usage: true } });
  });

  test.each([
    '{"stream":true,"stream_options":{"include_usage":true}}',
    '{"stream":false}',
    '{"stream":null}',
    '{"stream":false,"stream_options":null}',
    "{}",
  ])("%j stays as it is", (text) => {
    const body = bytes(text);
    expect(ask(body)).toBe(body);
  });

  test.each([
    '{"stream":"true"}',
    '{"stream":1}',
    '{"Stream":true}',
    '{"stream":false,"stream":true}',
    '{"stream":true,"stream_options":{"include_usage":true,"Include_Usage":false}}',
    '{"stream":true,"Stream_Options":{"include_usage":false}}',
    '{"stream":true,"x":NaN}',
    `{"stream":true,"x":${"[".repeat(65)}${"]".repeat(65)}}`,
    '\ufeff{"stream":true}',
    "[true]",
    "{",
    "",
    "\u0000",
  ])("%j is one that another parser may read in another way", (text) => {
    expect(ask(bytes(text))).toBeNull();
  });

  test.each([
    [{ ...JSON_TYPE, "content-encoding": "gzip" }],
    [{ "content-type": "application/json; charset=utf-16" }],
    [{}],
  ])("is not read where its head says what it is not: %j", (headers) => {
    expect(ask(bytes('{"stream":true}'), headers)).toBeNull();
    expect(ask(new Uint8Array([0x7b, 0xff, 0x7d]))).toBeNull();
  });
});
