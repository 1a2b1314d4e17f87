// A request for a stream that is made to ask for its use.

import { describe, expect, test } from "vitest";
import { askForUsage } from "../../../src/metering/request.ts";

const asked = (text: string): string => new TextDecoder().decode(askForUsage(new TextEncoder().encode(text)));

describe("a request for a stream", () => {
  test.each([
    ['{"stream":true}', '{"stream":true,"stream_options":{"include_usage":true}}'],
    [
      '{ "stream": true, "seed": 12345678901234567890, "x": "}" }\n',
      '{ "stream": true, "seed": 12345678901234567890, "x": "}" ,"stream_options":{"include_usage":true}}',
    ],
    ['{"stream":true,"stream_options":null}', '{"stream":true,"stream_options":{"include_usage":true}}'],
    [
      '{"stream":true,"stream_options":{"include_usage":false,"a":1}}',
      '{"stream":true,"stream_options":{"include_usage":true,"a":1}}',
    ],
  ])("%s asks for its use", (text, expected) => {
    expect(asked(text)).toBe(expected);
    expect(JSON.parse(asked(text))).toMatchObject({ stream_options: { include_usage: true } });
  });

  test.each([
    '{"stream":true,"stream_options":{"include_usage":true}}',
    '{"stream":false}',
    '{"stream":"true"}',
    "{}",
    "[true]",
    "{",
    "",
    "\u0000",
  ])("%j stays as it is", (text) => {
    const body = new TextEncoder().encode(text);
    expect(askForUsage(body)).toBe(body);
  });
});
